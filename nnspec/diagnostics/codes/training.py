"""NN730-NN749: the `train` section, its data, and training itself."""

from nnspec.diagnostics.diagnostic import Code

_HEAD = "nnspec: 1\nnetwork: "
_DIGITS = _HEAD + "Input(8, 8, 1) -> FC(10)\ntrain:\n  data: {source: sklearn/digits}\n"
_LOSS = "  loss: sparse_categorical_crossentropy\n"
_STATED = _DIGITS.replace("digits}", "digits, features: {shape: [8, 8]}, target: {classes: 10}}")

UNKNOWN_CHOICE = Code(
    "NN730",
    "unknown-choice",
    "error",
    "a loss, metric, optimiser, schedule or source that does not exist",
    "Losses and metrics carry Keras's names in snake case, optimisers Keras's names in lower case. The reference page "
    "of the `train` section lists all of them, with their settings.",
    failing=_DIGITS + "  loss: crossentropy\n",
    mended=_DIGITS + _LOSS,
    surface="yaml",
)
NOT_THERE_YET = Code(
    "NN731",
    "not-there-yet",
    "error",
    "a training setting that the language has and this version has not",
    "The `train` section of the language is wider than what this version can do. What it cannot do is refused, never "
    "ignored; the message says what there is.",
    failing=_HEAD + "Input(8, 8, 1) -> FC(10)\ntrain:\n  data: {source: images, path: pictures}\n" + _LOSS,
    mended=_DIGITS + _LOSS,
    surface="yaml",
)
SETTINGS_CLASH = Code(
    "NN732",
    "settings-clash",
    "error",
    "training settings that do not go together",
    "Gradients are clipped in one way, shares of a split add up to 1, and what watches the validation loss needs a "
    "validation set.",
    failing=_DIGITS.replace("digits}", "digits, split: [0.8, 0.1, 0.2]}") + _LOSS,
    mended=_DIGITS.replace("digits}", "digits, split: [0.8, 0.1, 0.1]}") + _LOSS,
    surface="yaml",
)
FEATURES_DIFFER = Code(
    "NN733",
    "features-differ",
    "error",
    "examples of another shape than the network's Input",
    "An example enters the network as it is, or with one more axis of size 1 at its end where the Input has exactly "
    "that (a channel axis). The shape comes from the data, or from the fact `data.features.shape`.",
    failing=_STATED.replace("Input(8, 8, 1)", "Input(28, 28, 1)") + _LOSS,
    mended=_STATED + _LOSS,
    surface="yaml",
)
TARGETS_DIFFER = Code(
    "NN734",
    "targets-differ",
    "error",
    "an output that does not fit the targets",
    "A classifier of n classes has n outputs (or, for two classes and a binary loss, one), a regression as many as "
    "there are values to predict.",
    failing=_STATED.replace("FC(10)", "FC(9)") + _LOSS,
    mended=_STATED + _LOSS,
    surface="yaml",
)
ENCODING_DIFFERS = Code(
    "NN735",
    "encoding-differs",
    "error",
    "targets in another encoding than the loss reads",
    "`sparse_categorical_crossentropy` reads class numbers (`encoding: int`), `categorical_crossentropy` one-hot "
    "vectors (`encoding: onehot`). Where no encoding is stated, class numbers are encoded as the loss needs them.",
    failing=_DIGITS.replace("digits}", "digits, target: {encoding: int}}") + "  loss: categorical_crossentropy\n",
    mended=_DIGITS.replace("digits}", "digits, target: {encoding: int}}") + _LOSS,
    surface="yaml",
)
ACTIVATION_DIFFERS = Code(
    "NN736",
    "activation-differs",
    "error",
    "an output activation that the loss applies again, or misses",
    "With `from_logits: true` the loss applies the softmax or sigmoid itself, so the network must not; with "
    "`from_logits: false` the network must. Where `from_logits` is not written it follows from the network's last "
    "activation.",
    failing=_DIGITS + "  loss: {name: sparse_categorical_crossentropy, from_logits: false}\n",
    mended=_DIGITS + "  loss: {name: sparse_categorical_crossentropy, from_logits: true}\n",
    surface="yaml",
)
NOT_TRAINABLE = Code(
    "NN737",
    "not-trainable",
    "error",
    "a network or spec that cannot be trained as it stands",
    "Training needs a `train` section, a network without open sizes in its outputs, and weights to learn.",
    surface="none",
)
WRONG_FACT = Code(
    "NN738",
    "wrong-fact",
    "error",
    "a fact about the data that is not true",
    "`data.examples`, `data.features` and `data.target` say what the data are like, and `check` reasons from them. "
    "Where the data are known, or opened by `train`, they are verified.",
    failing=_DIGITS.replace("digits}", "digits, examples: 2000}") + _LOSS,
    mended=_DIGITS.replace("digits}", "digits, examples: 1797}") + _LOSS,
    surface="yaml",
)
UNREADABLE_DATA = Code(
    "NN740",
    "unreadable-data",
    "error",
    "data that cannot be read",
    "The path is relative to the spec's folder. The file must exist, be readable, be no larger than the limit, and be "
    "what the source says: a table of separated values, or a NumPy archive of plain arrays. Archives that hold "
    "pickled objects are refused: loading them could run code.",
    surface="none",
)
UNKNOWN_COLUMN = Code(
    "NN741",
    "unknown-column",
    "error",
    "a column or array that the data do not have",
    "Columns are named as in the first line of the table, or counted from 0; arrays carry the names that they were "
    "saved under.",
    surface="none",
)
BAD_DATA = Code(
    "NN742",
    "bad-data",
    "error",
    "a value in the data that cannot be trained on",
    "Features must be finite numbers: no text, no gaps, no NaN and no infinity. Rows are counted from 1, without the "
    "header.",
    surface="none",
)
TOO_FEW_EXAMPLES = Code(
    "NN743",
    "too-few-examples",
    "error",
    "too few examples for the split",
    "Every part of a split needs at least one example, and a stratified one at least one of each class.",
    surface="none",
)
MISSING_PACKAGE = Code(
    "NN744",
    "missing-package",
    "error",
    "a package that this needs and that is not installed",
    'Training needs Keras with a backend, NumPy and, for its data, scikit-learn or pandas: `pip install "nnspec'
    '[tensorflow]"` brings them.',
    surface="none",
)
DIVERGED = Code(
    "NN745",
    "diverged",
    "error",
    "a loss that became infinite or not a number",
    "The steps were too large for the loss, or a value left the range of its function. A smaller learning rate, "
    "clipped gradients, normalised features or a better initialisation help.",
    surface="none",
)
BAD_RUN = Code(
    "NN746",
    "bad-run",
    "error",
    "a run folder that cannot be used",
    "A run writes into a folder of its own, below `runs` unless another is named. `--resume` continues a run of the "
    "same network that kept its state.",
    surface="none",
)
