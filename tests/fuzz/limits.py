"""One spec past each limit of the language, and one within reach of it that must still hold."""

from __future__ import annotations

from nnspec.record import Record

TAIL = "Input(3) -> FC(2)\n"


class Limit(Record):
    """A limit: a spec past it, the code that must be found there, and a spec that just keeps it."""

    name: str
    past: str
    code: str
    kept: str = ""
    is_yaml: bool = False


def _blocks(count: int) -> str:
    lines = ["block B0 = ReLU", *(f"block B{i} = B{i - 1}" for i in range(1, count))]
    return "\n".join([*lines, f"Input(3) -> B{count - 1}"])


def _aliases(levels: int) -> str:
    lines = ["nnspec: 1", "network: Input(3) -> FC(2)", "search:", "  a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(lines)


def _network_aliases(levels: int) -> str:
    lines = ["nnspec: 1", "blocks:", "  B0: &b0 [ReLU]"]
    for level in range(1, levels):
        inner = ", ".join([f"{{repeat: 2, body: *b{level - 1} }}"] * 10)
        lines.append(f"  B{level}: &b{level} [{inner}]")
    return "\n".join([*lines, f"network: ['Input(3)', B{levels - 1}]"])


LIMITS = (
    Limit("brackets", f"let a = {'(' * 201}1{')' * 201}\n{TAIL}", "NN801", f"let a = {'(' * 199}1{')' * 199}\nInput(3) -> FC(a)\n"),
    Limit("groups", f"Input(3) -> {'[' * 201}ReLU{']' * 201}", "NN801", f"Input(3) -> {'[' * 200}ReLU{']' * 200}"),
    Limit("braces", f"Input(3) -> {'Add{ _ | ' * 201}_{' }' * 201}", "NN801", f"Input(3) -> {'Add{ _ | ' * 199}_{' }' * 199}"),
    Limit("block calls", _blocks(202), "NN801", _blocks(200)),
    Limit("a block without an end", "block R = ReLU -> R\nInput(3) -> R", "NN801"),
    Limit("a block that branches without an end", "block R(n) = FC(n) -> R(n + 1) -> R(n + 2)\nInput(3) -> R(1)", "NN801"),
    Limit(
        "formulas", "let f(v) = f(v + 1)\nInput(3) -> FC(f(1))", "NN801", "let f(v) = f(v - 1) if v > 0 else 2\nInput(3) -> FC(f(150))"
    ),
    Limit("a range", "let a = len(range(1_000_001))\nInput(3) -> FC(a)", "NN802", "let a = len(range(1_000_000))\nInput(3) -> FC(a)"),
    Limit("a range to run over", "Input(3) -> [FC(3)] for i in range(1e9)", "NN802", "Input(3) -> [FC(3)] for i in range(1_000_000)"),
    Limit("a range in braces", "Input(3) -> Add{ for i in range(10^18): _ }", "NN802", "Input(3) -> Add{ for i in range(1000): _ }"),
    Limit("a list", "let a = range(600_000) + range(600_000)\nInput(3) -> FC(len(a))", "NN802",
          "let a = range(500_000) + range(500_000)\nInput(3) -> FC(len(a))"),
    Limit("a power", f"let a = 2 ^ 4096\n{TAIL}", "NN802", "let a = 2 ^ 4095 - 1\nInput(3) -> FC(a % 7 + 1)"),
    Limit("a product", f"let a = 2 ^ 4000\nlet b = a * a\n{TAIL}", "NN802"),
    Limit("a factorial", f"let f(v) = v * f(v - 1) if v > 1 else 1\nlet b = f(199)^4\n{TAIL}", "NN802"),
    Limit("a number as written", f"let a = {'9' * 5000}\n{TAIL}", "NN802", f"let a = {'9' * 1200}\nInput(3) -> FC(a % 7 + 1)"),
    Limit("an exponent as written", f"let a = 1e999999\n{TAIL}", "NN802", "let a = 1e1000\nInput(3) -> FC(a % 7 + 1)"),
    Limit("a size that grows", "Input(8, 8, 1) -> [UpSample(2)] x 5000", "NN802", "Input(8, 8, 1) -> [UpSample(2)] x 1000"),
    Limit(
        "a symbolic size that grows",
        "let f(v, n) = f(v * v + W, n - 1) if n > 0 else v\nInput(H, W, 3) -> Reshape(f(in.height, 12), 1)",
        "NN802",
    ),
    Limit("layers", f"Input(8) -> ReLU{' x 1_000_000' * 300}", "NN802", f"Input(8) -> ReLU{' x 1_000_000' * 100}"),
    Limit("a file", f"# {'c' * 1_000_001}\n{TAIL}", "NN802", f"# {'c' * 999_900}\n{TAIL}"),
    Limit("a YAML file", f"nnspec: 1\n# {'c' * 1_000_001}\n", "NN802", f"nnspec: 1\n# {'c' * 999_000}\nnetwork: {TAIL}", is_yaml=True),
    Limit("aliases", _aliases(9), "NN802", _aliases(5), is_yaml=True),
    Limit("aliases in a network", _network_aliases(8), "NN802", is_yaml=True),
    Limit("YAML's own brackets", f"nnspec: 1\nnetwork: {'[' * 300}ReLU{']' * 300}", "NN801", is_yaml=True),
    Limit("stages", "Input(8) -> [FC(i + 1)] for i in range(200_000)", "NN803", "Input(8) -> [FC(i + 1)] for i in range(20_000)"),
    Limit("stages in braces", "Input(8) -> Concat{ for i in range(1_000_000): FC(8) }", "NN803"),
    Limit("stages written out", "Input(8)" + "->ReLU" * 100_001, "NN803", "Input(8)" + "->FC(8)" * 30_000),
    Limit("stages of blocks", "block R(n) = Add{ R(n * 2) | R(n * 2 + 1) } if n < 2^150 else ReLU\nInput(3) -> R(1)", "NN803"),
    Limit("turns in turns", "Input(8) -> [[[FC(i + j + k + 1)] for i in range(1_000_000)] for j in range(1_000_000)] for k in range(1_000_000)",
          "NN803", "Input(8) -> [[[FC(8)] for i in range(1_000_000)] for j in range(1_000_000)] for k in range(1_000_000)"),
    Limit("turns that are known", "Input(8) -> [[FC(i % 7 + 1)] for i in range(30_000) -> FC(k + 1)] for k in range(1_000_000)", "NN803"),
    Limit("labels", "Input(8) -> [FC(i + 1) as e[i]] for i in range(1_000_000)", "NN803", "Input(8) -> [FC(8) as e[i]] for i in range(10_000)"),
    Limit("tensors side by side", "Input(8) -> [{ _ | _ }] x 40 -> Add", "NN803", "Input(8) -> [{ _ | _ }] x 10 -> Add"),
    Limit("blocks of tensors side by side", "block T = { _ | _ }\nInput(8) -> " + "T -> " * 60 + "Add", "NN803"),
    Limit("steps", "let f(v) = f(v - 1) + f(v - 1) if v > 0 else 1\nInput(3) -> FC(f(40))", "NN803"),
    Limit("steps of one loop", "Input(3) -> [FC(sum(range(1_000_000)) % 7 + i + 1)] for i in range(10_000)", "NN803",
          "Input(3) -> FC(sum(range(1_000_000)) % 7 + 1)"),
    Limit("steps of lists", "let a = range(999_999) + [1]\nInput(3) -> [FC(len(a + []) % 7 + i)] for i in range(1, 50_000)", "NN803"),
    Limit("steps of comparisons", "let a = range(999_999) + [1]\nlet b = range(999_999) + [1]\n"
          "Input(3) -> [FC(i) if a == b else ReLU] for i in range(1, 50_000)", "NN803"),
)  # fmt: skip

#: Legal and large: each must be counted, and cheap.
CHEAP = (
    ("Input(8) -> [FC(8)] x 1_000_000", 1_000_000),
    ("Input(8) -> Residual{ FC(8) } x 1_000_000", 2_000_000),
    ("Input(8) -> ReLU" + " x 1_000_000" * 20, 1_000_000**20),
    (
        "\n".join(
            ["block B0 = ReLU", *(f"block B{i} = B{i - 1} -> B{i - 1}" for i in range(1, 61)), "Input(8) -> B60"]
        ),
        2**60,
    ),
    (
        "\n".join(
            ["shared S0 = FC(8)", *(f"shared S{i} = S{i - 1} -> S{i - 1}" for i in range(1, 61)), "Input(8) -> S60"]
        ),
        2**60,
    ),
    ("Input(8) -> [FC(9 if in.channels == 8 else 8)] x 999_999", 999_999),
    ("Input(8) -> [[ReLU if i >= 0] for i in range(1000)] x 1_000_000", 1_000_000_000),
)
