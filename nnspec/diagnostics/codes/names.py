"""NN2xx: names and arguments. NN216 named operators that were not built yet; it is not used again."""

from nnspec.diagnostics.diagnostic import Code

UNKNOWN_NAME = Code(
    "NN201",
    "unknown-name",
    "error",
    "a name that nothing defines",
    "Operators, blocks, shared parts and models are visible in the whole file; numbers, params, tensors and labels "
    "only below their definition, and inside a block only its own arguments and the file's numbers.",
    failing="Input(8) -> FC(widht)\nlet width = 3\n",
    mended="let width = 3\nInput(8) -> FC(width)\n",
)
UNKNOWN_OPERATOR = Code(
    "NN202",
    "unknown-operator",
    "error",
    "an operator, block, part or model that does not exist",
    "A capitalised name must be an operator or one of its aliases, or a block, shared part or model of the file or "
    "one it imports.",
    failing="Input(8) -> Dence(3)\n",
    mended="Input(8) -> Dense(3)\n",
)
DUPLICATE_NAME = Code(
    "NN203",
    "duplicate-name",
    "error",
    "two definitions of one name",
    "Two names of one scope, two labels of one name outside a repeat, or a part that is named like an operator.",
    failing="let width = 3\nlet width = 4\nInput(8) -> FC(width)\n",
    mended="let width = 3\nlet height = 4\nInput(8) -> FC(width)\n",
)
UNKNOWN_ARGUMENT = Code(
    "NN204",
    "unknown-argument",
    "error",
    "an argument that the operator or block does not have",
    "Arguments carry the names of the reference page; Keras's own spellings of what is renamed here get an exact fix.",
    failing="Input(8, 8, 3) -> Conv(8, 3, strides=2)\n",
    mended="Input(8, 8, 3) -> Conv(8, 3, stride=2)\n",
)
MISSING_ARGUMENT = Code(
    "NN205",
    "missing-argument",
    "error",
    "an argument without a value",
    "An argument comes from where it is written, else from `--set`, else from the nearest `default` above, else from "
    "the operator's own default.",
    failing="Input(8, 8, 3) -> Conv(8)\n",
    mended="Input(8, 8, 3) -> Conv(8, 3)\n",
)
BAD_ARGUMENT = Code(
    "NN206",
    "bad-argument",
    "error",
    "a value that an argument does not take",
    "The argument has a type and bounds; the reference page lists them.",
    failing="Input(8, 8, 3) -> Conv(-8, 3)\n",
    mended="Input(8, 8, 3) -> Conv(8, 3)\n",
)
TOO_MANY_ARGUMENTS = Code(
    "NN207",
    "too-many-arguments",
    "error",
    "more positional arguments than there are",
    "Only the arguments that the reference page lists first may be given by position; all others go by keyword.",
    failing="Input(8, 8, 3) -> ReLU(3)\n",
    mended="Input(8, 8, 3) -> ReLU\n",
)
REPEATED_ARGUMENT = Code(
    "NN208",
    "repeated-argument",
    "error",
    "an argument given twice",
    "An argument was given twice, by position and by keyword or by the same keyword.",
    failing="Input(8, 8, 3) -> Conv(8, 3, kernel=5)\n",
    mended="Input(8, 8, 3) -> Conv(8, kernel=5)\n",
)
MISSING_PARAM = Code(
    "NN209",
    "missing-param",
    "error",
    "a param without a value",
    "`param n` without a default needs a value: `-p n=2` on the command line, or a default in the file.",
    failing="param n\nInput(8) -> FC(n)\n",
    mended="param n = 2\nInput(8) -> FC(n)\n",
)
BAD_VALUE = Code(
    "NN210",
    "bad-value",
    "error",
    "an expression without a value",
    "An operation on values that it is not defined for: a division by zero, a sum of a number and a word, an index "
    "past the end, an attribute that a tensor of this rank does not have.",
    failing="let n = 3 // 0\nInput(8) -> FC(n)\n",
    mended="let n = 3 // 1\nInput(8) -> FC(n)\n",
)
SYMBOLIC_VALUE = Code(
    "NN211",
    "symbolic-value",
    "error",
    "a symbolic size where a number is needed",
    "Conditions, repeat counts, filters, units and kernels may not depend on a symbolic size; sizes, comparisons in "
    "`expect` and shape promises may.",
    failing="Input(H, 8, 3) -> Conv(H, 3)\n",
    mended="Input(H, 8, 3) -> Conv(8, 3)\n",
)
IMPORT_FAILED = Code(
    "NN212",
    "import-failed",
    "error",
    "a file that cannot be imported",
    "The file does not exist, lies outside the folder that imports must stay in, imports itself by a cycle, has "
    "errors, or does not define the name.",
    failing='import Missing from "nowhere.nn"\nInput(8) -> FC(3)\n',
    mended="Input(8) -> FC(3)\n",
)
UNUSED_NAME = Code(
    "NN213",
    "unused-name",
    "note",
    "a name that is never used",
    "A number, formula, block, part or tensor that nothing reads. A file of parts alone is a library, and its blocks "
    "are for others.",
    failing="let width = 3\nInput(8) -> FC(4)\n",
    mended="let width = 3\nInput(8) -> FC(width)\n",
)
HOLE = Code(
    "NN214",
    "hole",
    "error",
    "a hole that no number fills",
    "`?` stands for a whole number that the compiler finds, so that the spec has no errors and keeps its promises. No "
    "number fits here, several do where one is needed (`nnspec solve FILE --write` puts the smallest there), or none "
    "can stand here.",
    failing="Input(8, 8, 3) -> Conv(4, ?) : (9, 9, 4)\n",
    mended="Input(8, 8, 3) -> Conv(4, 3) : (6, 6, 4)\n",
)
UNKNOWN_OPTION = Code(
    "NN215",
    "unknown-option",
    "error",
    "an option that names nothing in the spec",
    "`-p` names a param, `--set` an operator's argument, `--input` an input and `--model` a model of the file.",
    surface="none",
)
OTHER_RANK = Code(
    "NN218",
    "other-rank",
    "note",
    "an input with another number of sizes than are written",
    "`--input` replaces all sizes of an `Input`, the channels too: `--input 96,96` for `Input(H, W, 3)` makes a "
    "sequence of 96 vectors of what was to be a picture.",
    surface="none",
)
FILLED_HOLE = Code(
    "NN217",
    "filled-hole",
    "note",
    "a hole, and the numbers that fill it",
    "`?` stands for a whole number that the compiler finds. The figures shown are those of the smallest that fits; "
    "`nnspec solve FILE --write` puts it into the file.",
    failing="Input(8, 8, 3) -> Conv(4, ?) : (6, 6, 4)\n",
    mended="Input(8, 8, 3) -> Conv(4, 3) : (6, 6, 4)\n",
)
