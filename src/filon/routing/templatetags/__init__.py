"""Template filters of routing."""
