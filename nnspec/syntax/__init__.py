"""Text to the one syntax tree, from both surfaces, and back."""
