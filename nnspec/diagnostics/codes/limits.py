"""NN8xx: limits that keep a spec data, whatever it says."""

from nnspec.diagnostics.diagnostic import Code

TOO_DEEP = Code(
    "NN801",
    "too-deep",
    "error",
    "brackets or calls nested too deep",
    "Brackets may be nested 200 deep, and block calls 200 deep. A block that calls itself needs an "
    "`if` whose condition becomes false.",
    failing="block Loop(n) = ReLU -> Loop(n + 1)\nInput(8) -> Loop(0)\n",
    mended="block Loop(n) = ReLU -> [Loop(n - 1) if n > 0]\nInput(8) -> Loop(3)\n",
)
TOO_LARGE = Code(
    "NN802",
    "too-large",
    "error",
    "a number, list or file past its limit",
    "Whole numbers may have 4,096 bits, lists and ranges 1,000,000 elements, a file 1 MB, and YAML aliases may "
    "expand to 1,000,000 nodes.",
    failing="let big = 2 ^ 5000\nInput(8) -> FC(3)\n",
    mended="let big = 2 ^ 50\nInput(8) -> FC(3)\n",
)
TOO_LONG = Code(
    "NN803",
    "too-long",
    "error",
    "a spec that takes too many steps",
    "A spec may evaluate 1,000,000 expression steps and elaborate 100,000 distinct stages. A repeat whose body "
    "keeps its shape is elaborated once, however often it is repeated.",
    failing="Input(8) -> [FC(i + 1)] for i in range(200_000)\n",
    mended="Input(8) -> [FC(i + 1)] for i in range(20)\n",
)
