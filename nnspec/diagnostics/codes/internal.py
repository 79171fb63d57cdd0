"""NN9xx: our own bugs."""

from nnspec.diagnostics.diagnostic import Code

INTERNAL = Code(
    "NN901", "internal", "error", "a fault of nnspec itself",
    "Something happened that nnspec did not foresee. The spec may be right or wrong: nothing is said about it. Please "
    "file an issue with the spec, the command and the line that names the place; `NNSPEC_TRACEBACK=1` in the "
    "environment shows the whole traceback.",
    surface="none",
)  # fmt: skip
