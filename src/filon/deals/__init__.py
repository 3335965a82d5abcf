"""Opportunities, pipelines, products."""
