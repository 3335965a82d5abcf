"""The first page of each role, made of what the slices offer."""
