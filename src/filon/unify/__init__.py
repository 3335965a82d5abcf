"""Who is who: identifiers and the step of the line that resolves them."""
