"""Leads as list and board: filters, order, pages, saved filters."""
