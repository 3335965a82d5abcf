"""Sample data: a year of an invented company, told through the lines of the product."""
