"""What we sell, and what other systems call our stages: products and stage names, with their settings pages."""
