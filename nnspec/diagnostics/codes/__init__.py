"""The table of diagnostics, one module per hundred."""
