"""Hosted forms: made here, filled in by visitors, embedded in pages of other origins."""
