"""NN75x: sound operators that Keras cannot carry out; `check` does not say so, `build` does."""

from nnspec.diagnostics.diagnostic import Code

NOT_IN_KERAS = Code(
    "NN750",
    "not-in-keras",
    "error",
    "a sound operator that Keras cannot carry out",
    "`check` accepts what the arithmetic of the network allows. Keras lacks a few of those operators, or needs the "
    "sizes of the input for them; `build` then says which, and what to write instead.",
    surface="none",
)
