"""Qualification: whom to contact now, and what follows from each call."""
