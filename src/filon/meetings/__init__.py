"""Meetings: a page on which people book one, and what becomes of it."""
