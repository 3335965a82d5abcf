"""How leads come in: imports, API, forms, campaigns and costs."""
