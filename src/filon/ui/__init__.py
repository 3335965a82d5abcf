"""Base page, components, locale."""
