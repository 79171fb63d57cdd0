"""The typed, structured program, and the elaboration of trees into it."""
