"""The pages under /insight."""
