"""NN6xx: advice, and what is said of the comments that silence it."""

from nnspec.diagnostics.diagnostic import Code

UNUSED_ALLOWANCE = Code(
    "NN601",
    "unused-allowance",
    "note",
    "an allowance that silences nothing",
    "`# allow: slug` at the end of a line silences the notes and warnings of that name there, on a line of its own in "
    "the whole file. Errors cannot be silenced. One that silences nothing is misspelt or no longer needed.",
    failing="Input(8, 8, 3) -> MaxPool(2) -> FC(10)  # allow: inputs-unread\n",
    mended="Input(7, 7, 3) -> MaxPool(2) -> FC(10)  # allow: inputs-unread\n",
)
