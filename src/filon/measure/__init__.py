"""Figures: lake, named SQL, reports."""
