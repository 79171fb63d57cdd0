"""Sizes, numbers or symbolic; the output-size formulas; tensor types."""
