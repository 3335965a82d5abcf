"""Templates: how they are written, checked, made into mail and shown."""
