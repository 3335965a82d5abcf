"""What the data show that a person should know: read in plain words, followed to its records, marked as settled."""
