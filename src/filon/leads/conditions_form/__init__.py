"""The form in which people edit a condition, row by row or as text: one for list filters, segments and rules."""
