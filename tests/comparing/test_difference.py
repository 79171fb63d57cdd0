"""What differs between two specs: pairs made by hand, with what a reader would say of them."""

from __future__ import annotations

import pytest

from tests.comparing.edits import differ, said

LENET = (
    "Input(28, 28, 1) -> Conv(6, 5, padding=2) -> Tanh -> AvgPool(2) -> Conv(16, 5) -> Tanh -> AvgPool(2)\n"
    "-> FC(120) -> Tanh -> FC(84) -> Tanh -> FC(10)\n"
)

SAME = {
    "names": ("Input(8) -> FC(4) as a -> ReLU as b", "x = Input(8)\ny = x -> FC(4)\nz = y -> ReLU\noutput z"),
    "blocks": (
        "block B(c) = Conv(c, 3) -> ReLU\nInput(9, 9, 1) -> B(2) -> B(3)",
        "Input(9, 9, 1) -> Conv(2, 3) -> ReLU -> Conv(3, 3) -> ReLU",
    ),
    "shorthands": ("Input(9, 9, 1) -> Conv(2, 3, norm=batch, act=relu)", "Input(9, 9, 1) -> Conv(2, 3) -> BN -> ReLU"),
    "repeats": ("Input(8) -> (FC(8) -> ReLU) x 3", "Input(8) -> FC(8) -> ReLU -> (FC(8) -> ReLU) x 2"),
    "one size for all axes": ("Input(9, 9, 1) -> Conv(2, 3)", "Input(9, 9, 1) -> Conv(2, (3, 3), stride=1x1)"),
    "identities": ("Input(8) -> FC(8) -> Identity -> ReLU", "Input(8) -> Identity -> FC(8) -> ReLU -> Identity"),
    "the order of a sum": (
        "Input(9, 9, 2) -> Add{ Conv(4, 1) -> ReLU | Conv(4, 3, padding=same) | Conv(4, 1) -> Tanh }",
        "Input(9, 9, 2) -> Add{ Conv(4, 1) -> Tanh | Conv(4, 1) -> ReLU | Conv(4, 3, padding=same) }",
    ),
    "residuals": ("Input(8) -> Residual{ FC(8) }", "Input(8) as x -> FC(8) -> Add{ _ | x }"),
    "shared parts": (
        "shared T = FC(4)\na = Input(8)\nb = Input(8)\nAdd{ a -> T | b -> T }",
        "shared Tower = FC(4) -> Identity\nu = Input(8)\nv = Input(8)\nAdd{ u -> Tower | v -> Tower }",
    ),
    "sizes with letters": (
        "Input(H, W, 3) -> Conv(4, 3) -> MaxPool", "let k = 3\nInput(H, W, 3) -> Conv(4, k) -> MaxPool(2)"
    ),
    "dead ends": ("x = Input(8)\na = x -> FC(2)\nb = x -> FC(3)\noutput a", "Input(8) -> FC(2)"),
}  # fmt: skip

#: Old, new, what is said, how many layers only follow.
PAIRS: dict[str, tuple[str, str, list[str], int]] = {
    "an argument": (LENET, LENET.replace("Conv(16, 5)", "Conv(16, 3)"), ["~ Conv kernel 5 3"], 3),
    "an argument that is taken back": (
        "Input(9, 9, 1) -> Conv(2, 3, bias=false, init=he_normal)", "Input(9, 9, 1) -> Conv(2, 3)",
        ["~ Conv init he_normal none bias false true"], 0,
    ),
    "an operator": (LENET, LENET.replace("AvgPool(2)\n", "MaxPool(2)\n"), ["+ MaxPool", "- AvgPool"], 0),
    "one more": (LENET, LENET.replace("FC(84)", "FC(84) -> BN"), ["+ BatchNorm"], 0),
    "one less": (LENET, LENET.replace(" -> Tanh -> FC(84)", " -> FC(84)"), ["- Tanh"], 0),
    "a larger image": (LENET, LENET.replace("28, 28", "32, 32"), ["~ Input sizes (28, 28, 1) (32, 32, 1)"], 7),
    "more turns": (
        "Input(8, 8, 4) -> (Conv(4, 3, padding=same) -> BN -> ReLU) x 3 -> GAP",
        "Input(8, 8, 4) -> (Conv(4, 3, padding=same) -> BN -> ReLU) x 5 -> GAP",
        ["+ Conv(4, 3, padding=same)", "+ BatchNorm", "+ ReLU"] * 2, 0,
    ),
    "more blocks, whole ones": (
        "block R = Residual{ Conv(4, 3, padding=same) -> BN } -> ReLU\n"
        "Input(8, 8, 4) -> R x 2 -> Conv(4, 3, padding=same, stride=2) -> R x 2 -> GAP",
        "block R = Residual{ Conv(4, 3, padding=same) -> BN } -> ReLU\n"
        "Input(8, 8, 4) -> R x 3 -> Conv(4, 3, padding=same, stride=2) -> R x 2 -> GAP",
        ["+ Conv(4, 3, padding=same)", "+ BatchNorm", "+ Add", "+ ReLU"], 0,
    ),
    "a branch": (
        "Input(9, 9, 2) -> Concat{ Conv(4, 1) | Conv(4, 3, padding=same) }",
        "Input(9, 9, 2) -> Concat{ Conv(4, 1) | MaxPool(3, stride=1, padding=same) | Conv(4, 3, padding=same) }",
        ["+ MaxPool(3, stride=1, padding=same)"], 1,
    ),
    "a skip": (
        "Input(8) -> FC(8) as a -> FC(8) as b -> Add{ _ | a } -> FC(2)",
        "Input(8) -> FC(8) as a -> FC(8) as b -> Add{ _ | b } -> FC(2)",
        ["~ Add takes b no longer takes a"], 0,
    ),
    "the order in a row": (
        "Input(9, 9, 2) -> Concat{ Conv(4, 1) | Conv(5, 1) }", "Input(9, 9, 2) -> Concat{ Conv(5, 1) | Conv(4, 1) }",
        ["~ Concat takes its inputs in another order"], 0,
    ),
    "weights of one's own": (
        "shared T = FC(4)\na = Input(8)\nb = Input(8)\nConcat{ a -> T | b -> T }",
        "block T = FC(4)\na = Input(8)\nb = Input(8)\nConcat{ a -> T | b -> T }",
        ["~ FC weights those of fc its own"], 0,
    ),
    "an output more": (
        "x = Input(8) -> FC(4)\ny = x -> FC(2)\noutput y", "x = Input(8) -> FC(4)\ny = x -> FC(2)\noutput y, x",
        ["~ outputs takes x"], 0,
    ),
    "outputs in another order": (
        "x = Input(8) -> FC(4)\ny = x -> FC(2)\noutput y, x", "x = Input(8) -> FC(4)\ny = x -> FC(2)\noutput x, y",
        ["~ outputs its outputs in another order"], 0,
    ),
    "a dtype": ("Input(8) -> FC(4)", "Input(8, dtype=int32) -> FC(4)", ["~ Input dtype float32 int32"], 1),
    "inside a wrapper": (
        "Input(5, 8) -> Bidirectional{ LSTM(4) }", "Input(5, 8) -> Bidirectional{ LSTM(6) }",
        ["~ Bidirectional(LSTM) units 4 6"], 0,
    ),
    "a letter for a number": ("Input(16, 16, 3) -> Conv(4, 3)", "Input(H, 16, 3) -> Conv(4, 3)",
                              ["~ Input sizes (16, 16, 3) (H, 16, 3)"], 1),
    "everything": ("Input(8) -> FC(3) -> ReLU", "Input(4, 4, 1) -> Conv(2, 3) -> GAP",
                   ["- FC(3)", "- ReLU", "~ Input sizes (8,) (4, 4, 1)", "+ Conv(2, 3)", "+ GlobalAvgPool"], 0),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_other_words_are_no_difference(name: str) -> None:
    old, new = SAME[name]
    assert said(differ(old, new)) == []
    assert differ(old, new).is_none
    assert differ(new, old).is_none
    assert differ(old, old).is_none


@pytest.mark.parametrize("name", PAIRS)
def test_what_differs_is_said_and_no_more(name: str) -> None:
    old, new, changes, resized = PAIRS[name]
    found = differ(old, new)
    assert sorted(said(found)) == sorted(changes)
    assert len(found.resized) == resized
    assert not found.is_none


@pytest.mark.parametrize("name", PAIRS)
def test_the_other_way_round_it_is_the_mirror_image(name: str) -> None:
    old, new, *_ = PAIRS[name]
    there, back = differ(old, new), differ(new, old)
    signs = {"+": "-", "-": "+", "~": "~"}
    assert sorted((signs[change.sign], change.either.kind) for change in there.changes) == sorted(
        (change.sign, change.either.kind) for change in back.changes
    )
    arguments = sorted((each.name, each.new, each.old) for change in there.changes for each in change.arguments)
    assert arguments == sorted((each.name, each.old, each.new) for change in back.changes for each in change.arguments)
    assert len(there.resized) == len(back.resized)


def test_labels_that_differ_are_counted_and_no_difference() -> None:
    found = differ("Input(8) -> FC(4) as a -> ReLU as b -> FC(2)", "Input(8) -> FC(4) as c -> ReLU as b -> FC(2)")
    assert found.is_none
    assert found.renamed == 1


def test_costs_and_fields_go_with_the_layers() -> None:
    found = differ("Input(8, 8, 2) -> Conv(3, 3)", "Input(8, 8, 2) -> Conv(3, 5)")
    (change,) = found.changes
    assert change.old is not None
    assert change.new is not None
    assert (change.old.params, change.new.params) == (3 * (9 * 2 + 1), 3 * (25 * 2 + 1))
    assert (change.old.macs, change.new.macs) == (6 * 6 * 3 * 9 * 2, 4 * 4 * 3 * 25 * 2)
    assert (change.old.receptive_field, change.new.receptive_field) == (3, 5)
    assert (found.old.totals.params, found.new.totals.params) == (57, 153)


def test_letters_stay_exact() -> None:
    found = differ("Input(H, H, 1) -> Conv(2, 3)", "Input(H, H, 1) -> Conv(2, 3) -> Conv(4, 1)")
    assert said(found) == ["+ Conv(4, 1)"]
    macs = (net_.totals.macs for net_ in (found.old, found.new))
    old, new = (eval(str(each), {"H": 10}) for each in macs)  # sizes that we made
    assert (old, new) == (8 * 8 * 2 * 9, 8 * 8 * 2 * 9 + 8 * 8 * 2 * 4)


def test_a_deep_chain_of_which_much_differs() -> None:
    stages = " -> ".join([f"FC({3 + number % 7})" for number in range(3000)])
    edited = stages.split(" -> ")
    for place in range(50, 3000, 100):
        edited[place] = "Dropout(0.5)"
    found = differ(f"Input(8) -> {stages}", f"Input(8) -> {' -> '.join(edited)}")
    assert said(found).count("+ Dropout(0.5)") == 30
    assert len(found.changes) == 60


def test_thousands_of_equal_layers_more() -> None:
    block = "block R = Residual{ Conv(4, 3, padding=same) -> BN } -> ReLU\n"
    found = differ(f"{block}Input(8, 8, 4) -> R x 40 -> GAP", f"{block}Input(8, 8, 4) -> R x 1000 -> GAP")
    assert said(found) == ["+ Conv(4, 3, padding=same)", "+ BatchNorm", "+ Add", "+ ReLU"] * 960


def test_all_layers_differ_in_one_argument() -> None:
    text = "Input(8, 8, 4) -> (Conv(4, 3, padding=same) -> BN(epsilon=EPS) -> ReLU) x 400 -> GAP"
    found = differ(text.replace("EPS", "1e-3"), text.replace("EPS", "1e-5"))
    assert said(found) == ["~ BatchNorm epsilon 0.001 1e-05"] * 400
