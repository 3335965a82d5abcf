"""Filon: B2B lead management."""
