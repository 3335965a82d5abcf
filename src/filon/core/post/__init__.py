"""Letters: what the product itself writes to one person, handed over at most once."""
