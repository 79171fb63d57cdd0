"""NN700-NN729: back ends, where a program that holds meets what Keras can do."""

from nnspec.diagnostics.diagnostic import Code

SYMBOLIC_WEIGHT = Code(
    "NN701", "symbolic-weight", "error", "a layer that cannot be built before a size is known",
    "A weight whose shape depends on a symbolic size can be counted, not made: a framework needs its numbers. Fix the "
    "size on the command line, such as `--input 224,224,3`, or write it in the `Input`. Sizes that no weight depends "
    "on may stay open.",
    surface="none",
)  # fmt: skip
REFUSED_BY_KERAS = Code(
    "NN702", "refused-by-keras", "error", "a layer that the installed Keras refuses",
    "The installed version of Keras, or the framework below it, refused a layer that our own rules allow. Its own "
    "words follow. Another version or another framework (`KERAS_BACKEND=jax`) may accept it; please report it.",
    surface="none",
)  # fmt: skip
NO_FRAMEWORK = Code(
    "NN703", "no-framework", "error", "Keras, or the framework below it, is not installed",
    "`check` and `summary` need no framework; `build` and `train` need Keras and one of TensorFlow, JAX and PyTorch. "
    'Install one of them with nnspec: `pip install "nnspec[tensorflow]"`, `"nnspec[jax]"` or `"nnspec[torch]"`.',
    surface="none",
)  # fmt: skip
TOO_LARGE_FOR_MEMORY = Code(
    "NN704", "too-large-for-memory", "error", "weights that do not fit into this machine",
    "The weights alone, four bytes each, take more than all of the machine's memory. `check` and `summary` count them "
    "exactly all the same, whatever their size.",
    surface="none",
)  # fmt: skip
