"""What fills holes, by hand: numbers, sizes, why there are none, and how far a search goes."""

from __future__ import annotations

import pytest

from nnspec.solving.trial import MOST_TRIALS, MOST_WORK, Budget
from nnspec.solving.words import described, folded, limited, tried
from tests.solving.brute import accepted, holds, search_to, solved, with_numbers


@pytest.fixture(autouse=True)
def _not_far(monkeypatch: pytest.MonkeyPatch) -> None:
    search_to(monkeypatch, 64, 2**16)


def answers(text: str, *, yaml: bool = False) -> dict[str, str]:
    """What is said of each hole, by its name."""
    solution = solved(text, yaml=yaml)
    return {gap.what: described(solution, gap) for gap in solution.gaps} if solution.ways else {}


NUMBERS = {
    "32 - k + 1 = 28": ("Input(32, 32, 3) -> Conv(64, ?) : (28, 28, _)", {"kernel of Conv": "5"}),
    "ceil(32 / s) = 4": ("Input(32, 3) -> Conv(4, 3, stride=?, padding=same) : (4, _)", {"stride of Conv": "8 to 10"}),
    "32 / 2 / 2 / 2 = 4": ("Input(32, 32, 3) -> Pool x ? : (4, 4, _)", {"repeat": "3"}),
    "a padding may be 0": ("Input(8, 3) -> Conv(4, 3, padding=?) : (6, 4)", {"padding of Conv": "0"}),
    "8 c + c = 90": ("Input(8) -> FC(?)\nexpect params == 90", {"units of FC": "10"}),
    "9 c <= 100": ("Input(8) -> FC(?)\nexpect params <= 100", {"units of FC": "1 to 11"}),
    "groups divide 12": ("Input(8, 12) -> Conv(12, 3, groups=?)", {"groups of Conv": "1, 2, 3, 4, 6 or 12"}),
    "of a param": ("param n = ?\nInput(8) -> FC(2 * n) : (14,)", {"n": "7"}),
    "in arithmetic": ("Input(8) -> FC(2 * ? + 1) : (15,)", {"`?` in `2 * ? + 1`": "7"}),
    "of a formula": ("let f(v) = v * ?\nInput(8) -> FC(f(3)) : (12,)", {"`?` in `v * ?`": "4"}),
    "of a default": (
        "default Conv(kernel=?)\nInput(9, 1) -> Conv(2) -> Conv(2) : (5, _)",
        {"kernel of Conv": "3"},
    ),
    "of a block, by its name there": ("block B(c) = FC(c)\nInput(8) -> B(?) : (3,)", {"c of B": "3"}),
    "one in a body for all turns": ("Input(16, 1) -> [Conv(2, ?)] x 3 : (10, _)", {"kernel of Conv": "3"}),
    "one of a range": ("Input(8) -> [FC(i + 1)] for i in range(?) : (4,)", {"`?` in `range(?)`": "4"}),
    "an item of a size": ("Input(9, 9, 1) -> Conv(2, (3, ?)) : (7, 5, 2)", {"kernel of Conv": "5"}),
    "a promised size": ("Input(9, 9, 1) -> Conv(2, 3) : (?, 7, 2)", {"`?` in `(?, 7, 2)`": "7"}),
    "beyond what is tried one by one": (
        "Input(8) -> FC(?)\nexpect params == 45_000",
        {"units of FC": "5,000"},
    ),
    "up to where a budget ends": ("Input(8) -> FC(?)\nexpect params <= 45_004", {"units of FC": "1 to 5,000"}),
    "a heading that splits": (
        "Input(12) -> Reshape(3, 4) -> MultiHeadAttention(?) : (3, 4)",
        {"heads of MultiHeadAttention": "1, 2 or 4"},
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name: str) -> None:
    text, expected = NUMBERS[name]
    assert answers(text) == expected


SIZES = {
    "two pools of a convolution": (
        "Input(?, ?, 3) -> [Conv(8, 3) -> Pool] x 2 : (3, 5, _)",
        {"height of Input": "18 to 21", "width of Input": "26 to 29"},
    ),
    "multiples of four": (
        "Input(?, 1) as x -> [Conv(2, 3, padding=same) -> Pool] x 2 -> UpSample(4) -> Concat{ _ | x }",
        {"length of Input": "4, 8, 12, …, with H % 4 == 0"},
    ),
    "at least what the windows need": ("Input(?, 1) -> Conv(2, 7) x 2", {"length of Input": "at least 13"}),
    # (n - 7) // 8 + 1 = 8, so n is from 63 to 70
    "between two ends": ("Input(?, 1) -> Conv(8, 7, stride=8) : (8, _)", {"length of Input": "63 to 70"}),
    "any": ("Input(?, dtype=int32) -> Embedding(10, 4)", {"size of Input": "any size"}),
    "with a number": (
        "Input(?, 1) -> Conv(2, ?) : (7, 2)",
        {"length of Input": "what the others allow", "kernel of Conv": "1 to 64, and perhaps more"},
    ),
    "that a promise counts": ("Input(?, ?, 3) -> FC(2)\nexpect params == 98", {}),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name: str) -> None:
    text, expected = SIZES[name]
    found = answers(text)
    if name == "multiples of four":
        assert found["length of Input"].startswith("4, 8, 12, …, with ")
    elif name == "that a promise counts":
        ways = {way.numbers for way in solved(text).ways if max(way.numbers) <= 16}
        assert ways == {(1, 16), (2, 8), (4, 4), (8, 2), (16, 1)}
    else:
        assert found == expected


NONE = {
    "between two sizes": (
        "Input(32, 32, 3) -> Conv(8, 3, stride=?) : (7, 7, _)",
        ["with 4: ", "(8, 8, 8), and promised is (7, 7, _)", "with 5: ", "(6, 6, 8)"],
    ),
    "two promises": (
        "Input(32, 1) -> Conv(8, ?) : (30, _) : (28, _)",
        ["with 3: ", "(30, 8), and promised is (28, _)"],
    ),
    "two budgets": (
        "Input(8) -> FC(?)\nexpect params >= 100 and layers == 2",
        ["`params >= 100` does not hold: params is 9", "`layers == 2` does not hold: layers is 1"],
    ),
    "no size at all": ("Input(?, 1) -> Conv(2, 3) : (4, _) : (5, _)", ["(4, 2), and promised is (5, _)"]),
    "classes": ("Input(8, 8, 3) -> Conv(4, 3) -> FC(?) : (0,)", ["(1,), and promised is (0,)"]),
}


@pytest.mark.parametrize("name", NONE)
def test_none_and_why(name: str) -> None:
    text, said = NONE[name]
    solution = solved(text)
    assert not solution.ways
    reasons = "\n".join(map(str, solution.reasons))
    assert [part for part in said if part not in reasons] == [], reasons


def test_together() -> None:
    """(k - 1) + 2 n = 25, which the numbers up to 16 fill in so many ways; the smallest largest number is first."""
    text = "Input(32, 32, 3) -> Conv(64, ?) -> Conv(8, 3) x ? : (7, 7, _)"
    ways = [way.numbers for way in solved(text).ways]
    assert set(ways) >= accepted(text, [1, 1], 12)
    assert ways[0] == (8, 9)
    assert all(k - 1 + 2 * n == 25 for k, n in ways)


def test_a_hole_between_errors_waits_for_them() -> None:
    solution = solved("Input(8) -> FC(?) -> Nope")
    assert [error.code.slug for error in solution.others] == ["unknown-operator"]
    assert not solution.ways


def test_a_fault_in_a_branch_not_taken_is_none() -> None:
    text = "Input(8) -> (Conv(4, 3) if ? == 1 else FC(3))"
    solution = solved(text)
    assert solution.ways[0].numbers == (2,)
    assert len(solution.ways) == 63


def test_one_way_alone_is_told_from_one_that_was_found() -> None:
    assert solved("Input(8) -> FC(?) : (3,)").is_only
    assert solved("Input(?, 1) -> Conv(2, 3) : (5, 2)").is_only
    assert not solved("Input(8) -> FC(?)\nexpect params == 45_000").is_only
    assert not solved("Input(?, 1) -> Pool : (5, 1)").is_only


HOSTILE = {
    "two in a million turns": "Input(8, 8, 3) -> [Conv(8, ?, padding=same) -> Conv(8, ?, padding=same)] x 1_000_000",
    "and a promise": "Input(8, 3) -> [Conv(3, ?, padding=same) -> Conv(3, ?)] x 1_000_000 : (5, _)",
    "thirty": "Input(8) -> " + " -> ".join(["FC(?)"] * 30) + "\nexpect params == 12_345",
    "three hundred": "Input(8) -> " + " -> ".join(["FC(?)"] * 300),
    "a bound of a recursion": "block B(n) = (FC(n) -> B(n - 1)) if n > 0 else ReLU\nInput(8) -> B(?)\nexpect macs == 0",
    "an endless recursion": "block B(n) = B(n + ?)\nInput(8) -> B(1)",
    "turns that all differ": "Input(8, 3) -> [Conv(in.channels + 1, 1)] x ?\nexpect layers == 1M",
    "a great power": "Input(8) -> FC(2 ^ ?) x 3\nexpect params == 0",
    "a long range": "Input(8) -> [FC(i + 1)] for i in range(1000 * ?)\nexpect params == 0",
    "contradictions": "Input(8) -> FC(?) : (3,) : (4,)\nexpect params == 0 and params == 1",
    "sizes of deep towers": "Input(?, ?, 3) -> [Conv(3, 3, stride=2) -> UpSample(3)] x ? : (77, 78, _)",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ones_end(name: str) -> None:
    """The work is counted; one trial is bounded by the limits on every spec."""
    budget = Budget(MOST_TRIALS // 10, MOST_WORK // 10)
    solution = solved(HOSTILE[name], budget)
    assert budget.trials >= -len(solution.gaps) - 2
    text = tried(solution.found, max(1, len(solution.gaps)))
    assert "tried" in text or "fit" in text
    for way in solution.ways[:3]:
        assert holds(with_numbers(HOSTILE[name], way.numbers)), way


YAML = """nnspec: 1
params: {n: "?"}
network:
  - Input(16, 1)
  - Conv: {filters: 4, kernel: 5, padding: "?"}
  - {stage: {Dense: [2 * n]}, shape: [20, 6]}
"""


def test_yaml() -> None:
    """16 + 2 p - 5 + 1 = 20, and 2 n = 6; YAML keeps a bare `?` for itself, so it stands in quotes."""
    assert answers(YAML, yaml=True) == {"n": "3", "padding of Conv": "4"}


BANDS = {
    "of one quantity": (
        "Input(32, 32, 3) -> Conv(?, 3) -> Conv(?, 3) -> Conv(?, 3) -> GlobalAvgPool -> FC(?)\n"
        "expect params <= 100K and macs <= 20M and params >= 99K"
    ),
    "with strict ends": (
        "Input(40) -> FC(?) -> FC(?) -> FC(?)\nexpect params > 70_000 and params < 70_100 and macs < 69_500"
    ),
    "of two quantities": (
        "Input(16, 16, 3) -> Conv(?, 3) -> Conv(?, 3) -> GlobalAvgPool -> FC(10)\n"
        "expect macs >= 3M and macs <= 3_010_000 and params <= 30K"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BANDS)
def test_numbers_that_lead_into_a_band(name: str) -> None:
    """No hole alone leads there; what is found is accepted by the checker in the text."""
    ways = solved(BANDS[name]).ways
    assert ways
    assert all(holds(with_numbers(BANDS[name], way.numbers)) for way in ways[:3])


NEAREST = {
    # of c filters 27 c + c + 10 c + 10 = 900, between 23 and 24
    "beside a hole that plays no part": (
        "Input(8, 8, 3) -> Conv(?, 3) -> Pool(?, padding=same) -> GlobalAvgPool -> FC(10)\nexpect params == 900",
        ["with 23 and 1: `params == 900` does not hold: params is 884", "with 24 and 1: ", "params is 922"],
    ),
    # stride 4 gives 8, and 5 gives 6
    "beside a hole that a promise decides": (
        "Input(32, 32, 3) -> Conv(?, 3, stride=?) : (7, 7, 3)",
        ["with 3 and 4: ", "(8, 8, 3), and promised is (7, 7, 3)", "with 3 and 5: ", "(6, 6, 3)"],
    ),
    "of an empty band": (
        "Input(8) -> FC(?) -> FC(?)\nexpect params >= 1_000 and params <= 2_000 and macs <= 100",
        ["macs <= 100", "params >= 1_000"],
    ),
}


@pytest.mark.parametrize("name", NEAREST)
def test_nearest_misses(name: str) -> None:
    text, said = NEAREST[name]
    solution = solved(text)
    assert not solution.ways
    reasons = "\n".join(map(str, solution.reasons))
    assert [part for part in said if part not in reasons] == [], reasons
    assert "with 1 and 1" not in reasons


LIMITED = {
    # half of the map, rounded down, is what windows of 2 give; of 1 and 3 it is where the size is even, or odd
    "a kernel": (
        "Input(H, W, 3) -> Conv(16, ?, stride=2) : (H // 2, W // 2, 16)",
        2,
        ["2 adds no condition on sizes", "1 demands H % 2 == 0 and W % 2 == 0", "3 demands H % 2 == 1 and W % 2 == 1"],
    ),
    "a kernel behind what demands an even size": (
        "Input(H, 3) as x -> Pool -> UpSample(2) -> Add{ _ | x } -> Pool -> Conv(4, ?, stride=2) : (H // 4, 4)",
        2,
        ["2 demands H % 2 == 0", "1 demands H % 4 == 0", "3 demands H % 4 == 2"],
    ),
}


@pytest.mark.parametrize("name", LIMITED)
def test_what_adds_no_condition_comes_first(name: str) -> None:
    """The number that is written fits each size that some number fits; conditions of the others are shown."""
    text, best, conditions = LIMITED[name]
    solution = solved(text)
    assert solution.ways[0].numbers == (best,)
    assert limited(solution) == conditions
    for size in range(4, 12):
        fitting = {way.numbers[0] for way in solution.ways if _holds_at(text, size, way.numbers[0])}
        assert not fitting or best in fitting, size


def _holds_at(text: str, size: int, number: int) -> bool:
    return holds(with_numbers(text, (number,)).replace("H", str(size)).replace("W", str(size)))


def test_all_numbers_are_folded_into_ranges() -> None:
    assert folded([1]) == "1"
    assert folded([1, 2]) == "1, 2"
    assert folded([1, 2, 3, 5, 7, 8, 1_000]) == "1 to 3, 5, 7, 8, 1,000"
    assert folded(range(1, 2_001)) == "1 to 2,000"


def test_where_a_search_ended_is_no_end_of_what_fits() -> None:
    """More than 8 fit each of four holes, of which not all were tried together."""
    text = "Input(64, 64, 3) -> Conv(?, 3) -> Conv(?, 3) -> Conv(?, 3) -> Conv(?, 3)"
    solution = solved(text)
    assert solution.found.searched < 64
    assert all(described(solution, gap).endswith(", and perhaps more") for gap in solution.gaps)
    assert tried(solution.found, 4).endswith("; greater ones may fit too")
