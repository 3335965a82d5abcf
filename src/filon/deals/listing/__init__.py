"""Opportunities as board and list: filters, order, pages, totals."""
