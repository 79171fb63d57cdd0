"""Operators of the language that are not built yet, so that a spec that uses one is told so.

A name leaves this list when its class comes.
"""

PLANNED: frozenset[str] = frozenset()
