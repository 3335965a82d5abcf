"""Notices: what a colleague should hear of without looking for it."""
