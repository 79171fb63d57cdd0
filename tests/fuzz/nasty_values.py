"""Traps of values: lists, numbers, names and texts past all bounds, and symbolic sizes that grow."""

from __future__ import annotations


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
