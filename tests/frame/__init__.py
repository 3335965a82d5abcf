"""Fixtures that every slice's tests may use."""
