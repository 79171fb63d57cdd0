"""Traps of blocks, tuples, repeats and labels: what doubles, recurs, or never settles."""

from __future__ import annotations

from tests.fuzz.nasty_syntax import MAP


def _blocks_chain(n: int) -> str:
    lines = ["block B0 = ReLU", *(f"block B{i} = {'(' * (i % 5)}B{i - 1}{')' * (i % 5)}" for i in range(1, n))]
    return "\n".join([*lines, f"{MAP}B{n - 1}"])


def _blocks_brackets(n: int) -> str:
    deep = min(n, 190)
    lines = ["block B0 = ReLU", *(f"block B{i} = {'(' * deep}B{i - 1}{')' * deep}" for i in range(1, min(n, 150)))]
    return "\n".join([*lines, f"{MAP}B{min(n, 150) - 1}"])


def _blocks_doubling(n: int) -> str:
    lines = ["block B0 = Conv(4, 1)", *(f"block B{i} = B{i - 1} -> B{i - 1}" for i in range(1, n))]
    return "\n".join([*lines, f"{MAP}B{n - 1}"])


def _blocks_doubling_arguments(n: int) -> str:
    lines = ["block B0(c) = Conv(c, 1)", *(f"block B{i}(c) = B{i - 1}(c) -> B{i - 1}(c + 1)" for i in range(1, n))]
    return "\n".join([*lines, f"{MAP}B{n - 1}(1)"])


def _blocks_doubling_dead(n: int) -> str:
    lines = [
        "block B0 = { ReLU | Tanh }",
        *(f"block B{i} = B{i - 1} as a, b -> {{ a -> B{i - 1} as c, d -> c | b }}" for i in range(1, n)),
    ]
    return "\n".join([*lines, f"{MAP}B{n - 1} as p, q -> p"])


def _shared_doubling(n: int) -> str:
    lines = ["shared S0 = Conv(4, 1)", *(f"shared S{i} = S{i - 1} -> S{i - 1}" for i in range(1, n))]
    return "\n".join([*lines, f"{MAP}S{n - 1}"])


def _block_recursion(n: int) -> str:
    return f"block R(n) = ReLU -> [R(n - 1) if n > 0]\n{MAP}R({n})"


def _block_endless(n: int) -> str:
    return f"block R = ReLU -> R -> R\n{MAP}R"


def _block_tree(n: int) -> str:
    return f"block R(n) = Add{{ R(n - 1) | R(n - 2) }} if n > 1 else Conv(4, 1)\n{MAP}R({n})"


def _block_endless_new(n: int) -> str:
    return f"block R(n) = Conv(n, 1) -> R(n + 1) -> R(n + 2)\n{MAP}R(1)"


def _tuples_doubling(n: int) -> str:
    return f"block T = {{ _ | _ }}\n{MAP}{'T -> ' * n}Concat"


def _tuples_doubling_repeat(n: int) -> str:
    return f"{MAP}[{{ _ | _ }}] x {n} -> Concat"


def _tuples_nested(n: int) -> str:
    return MAP + "{ _ | " * n + "_" + " | _ }" * n + " -> Add"


def _concat_doubling(n: int) -> str:
    return f"{MAP}[Concat{{ _ | _ }}] x {n}"


def _sizes_doubling(n: int) -> str:
    return f"{MAP}[UpSample(2)] x {n * 20}"


def _sizes_growing(n: int) -> str:
    return f"{MAP}[ZeroPad(1)] x {n * 1000}"


def _loop_distinct(n: int) -> str:
    return f"Input(8) -> [FC(i + 1)] for i in range({n * 100})"


def _loop_nested(n: int) -> str:
    return "Input(8) -> [[[FC(i + j + k + 1)] for i in range(1_000_000)] for j in range(1_000_000)] for k in range(1_000_000)"


def _loop_nested_steady(n: int) -> str:
    return "Input(8) -> [[[FC(8)] for i in range(1_000_000)] for j in range(1_000_000)] for k in range(1_000_000)"


def _loop_nested_known(n: int) -> str:
    return f"Input(8) -> [[[FC(i % 7 + 1)] for i in range({n})] for j in range({n * 100})  -> FC(k + 1)] for k in range(1_000_000)"


def _loop_alternating(n: int) -> str:
    return f"Input(8) -> [FC(9 if in.channels == 8 else 8)] x {n * 1000}"


def _loop_periods(n: int) -> str:
    return f"Input(1) -> [FC(in.channels % {n} + 1)] x 1_000_000"


def _loop_braces(n: int) -> str:
    return f"Input(8) -> Concat{{ for k in range({n * 5000}): FC(8) }}"


def _loop_braces_steady(n: int) -> str:
    return f"Input(8) -> Concat{{ for k in range({n * 5000}): _ }}"


def _loop_braces_nested(n: int) -> str:
    return "Input(8) -> Concat{ for k in range(1_000_000): { for j in range(1_000_000): FC(k + 1) } }"


def _loop_empty_body(n: int) -> str:
    return "Input(8) -> [{ for k in range(1000): [ReLU] x 0 } -> Concat -> FC(8)] for i in range(1_000_000)"


def _loop_wide_tuple(n: int) -> str:
    return f"Input(8) -> {{ for k in range({n * 100}): FC(8) }} -> [[_ if i >= 0 else ReLU] for i in range(100_000)] -> Add"


def _label_table(n: int) -> str:
    return f"Input(8) -> [FC(8) as e[i]] for i in range({n * 100}) -> Add{{ e[0] | e[{n * 100 - 1}] }}"


def _label_table_missing(n: int) -> str:
    return f"Input(8) -> [FC(i + 1) as e[i]] for i in range({n * 10}) -> {{ for j in range({n * 100}): e[-1 - j] }}"


def _label_reads(n: int) -> str:
    return f"Input(8) -> [FC(8) as e[i]] for i in range({n * 5}) -> [Add{{ _ | e[{n * 5} - 1 - i] }}] for i in range({n * 5})"


def _label_before(n: int) -> str:
    return f"Input(8) -> [FC(8) -> Add{{ for j in range(i): e[j] }} as e[i]] for i in range({n})"
