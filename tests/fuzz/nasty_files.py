"""Traps of whole files: long specs, many faults, and YAML."""

from __future__ import annotations

from tests.fuzz.nasty_syntax import MAP


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
