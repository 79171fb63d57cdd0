"""Fixes for what `check` finds: edits that were tried before they are shown."""
