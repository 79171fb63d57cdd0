"""NN3xx: shapes."""

from nnspec.diagnostics.diagnostic import Code

WINDOW_TOO_LARGE = Code(
    "NN301",
    "window-too-large",
    "error",
    "a window larger than its padded input",
    "A window of size F with dilation D spans F' = (F - 1) · D + 1 positions. An axis of W positions with padding P "
    "holds floor((W - F' + P) / S) + 1 of them, which must be at least one.",
    failing="Input(8, 8, 3) -> Conv(16, 9) -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(16, 9, padding=same) -> FC(10)\n",
)
WRONG_AXES = Code(
    "NN302",
    "wrong-axes",
    "error",
    "more or fewer numbers than spatial axes",
    "A kernel, stride, dilation or padding has one number for all spatial axes, or one for each.",
    failing="Input(8, 8, 3) -> Conv(16, (3, 3, 3))\n",
    mended="Input(8, 8, 3) -> Conv(16, (3, 3))\n",
)
WRONG_RANK = Code(
    "NN303",
    "wrong-rank",
    "error",
    "a tensor with too few or too many axes",
    "An operator decides by the rank of the tensor that arrives; a convolution needs spatial axes and channels.",
    failing="Input(64) -> Conv(8, 3)\n",
    mended="Input(64, 1) -> Conv(8, 3)\n",
)
WRONG_INPUT_COUNT = Code(
    "NN304",
    "wrong-input-count",
    "error",
    "more or fewer tensors than the operator takes",
    "Operators of one input refuse a tuple; merges need one.",
    failing="Input(8) -> { FC(4) | FC(4) } -> ReLU\n",
    mended="Input(8) -> Concat{ FC(4) | FC(4) } -> ReLU\n",
)
SHAPES_DIFFER = Code(
    "NN305",
    "shapes-differ",
    "error",
    "a merge of different shapes",
    "Merges need equal shapes, `Concat` equal but for its axis. `Multiply` alone accepts a gate: sizes of 1, or a "
    "vector of as many channels; a `Weight` may be smaller than what it meets. What Keras would broadcast silently "
    "beyond that is an error: bring the shapes together with `Conv(n, 1)`, `padding=same`, `stride` or `Crop`.",
    failing="Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | _ }\n",
    mended="Input(8, 8, 3) -> Add{ Conv(4, 3, padding=same) | Conv(4, 1) }\n",
)
GROUPS_DO_NOT_DIVIDE = Code(
    "NN310",
    "groups-do-not-divide",
    "error",
    "groups that do not divide the channels",
    "A grouped convolution splits the channels that arrive, and its filters, into as many equal groups, a group "
    "normalisation the channels; the numbers must be multiples of `groups`.",
    failing="Input(8, 8, 6) -> Conv(8, 3, groups=4)\n",
    mended="Input(8, 8, 6) -> Conv(8, 3, groups=2)\n",
)
NOT_REAL = Code(
    "NN311",
    "not-real-numbers",
    "error",
    "whole numbers where real numbers are needed",
    "Convolutions, pooling, activations and noise compute with real numbers. Look whole numbers up with `Embedding`, "
    "or declare the input as float32.",
    failing="Input(8, 8, 3, dtype=int32) -> Conv(4, 3)\n",
    mended="Input(8, 8, 3) -> Conv(4, 3)\n",
)
PADDING_TOO_LARGE = Code(
    "NN312",
    "padding-too-large",
    "error",
    "padding that a whole window fits in",
    "A pooling window that lies in the padding has no value to take: the padding on a side must be smaller than the "
    "window.",
    failing="Input(8, 8, 3) -> MaxPool(2, padding=2)\n",
    mended="Input(8, 8, 3) -> MaxPool(2, padding=1)\n",
)
OUTPUT_PADDING = Code(
    "NN313",
    "output-padding",
    "error",
    "an output padding that no convolution undoes",
    "The output padding of a transposed convolution chooses among the sizes that its convolution would map to the "
    "size that arrives, so it is smaller than the stride.",
    failing="Input(8, 8, 3) -> ConvTranspose(4, 3, stride=2, output_padding=2)\n",
    mended="Input(8, 8, 3) -> ConvTranspose(4, 3, stride=2, output_padding=1)\n",
)
NOTHING_LEFT = Code(
    "NN314",
    "nothing-left",
    "error",
    "an output without elements",
    "Cropping, slicing and padding of a transposed convolution must leave at least one position of every axis.",
    failing="Input(8, 8, 3) -> Crop(4)\n",
    mended="Input(8, 8, 3) -> Crop(3)\n",
)
ELEMENTS_DIFFER = Code(
    "NN315",
    "elements-differ",
    "error",
    "a reshape to another number of elements",
    "A reshape keeps the number of elements. One size may be -1: what the others leave.",
    failing="Input(8, 8, 3) -> Reshape(64, 4)\n",
    mended="Input(8, 8, 3) -> Reshape(64, 3)\n",
)
NO_SUCH_AXIS = Code(
    "NN316",
    "no-such-axis",
    "error",
    "an axis that the tensor does not have",
    "Axes do not count the batch: 0 is the first axis of a sample, -1 the last.",
    failing="Input(8, 3) -> Take(0, axis=2)\n",
    mended="Input(8, 3) -> Take(0, axis=1)\n",
)
OUT_OF_RANGE = Code(
    "NN317",
    "out-of-range",
    "error",
    "an index past the end of an axis",
    "An axis of size n has the indexes 0 to n - 1, and -1 to -n from its end; a slice ends at n at most.",
    failing="Input(8, 3) -> Take(8)\n",
    mended="Input(8, 3) -> Take(7)\n",
)
DOES_NOT_DIVIDE = Code(
    "NN318",
    "does-not-divide",
    "error",
    "an axis that cannot be cut into equal parts",
    "`Split(n)` cuts an axis into n equal parts; `PixelShuffle(n)` spreads n · n channels over a square of n by n; "
    "`MultiHeadAttention(n)` shares the channels out among n heads.",
    failing="Input(8, 3) -> Split(2) -> Add\n",
    mended="Input(8, 4) -> Split(2) -> Add\n",
)
NOT_A_PERMUTATION = Code(
    "NN319",
    "not-a-permutation",
    "error",
    "axes that are not a new order of those there are",
    "`Permute` names every axis once, 0 being the first axis of a sample.",
    failing="Input(8, 8, 3) -> Permute(1, 1, 2)\n",
    mended="Input(8, 8, 3) -> Permute(1, 0, 2)\n",
)
CROP_TOO_LARGE = Code(
    "NN320",
    "crop-to-larger",
    "error",
    "a crop to a size that is larger",
    "`Crop(like=x)` cuts every axis but the last down to the size that x has there, `RandomCrop` and `CenterCrop` cut "
    "out as many rows and columns as they are told.",
    failing="x = Input(8, 8, 3)\nx -> Conv(4, 3) -> Crop(like=x)\n",
    mended="x = Input(8, 8, 3)\nx -> Conv(4, 3, padding=same) -> Crop(like=x)\n",
)
TOO_FEW_VALUES = Code(
    "NN321",
    "too-few-values",
    "error",
    "more values wanted than an axis has",
    "k-max pooling keeps the k largest values along the length, which must have at least as many.",
    failing="Input(4, 8) -> KMaxPool(5)\n",
    mended="Input(4, 8) -> KMaxPool(4)\n",
)
NOT_WHOLE = Code(
    "NN322",
    "not-whole-numbers",
    "error",
    "real numbers where whole numbers are needed",
    "An embedding looks up rows by their numbers: declare the input as `dtype=int32`.",
    failing="Input(16) -> Embedding(100, 8)\n",
    mended="Input(16, dtype=int32) -> Embedding(100, 8)\n",
)
ATTENTION_DIFFERS = Code(
    "NN323",
    "attention-differs",
    "error",
    "queries, keys, values or a mask that do not fit together",
    "Each key has one value, so keys and values are equally many. Queries are compared with keys of as many channels; "
    "`MultiHeadAttention` projects both first, so there they may differ. A mask has an entry for each key, or for each "
    "query and key. Along axes that are not attended all are equal.",
    failing="a = Input(5, 8)\nb = Input(7, 6)\nAttention{ a | b }\n",
    mended="a = Input(5, 8)\nb = Input(7, 6)\nAttention{ a | b -> Dense(8) }\n",
)
INPUTS_UNREAD = Code(
    "NN329",
    "inputs-unread",
    "note",
    "a stride that leaves inputs unread",
    "With window F' and padding P, an axis of W positions is read to its end only if the stride divides W - F' + P; "
    "the positions that remain have no influence on the output.",
    failing="Input(7, 7, 3) -> MaxPool(2) -> FC(10)\n",
    mended="Input(8, 8, 3) -> MaxPool(2) -> FC(10)\n",
)
AXIS_REPEATED = Code(
    "NN330",
    "axis-repeated",
    "error",
    "an axis named twice",
    "A list of axes names each once; -1 and the number of the last axis are the same axis.",
    failing="Input(8, 3) -> LayerNorm(axis=(1, -1))\n",
    mended="Input(8, 3) -> LayerNorm(axis=(0, 1))\n",
)

NO_VALID_SIZE = Code(
    "NN350",
    "no-valid-size",
    "error",
    "symbolic sizes that no number can take",
    "Every stage demands something of a symbolic size: that a window fits, that two maps are equal. Here the demands "
    "contradict each other.",
    failing="Input(H, 8, 3) -> MaxPool(2) : (4, 4, 3) -> UpSample(2) : (10, 8, 3)\n",
    mended="Input(H, 8, 3) -> MaxPool(2) : (4, 4, 3) -> UpSample(2) : (8, 8, 3)\n",
)
