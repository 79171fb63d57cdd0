"""Holes: the numbers that the compiler finds for `?`, each tried by elaborating the spec with it."""
