"""Judging leads by a version: conditions, acts, points, and the reasons of a score at any date."""
