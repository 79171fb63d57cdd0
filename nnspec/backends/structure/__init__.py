"""Source that keeps the structure of the spec: blocks as functions, repeats as loops, expressions as written."""
