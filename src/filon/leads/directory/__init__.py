"""People and companies: lists, and each with everything known around it."""
