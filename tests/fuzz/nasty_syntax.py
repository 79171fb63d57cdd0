"""Traps of brackets, expressions and formulas: deep, long, or without an end."""

from __future__ import annotations

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
