"""The form that edits a condition: lines of field, comparison and values, in place of the language's text."""
