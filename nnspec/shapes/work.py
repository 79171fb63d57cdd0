"""How much is computed with symbolic sizes: the terms gone through, of which the compiler allows so many."""


class Work:
    """A count since the start of the program; whoever limits it remembers where it began."""

    terms = 0
