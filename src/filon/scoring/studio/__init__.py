"""The studio: where people read, change, simulate and publish the rules."""
