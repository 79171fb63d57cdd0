"""Specs made to be large, deep or slow: one function a trap, scaled at random up to 64 KB."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

MAP = "Input(8, 8, 4) -> "


def _deep_groups(n: int) -> str:
    return MAP + "(" * n + "ReLU" + ")" * n


def _deep_crossed(n: int) -> str:
    return MAP + "([{" * n + "ReLU" + "}])" * n


def _unclosed(n: int) -> str:
    return MAP + "(" * n


def _unopened(n: int) -> str:
    return MAP + "ReLU" + ")" * n


def _deep_braces(n: int) -> str:
    return MAP + "{ _ | " * n + "_" + " }" * n + " -> Concat"


def _deep_adds(n: int) -> str:
    return MAP + "Add{ _ | ReLU -> " * n + "ReLU" + " }" * n


def _deep_lists(n: int) -> str:
    return "let a = " + "[" * n + "1" + "]" * n + "\nInput(3) -> FC(2)"


def _deep_expression(n: int) -> str:
    return "let a = " + "(1 + " * n + "1" + ")" * n + "\nInput(3) -> FC(2)"


def _long_sum(n: int) -> str:
    return f"let a = {'1+' * (n * 20)}1\nInput(3) -> FC(a)"


def _long_product(n: int) -> str:
    return f"let a = {'2*' * (n * 20)}1\nInput(3) -> FC(a)"


def _long_power(n: int) -> str:
    return f"let a = {'2^' * (n * 5)}1\nInput(3) -> FC(a)"


def _many_minuses(n: int) -> str:
    return f"let a = {'- ' * (n * 20)}1\nInput(3) -> FC(a)"


def _many_nots(n: int) -> str:
    return f"let a = {'not ' * (n * 20)}true\nInput(3) -> FC(3)"


def _long_and(n: int) -> str:
    return f"expect params > 0{' and params > 1' * (n * 5)}\nInput(3) -> FC(3)"


def _conditionals(n: int) -> str:
    return f"let a = {'1 if false else ' * (n * 5)}2\nInput(3) -> FC(a)"


def _choices(n: int) -> str:
    return MAP + "Tanh if false else " * (n * 5) + "ReLU"


def _repeated(n: int) -> str:
    return MAP + "ReLU" + " x 1" * (n * 5)


def _repeated_large(n: int) -> str:
    return MAP + "ReLU" + " x 1_000_000" * n


def _promised(n: int) -> str:
    return MAP + "ReLU" + " : (8, 8, 4)" * (n * 5)


def _labelled(n: int) -> str:
    return MAP + "ReLU" + "".join(f" as a{i}" for i in range(n * 5))


def _indexed(n: int) -> str:
    return f"let a = {'[' * min(n, 199)}1{']' * min(n, 199)}{'[0]' * min(n, 199)}\nInput(3) -> FC(a)"


def _attributes(n: int) -> str:
    return f"{MAP}Conv(in{'.channels' * n}, 3)"


def _calls(n: int) -> str:
    return f"let f(v) = v + 1\nInput(3) -> FC({'f(' * n}1{')' * n})"


def _formula_chain(n: int) -> str:
    lines = ["let f0(v) = v", *(f"let f{i}(v) = f{i - 1}(v) + f{i - 1}(v)" for i in range(1, n))]
    return "\n".join([*lines, f"Input(3) -> FC(f{n - 1}(1))"])


def _formula_recursion(n: int) -> str:
    return f"let f(v) = f(v - 1) + 1 if v > 0 else 1\nInput(3) -> FC(f({n}))"


def _formula_endless(n: int) -> str:
    return "let f(v) = f(v) + f(v)\nInput(3) -> FC(f(1))"


def _numbers_chain(n: int) -> str:
    return "\n".join(
        ["let a0 = 1", *(f"let a{i} = a{i - 1} + a{i - 1}" for i in range(1, n * 10)), "Input(3) -> FC(a3)"]
    )


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


def _ranges(n: int) -> str:
    return f"let a = sum(range(1_000_000)) + max(range(1_000_000)) + len(zip(range(1_000_000), range(1_000_000)))\nInput(3) -> FC({n})"


def _ranges_many(n: int) -> str:
    return f"Input(3) -> [FC(sum(range(1_000_000)) % 7 + i + 1)] for i in range({n * 10})"


def _lists_joined(n: int) -> str:
    lines = ["let a0 = [1]", *(f"let a{i} = a{i - 1} + a{i - 1}" for i in range(1, n)), "Input(3) -> FC(len(a0))"]
    return "\n".join(lines)


def _lists_many(n: int) -> str:
    return f"let a = range(500_000) + [1]\nblock B(l, i) = FC(l[0] + i + 1)\nInput(3) -> [B(a + [i], i)] for i in range({n * 10})"


def _lists_compared(n: int) -> str:
    return f"let a = range(1_000_000) + []\nInput(3) -> [FC(i + 1) if a == a + [] else FC(3)] for i in range({n * 10})"


def _lists_nested(n: int) -> str:
    lines = ["let a0 = [1, 1]", *(f"let a{i} = [a{i - 1}, a{i - 1}]" for i in range(1, n))]
    return "\n".join(
        [
            *lines,
            f"block B(l) = FC(3)\nblock C(l) = FC(len(l))\nInput(3) -> B(a{n - 1}) -> C(a{n - 1}) -> C(a{n - 1} + [1])",
        ]
    )


def _lists_nested_equal(n: int) -> str:
    lines = ["let a0 = [1, 1]\nlet b0 = [1, 1]"]
    lines += [f"let a{i} = [a{i - 1}, a{i - 1}]\nlet b{i} = [b{i - 1}, b{i - 1}]" for i in range(1, n)]
    return "\n".join([*lines, f"Input(3) -> FC(4 if a{n - 1} == b{n - 1} else 5)"])


def _lists_nested_argument(n: int) -> str:
    lines = ["let a0 = [1, 1]", *(f"let a{i} = [a{i - 1}, a{i - 1}]" for i in range(1, n))]
    return "\n".join(
        [
            *lines,
            f"Input(3) -> FC(a{n - 1}) -> Foo(a{n - 1}) -> Reshape(a{n - 1}) -> Conv(3, a{n - 1}, init=normal(a{n - 1}))",
        ]
    )


def _many_extremes(n: int) -> str:
    return f"let a = max({', '.join(['1'] * (n * 50))})\nlet b = min(range(1_000_000))\nInput(3) -> FC(a)"


def _fractions(n: int) -> str:
    return "\n".join(
        ["let a0 = 1/3", *(f"let a{i} = a{i - 1} * a{i - 1} + 1/7" for i in range(1, min(n, 40))), "Input(3) -> FC(3)"]
    )


def _harmonic(n: int) -> str:
    return f"let a = {' + '.join([f'1/{i}' for i in range(1, n * 10)])}\nInput(3) -> Dropout(a / 1000)"


def _huge_number(n: int) -> str:
    return f"Input({'9' * (n * 20)}) -> FC(3)"


def _huge_exponent(n: int) -> str:
    return f"Input(3) -> FC(1e{'9' * min(n, 50)}) -> Dropout(1e-{'9' * min(n, 50)}) -> FC(2^{'9' * min(n, 50)}) -> FC(1_0e-{n})"


def _huge_text(n: int) -> str:
    return f'Input(3) -> FC("{"a" * (n * 200)}")'


def _huge_name(n: int) -> str:
    return f"Input(3) -> {'F' * (n * 200)}(3) -> {'f' * (n * 200)}"


def _huge_comment(n: int) -> str:
    return f"# {'c' * (n * 200)}\nInput(3) -> FC(3)"


def _huge_shape(n: int) -> str:
    return f"Input({', '.join(['2'] * n)}) -> Conv(3, 1) -> FC(3)"


def _huge_size(n: int) -> str:
    return f"Input(8, 8, 3) -> Conv(3, {'x'.join(['3'] * (n * 10))})"


def _blank_lines(n: int) -> str:
    return "\n" * (n * 200) + "Input(3) -> FC(3)" + "\n  # c" * (n * 20)


def _symbols_product(n: int) -> str:
    letters = [f"A{i}" for i in range(min(n, 60))]
    return f"Input({', '.join(letters)}) -> Flatten -> FC(3) -> ReLU"


def _symbols_sums(n: int) -> str:
    return f"Input(A, B, C, 3) -> [ZeroPad(1) -> Reshape((in.shape[0] + in.shape[1]) * (in.shape[1] + in.shape[2]), in.shape[0] * in.shape[2], in.shape[1] * 3 , 1)] x {n}"


def _symbols_floors(n: int) -> str:
    return f"Input(H, W, 3) -> [Conv(3, {n % 5 + 2}, stride={n % 3 + 2})] x {n} -> FC(3)"


def _symbols_squares(n: int) -> str:
    return f"Input(H, W) -> [Reshape(in.shape[0] * in.shape[1], in.shape[0] + in.shape[1])] x {n}"


def _symbols_extremes(n: int) -> str:
    return f"Input(H, W, 3) -> [Resize(max(in.height, in.width // 2), min(in.height * 2, in.width + {n}))] x {n}"


def _symbols_many(n: int) -> str:
    lines = [f"a{i} = Input(H{i}, W{i}, 3) -> Conv(8, 3, stride=2)" for i in range(n)]
    return "\n".join([*lines, "Concat{ " + " | ".join([f"a{i}" for i in range(n)]) + " } -> GAP"])


def _symbols_unet(n: int) -> str:
    deep = min(n, 30)
    return (
        f"Input(H, W, 1) -> [Conv(8, 3) as e[i] -> MaxPool(2)] for i in range({deep}) -> [UpSample(2) -> Concat{{ e[{deep - 1} - i]"
        f" -> Crop(like=_) | _ }} -> Conv(8, 3)] for i in range({deep})"
    )


def _long_chain(n: int) -> str:
    return MAP + " -> ".join(["Conv(4, 1)", "ReLU"] * (n * 10))


def _long_chain_distinct(n: int) -> str:
    return "Input(8)\n" + "\n".join([f"-> FC({i + 1})" for i in range(n * 20)])


def _dense_connections(n: int) -> str:
    return f"Input(8) -> [FC(8) as e[i] -> Concat{{ for j in range(i + 1): e[j] }}] for i in range({n})"


def _many_statements(n: int) -> str:
    return "\n".join([f"a{i} = Input(3) -> FC({i + 1})" for i in range(n * 5)])


def _many_defaults(n: int) -> str:
    return "\n".join(
        [
            *(f"default FC(bias={'true' if i % 2 else 'false'})" for i in range(n * 5)),
            "Input(3)" + " -> FC(3)" * (n * 5),
        ]
    )


def _many_unknown(n: int) -> str:
    return "Input(3)" + "".join([f" -> Cnov{i}(foo{i})" for i in range(n * 5)])


def _many_unknown_near(n: int) -> str:
    return "\n".join(
        [
            *(f"let name{i}a = {i}" for i in range(n * 5)),
            "Input(3)" + "".join([f" -> FC(nmae{i}b)" for i in range(n * 5)]),
        ]
    )


def _many_broken(n: int) -> str:
    return "\n".join(["let = = (", ") ->", "Input(", "FC(3))", "a = -> b", "@", "\0"] * n)


def _many_errors(n: int) -> str:
    return "Input(8, 8, 3)" + "".join([" -> { Conv(8, 99) | ReLU } -> Concat"] * (n * 5))


def _many_error_branches(n: int) -> str:
    return "Input(8, 8, 3) -> {" + " | ".join(["Conv(8, 99)"] * (n * 20)) + "}"


def _many_labels_twice(n: int) -> str:
    return "Input(8)" + " -> ReLU as a" * (n * 10)


def _many_reads(n: int) -> str:
    lines = [f"block B{i}(a, b, c) = FC(a + b + c + {i})" for i in range(n)]
    return "\n".join([*lines, "Input(3)" + "".join([f" -> B{i}({i}, {i}, {i})" for i in range(n)])])


def _dead_code(n: int) -> str:
    return "\n".join([*(f"y{i} = Input({i + 1}) -> FC(3) -> FC(2)" for i in range(n * 2)), "Input(3) -> FC(3)"])


def _models_in_models(n: int) -> str:
    lines = ["model M0 = Input(8) -> FC(8)", *(f"model M{i} = Input(8) -> M{i - 1} -> M{i - 1}" for i in range(1, n))]
    return "\n".join([*lines, f"Input(8) -> M{n - 1}"])


def _expect_many(n: int) -> str:
    return "\n".join(["Input(8) -> [FC(8)] x 1_000_000", *(f"expect params < {i}" for i in range(n * 5))])


def _wide_repeat(n: int) -> str:
    return f"Input(8) -> [{{ {' | '.join(['FC(8)'] * n)} }} -> Add] x 1_000_000"


def _carried_pair(n: int) -> str:
    return f"block Cell = _ as h, before -> {{ Add{{ h | before }} -> FC(8) | h }}\nInput(8) -> {{ FC(8) | FC(8) }} -> Cell x {n * 1000} -> Add"


def _rotating(n: int) -> str:
    names = [f"t{i}" for i in range(max(2, min(n, 60)))]
    return (
        f"block Turn = _ as {', '.join(names)} -> {{ {' | '.join([*names[1:], names[0] + ' -> FC(8)'])} }}\n"
        f"Input(8) -> {{ {' | '.join(['FC(8)'] * len(names))} }} -> Turn x 1_000_003 -> Add"
    )


def _periods_two(n: int) -> str:
    return f"Input(1) -> [[FC(in.channels % {n + 1} + 1)] x 7 -> FC(in.channels % {n} + 1)] x 1_000_000"


def _yaml_aliases(n: int) -> str:
    lines = ["nnspec: 1", "let: {a: 1}", "train:", "  a0: &a0 [x, x]"]
    lines += [f"  a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, n)]
    return "\n".join([*lines, "network: Input(3) -> FC(2)"])


def _yaml_network_aliases(n: int) -> str:
    lines = ["nnspec: 1", "blocks:", "  B0: &b0 [ReLU]"]
    lines += [f"  B{i}: &b{i} [{{repeat: 2, body: *b{i - 1}}}, {{repeat: 2, body: *b{i - 1}}}]" for i in range(1, n)]
    return "\n".join([*lines, f'network: ["Input(3)", B{n - 1}]'])


def _yaml_self(n: int) -> str:
    return f"nnspec: 1\nnetwork: &a [{'*a, ' * n}ReLU]"


def _yaml_deep(n: int) -> str:
    return f"nnspec: 1\nnetwork: {'[' * n}ReLU{']' * n}"


def _yaml_deep_mapping(n: int) -> str:
    return (
        "nnspec: 1\nnetwork:\n- Input(3)\n"
        + "".join([f"{'  ' * i}- repeat: 2\n{'  ' * i}  body:\n" for i in range(n)])
        + "  " * n
        + "- ReLU"
    )


def _yaml_long_list(n: int) -> str:
    return "nnspec: 1\nnetwork:\n- Input(3)\n" + "- FC(3)\n" * (n * 10)


def _yaml_many_keys(n: int) -> str:
    return "nnspec: 1\nlet:\n" + "".join([f"  a{i}: {i}\n" for i in range(n * 10)]) + "network: Input(3) -> FC(2)"


def _yaml_folded(n: int) -> str:
    return "nnspec: 1\nnetwork: >\n  Input(8)\n" + "  -> FC(8)\n\n" * (n * 5)


def _yaml_escapes(n: int) -> str:
    return 'nnspec: 1\nnetwork: "Input(8)' + "\\x20\\u2192\\\n  \\tFC(8)" * (n * 5) + '"'


def _yaml_unknown(n: int) -> str:
    return "nnspec: 1\nnetwork: Input(3)\n" + "".join([f"netwrok{i}: 1\n" for i in range(n * 5)])


TRAPS: tuple[Callable[[int], str], ...] = tuple(
    [
        value
        for name, value in list(globals().items())
        if name.startswith("_") and not name.startswith("__") and callable(value)
    ]
)
SCALES = (1, 2, 3, 5, 8, 13, 20, 40, 60, 100, 150, 199, 200, 201, 300, 500, 1000, 3000)


def trap(rng: Random) -> tuple[str, bool, str]:
    """A trap's text, whether it is YAML, and its name."""
    make = rng.choice(TRAPS)
    text = make(rng.choice(SCALES))
    return text[:65_536], make.__name__.startswith("_yaml"), make.__name__.strip("_")
