"""Labels, indexes, tuples taken apart: section 3 of the language."""

from __future__ import annotations

import pytest

from tests.program.checking import check, sound

SHAPES = {
    "a label is a tensor": ("Input(8) as x -> FC(3) -> Concat{ _ | x }", (11,)),
    "to the end of the file": ("a = Input(8) -> FC(5) as h -> FC(3)\n{ a | h } -> Concat", (8,)),
    "an index": ("Input(8) as e[0] -> FC(3) -> Concat{ _ | e[0] }", (11,)),
    "two indexes": ("Input(8) as e[1, 2] -> FC(3) -> Concat{ _ | e[1, 2] }", (11,)),
    "an index computed": ("Input(8) as e[1 + 1] -> FC(3) -> Concat{ _ | e[6 // 3] }", (11,)),
    "labels of a loop, read behind it": (
        "Input(8) -> [FC(i) as e[i]] for i in [5, 4] -> Concat{ e[5] | e[4] }",
        (9,),
    ),
    "labels of an earlier turn": (
        "Input(8) as e[0] -> [Concat{ _ | e[i] } as e[i + 1]] for i in range(3)",
        (64,),
    ),
    "a plain label in a repeat is this turn's": (
        "Input(8) -> [FC(4) as h -> FC(3) -> Concat{ _ | h }] x 2",
        (7,),
    ),
    "a plain label of a repeat is the last turn's behind it": (
        "Input(8) -> [FC(i) as h -> FC(3)] for i in [5, 4] -> Concat{ _ | h }",
        (7,),
    ),
    "a label after another suffix": ("Input(8) -> FC(8) x 2 as h -> FC(3) -> Concat{ _ | h }", (11,)),
    "a promise and a label": ("Input(8) : (8) as h -> FC(3) -> Concat{ _ | h }", (11,)),
    "a label and a promise": ("Input(8) as h : (8) -> FC(3) -> Concat{ _ | h }", (11,)),
    "the members of a tuple": ("Input(8) -> { FC(3) | FC(4) } as a, b -> Concat{ b | a | a }", (10,)),
    "a tensor taken apart": ("a, b = Input(8) -> { FC(3) | FC(4) }\nConcat{ a | b | b }", (11,)),
    "a member by its index": ("y = Input(8) -> { FC(3) | FC(4) }\ny[1] -> FC(in.channels)", (4,)),
    "a label of a tuple is the tuple": ("Input(8) -> { FC(3) | FC(4) } as y -> Concat{ y | y }", (14,)),
    "Split gives a tuple": ("a, b = Input(8) -> Split(2)\nConcat{ a | b | b }", (12,)),
    "a label in a block": ("block B = FC(4) as h -> FC(3) -> Concat{ _ | h }\nInput(8) -> B -> B", (7,)),
    "a label in a branch taken": (
        "Input(8) -> [FC(4) as h] if true -> FC(3) -> Concat{ _ | h }",
        (7,),
    ),
    "a label in braces": ("Input(8) -> Concat{ FC(3) as h | FC(4) } -> Concat{ _ | h }", (10,)),
    "labels of braces with a loop": (
        "Input(8) -> Concat{ for k in [1, 2]: FC(k) as h[k] } -> Concat{ _ | h[2] }",
        (5,),
    ),
    "a label's size": ("Input(8) as h -> FC(3) -> FC(h.channels)", (8,)),
    "a label that a word could be": ("Input(8) as same -> FC(3) -> Concat{ _ | same }", (11,)),
    "labels of a loop in a loop": (
        "Input(8) -> [[FC(10 * i + j) as e[i, j]] for j in [1, 2]] for i in [1, 2] -> Concat{ e[1, 2] | e[2, 1] }",
        (33,),
    ),
    "two labels of one name in a repeat name what was put last": (
        "Input(8) -> [FC(4) as h -> FC(3) as h -> FC(5)] x 2 -> Concat{ _ | h }",
        (8,),
    ),
    "a label put at two places, one a turn": (
        "Input(8) -> [[FC(4) as h] if i == 0 else [FC(3) as h]] for i in range(2) -> Concat{ _ | h }",
        (6,),
    ),
    "a label of two repeats": ("Input(8) -> [FC(4) as h] x 2 -> [FC(3) as h] x 2 -> Concat{ _ | h }", (6,)),
    "a label put at one of two places": ("Input(8) -> [FC(4) as h] if false else [FC(3) as h] -> h", (3,)),
    "only the label of the turn before": (
        "Input(8) as s[0] -> [FC(3) -> Concat{ _ | s[t] } -> FC(4) as s[t + 1]] for t in range(5)",
        (4,),
    ),
}


@pytest.mark.parametrize("title", SHAPES)
def test_shapes(title: str) -> None:
    text, shape = SHAPES[title]
    assert sound(text).shape == shape


FAULTS = {
    "a plain label above its `as`": ("Input(8) -> Concat{ FC(3) | h } -> FC(4) as h", ["NN201 h"]),
    "a plain label above its `as` in a repeat": (
        "Input(8) -> [Concat{ FC(4) | h } -> FC(8) as h] x 2",
        ["NN201 h"],
    ),
    "a plain label above the `as` of a repeat, in the second turn": (
        "Input(8) as h -> [FC(8) -> Add{ _ | h } -> ReLU as h] x 3",
        ["NN201 h"],
    ),
    "two labels of one name": ("Input(8) as h -> FC(3) as h", ["NN203 h"]),
    "a label and a tensor of one name": ("h = Input(8) -> FC(3) as h", ["NN203 h"]),
    "two labels of one name and index": ("Input(8) as e[0] -> FC(3) as e[0]", ["NN203 e[0]"]),
    "a label in a branch not taken": ("Input(8) -> [FC(4) as h] if false -> FC(3) -> Concat{ _ | h }", ["NN201 h"]),
    "a label in x 0": ("Input(8) -> [FC(4) as h] x 0 -> FC(3) -> Concat{ _ | h }", ["NN201 h"]),
    "a label of a block": ("block B = FC(4) as h\nInput(8) -> B -> Concat{ _ | h }", ["NN201 h"]),
    "an index that is not there": ("Input(8) as e[0] -> FC(3) as e[1] -> e[2]", ["NN201 e[2]"]),
    "an index of a later turn": (
        "Input(8) -> [Concat{ FC(4) | e[i + 1] } as e[i]] for i in range(3)",
        ["NN201 e[i + 1]"],
    ),
    "an index of a plain label": ("Input(8) as h -> h[0]", ["NN210 h[0]"]),
    "a member past the last": ("y = Input(8) -> { FC(3) | FC(4) }\ny[2] -> FC(3)", ["NN210 2"]),
    "labels as many as a tuple has not": ("Input(8) -> [{ FC(3) | FC(4) }] as a, b, c", ["NN406 a, b, c"]),
}


@pytest.mark.parametrize("title", FAULTS)
def test_faults(title: str) -> None:
    text, errors = FAULTS[title]
    assert check(text).errors == errors


def test_a_missing_index_lists_those_there_are() -> None:
    found = check("Input(8) as e[0] -> FC(3) as e[1] -> e[2]").only()
    assert "e[0], e[1]" in str(found.help)


def test_a_label_above_its_place_shows_it() -> None:
    found = check("Input(8) -> Concat{ FC(3) | h } -> FC(4) as h").only()
    assert [label.span.text for label in found.labels] == ["h"]


def test_the_last_turns_label_has_the_last_turns_weights() -> None:
    # FC(5): 45, FC(3): 18, then FC(4) from 3: 16, FC(3) from 4: 15
    checked = sound("Input(8) -> [FC(i) as h -> FC(3)] for i in [5, 4]\noutput h")
    assert checked.shape == (4,)
    assert checked.counts.params == 45 + 18 + 16  # the last FC(3) reaches no output
