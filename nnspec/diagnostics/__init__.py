"""Diagnostics as data, the table of their codes, and one renderer a format."""
