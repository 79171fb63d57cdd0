"""NN5xx: promises that a spec makes of itself."""

from nnspec.diagnostics.diagnostic import Code

SHAPE_PROMISE = Code(
    "NN501",
    "broken-shape-promise",
    "error",
    "a shape that differs from its promise",
    "`stage : (7, 7, 512)` promises the shape that leaves the stage; `_` matches any size.",
    failing="Input(8, 8, 3) -> Conv(4, 3) : (8, 8, 4) -> FC(3)\n",
    mended="Input(8, 8, 3) -> Conv(4, 3) : (6, 6, 4) -> FC(3)\n",
)
BROKEN_EXPECT = Code(
    "NN502",
    "broken-expect",
    "error",
    "a promise that does not hold",
    "`expect` promises something of the whole network: params, trainable_params, macs, layers, depth, "
    "receptive_field or activation_bytes.",
    failing="Input(8) -> FC(3)\nexpect params <= 20\n",
    mended="Input(8) -> FC(3)\nexpect params <= 27\n",
)
UNDECIDED_EXPECT = Code(
    "NN503",
    "undecided-expect",
    "note",
    "a promise that symbolic sizes leave undecided",
    "The promise holds for some sizes only; give `--input` to decide it.",
    failing="Input(H, 8, 3) -> Conv(8, 3)\nexpect macs < 100K\n",
    mended="Input(8, 8, 3) -> Conv(8, 3)\nexpect macs < 100K\n",
)
