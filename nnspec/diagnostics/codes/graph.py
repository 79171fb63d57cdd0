"""NN4xx: the graph of stages."""

from nnspec.diagnostics.diagnostic import Code

NOTHING_ARRIVES = Code(
    "NN401",
    "nothing-arrives",
    "error",
    "a stage that no tensor reaches",
    "A flow begins with `Input(…)`, a `Weight(…)` or the name of a tensor; inside braces and blocks the tensor that "
    "arrives there is taken.",
    failing="Conv(8, 3) -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(8, 3) -> FC(10)\n",
)
UNUSED_INPUT = Code(
    "NN402",
    "unused-input",
    "error",
    "an input that reaches no output",
    "Every `Input` must take part in an output: a network that asks for data that it does not use is a mistake.",
    failing="a = Input(8)\nb = Input(8)\noutput_of = a -> FC(3)\noutput output_of\n",
    mended="a = Input(8)\nb = Input(8)\noutput_of = Add{ a | b } -> FC(3)\noutput output_of\n",
)
UNUSED_STAGE = Code(
    "NN403",
    "unused-stage",
    "warning",
    "a stage that reaches no output",
    "The stage is left out of the network and its counts, at every turn and use. Use its tensor, name it in `output`, "
    "or remove it.",
    failing="x = Input(8) -> FC(4)\nunused = x -> FC(5)\ny = x -> FC(3)\noutput y\n",
    mended="x = Input(8) -> FC(4)\ny = x -> FC(3)\noutput y\n",
)
MISPLACED_INPUT = Code(
    "NN404",
    "misplaced-input",
    "error",
    "an Input where none may stand",
    "`Input` and `Weight` begin a flow. Blocks, shared parts and repeats hold no `Input`.",
    failing="block Start(n) = Input(n) -> FC(3)\nStart(8)\n",
    mended="block End(n) = FC(n)\nInput(8) -> End(3)\n",
)
UNEQUAL_SHARES = Code(
    "NN405",
    "unequal-shares",
    "error",
    "a shared part used at sizes that need other weights",
    "One set of weights serves all uses of a shared part or model, so it must meet equal sizes wherever its weights "
    "depend on them.",
    failing="shared Head = FC(3)\na = Input(8)\nb = Input(9)\nAdd{ a -> Head | b -> Head }\n",
    mended="shared Head = FC(3)\na = Input(8)\nb = Input(8)\nAdd{ a -> Head | b -> Head }\n",
)
WRONG_TUPLE = Code(
    "NN406",
    "wrong-tuple",
    "error",
    "a tuple taken apart into the wrong number of names",
    "`y, h = …` and `as h, c` need a tuple of as many tensors as there are names.",
    failing="a, b = Input(8) -> FC(3)\nAdd{ a | b }\n",
    mended="a, b = Input(8) -> { FC(3) | FC(3) }\nAdd{ a | b }\n",
)
NOT_A_TENSOR = Code(
    "NN407",
    "not-a-tensor",
    "error",
    "a stage that is no tensor",
    "A name as a stage must be that of a tensor or label; numbers are used in arguments.",
    failing="let n = 3\nn -> FC(3)\n",
    mended="let n = 3\nInput(8) -> FC(n)\n",
)
SECOND_NETWORK = Code(
    "NN408",
    "second-network",
    "error",
    "two bare flows in one file",
    "A file has at most one bare flow, its own network. Name further ones (`x = …`), or make them models "
    "(`model Critic = …`).",
    failing="Input(8) -> FC(3)\nInput(8) -> FC(4)\n",
    mended="model First = Input(8) -> FC(3)\nmodel Second = Input(8) -> FC(4)\n",
)
NO_BRACES = Code(
    "NN409",
    "wrong-braces",
    "error",
    "braces where none belong, or missing ones",
    "`Residual` and the wrapper operators need braces with one flow; a merge needs at least one flow in its braces, "
    "or a tuple that arrives.",
    failing="Input(8) -> Residual\n",
    mended="Input(8) -> Residual{ FC(8) }\n",
)
NOTHING_TO_WRAP = Code(
    "NN410",
    "nothing-to-wrap",
    "error",
    "a wrapper around a flow without the operators that it is for",
    "`WeightNorm` and `SpectralNorm` are for dense and convolution operators, `Bidirectional` is for one recurrent "
    "operator.",
    failing="Input(8) -> WeightNorm{ ReLU }\n",
    mended="Input(8) -> WeightNorm{ Dense(8) -> ReLU }\n",
)
