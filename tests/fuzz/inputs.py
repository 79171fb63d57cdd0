"""Input number `i` of a seed: a file's bytes, its ending and the options, the same on every machine."""

from __future__ import annotations

import string
from functools import cache
from random import Random

from nnspec.record import Record
from tests.fuzz.arrows import NASTY, arrow_spec
from tests.fuzz.corpus import texts
from tests.fuzz.documents import yaml_spec
from tests.fuzz.mutate import WORDS, mutated
from tests.fuzz.nasty import trap

MOST_BYTES = 65_536


class Input(Record):
    """What one `check` is given. `params`, `sets` and `inputs` are the options as typed."""

    kind: str
    data: bytes
    is_yaml: bool
    params: tuple[tuple[str, str], ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str | None, str], ...] = ()


def make_input(seed: int, number: int) -> Input:
    """The input of this number."""
    rng = Random(f"{seed}:{number}")
    kind, made, is_yaml = _KINDS[rng.choices(range(len(_KINDS)), _WEIGHTS)[0]](rng)
    data = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
    params, sets, inputs = _options(rng)
    return Input(kind, data[:MOST_BYTES], is_yaml, params, sets, inputs)


def _size(rng: Random) -> int:
    return rng.choice((0, 1, 3, 10, 30, 100, 300, 1000, 1000, 4000, rng.randrange(MOST_BYTES)))


def _bytes(rng: Random) -> tuple[str, bytes, bool]:
    return "bytes", rng.randbytes(_size(rng)), rng.random() < 0.5


def _characters(rng: Random) -> tuple[str, str, bool]:
    alphabet = rng.choice(
        (string.printable, "()[]{}|->x, \n", "01234567890.e-+_KMG ", "abcxifor in_\n:-", "éС→×\u2028\ufeff\0\x85 a\n")
    )
    return "characters", "".join(rng.choices(alphabet, k=_size(rng))), rng.random() < 0.3


def _words(rng: Random) -> tuple[str, str, bool]:
    words = WORDS if rng.random() < 0.5 else (*WORDS[:60], *NASTY)
    joint = rng.choice(("", " ", " "))
    return "words", joint.join(rng.choices(words, k=min(_size(rng) // 4, 6000))), rng.random() < 0.3


def _arrow(rng: Random) -> tuple[str, str, bool]:
    return "arrow", arrow_spec(rng), False


def _yaml(rng: Random) -> tuple[str, str, bool]:
    return "yaml", yaml_spec(rng), True


@cache
def _others(is_yaml: bool) -> tuple[str, ...]:
    return tuple([text for text, yaml in texts() if yaml is is_yaml])


def _mutated_corpus(rng: Random) -> tuple[str, str, bool]:
    text, is_yaml = rng.choice(texts())
    return "mutated corpus", mutated(text, rng, _others(is_yaml)), is_yaml


def _mutated_arrow(rng: Random) -> tuple[str, str, bool]:
    return "mutated arrow", mutated(arrow_spec(rng), rng, _others(False)), False


def _mutated_yaml(rng: Random) -> tuple[str, str, bool]:
    return "mutated yaml", mutated(yaml_spec(rng), rng, _others(True)), True


def _mutated_bytes(rng: Random) -> tuple[str, bytes, bool]:
    text, is_yaml = rng.choice(texts())
    data = bytearray(text.encode())
    for _ in range(rng.choice((1, 2, 10))):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    return "mutated bytes", bytes(data), is_yaml


def _large(rng: Random) -> tuple[str, str, bool]:
    """Many specs in one file, near 64 KB."""
    wanted = rng.choice((10_000, 30_000, MOST_BYTES))
    parts: list[str] = []
    while sum(map(len, parts)) < wanted:
        parts.append(arrow_spec(rng))
    return "large", "\n".join(parts), False


def _trap(rng: Random) -> tuple[str, str, bool]:
    text, is_yaml, name = trap(rng)
    return "trap", text, is_yaml if name else False


def _mutated_trap(rng: Random) -> tuple[str, str, bool]:
    text, is_yaml, _ = trap(rng)
    return "mutated trap", mutated(text, rng, _others(is_yaml)), is_yaml


_KINDS = (
    _bytes, _characters, _words, _arrow, _yaml, _mutated_corpus, _mutated_arrow, _mutated_yaml, _mutated_bytes, _large, _trap, _mutated_trap,
)  # fmt: skip
_WEIGHTS = (4, 5, 9, 22, 8, 22, 12, 8, 4, 0.1, 1, 0.6)


def _options(
    rng: Random,
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], tuple[tuple[str | None, str], ...]]:
    if rng.random() < 0.7:
        return (), (), ()
    value = lambda: rng.choice(
        (*NASTY, "2", "3", "8", "same", "1 +", "(", "", " ", "\n", "a\nb", "é", "Conv(3)", "x -> y", "#", '"')
    )
    params = tuple(
        [
            (rng.choice(("n", "m", "classes", "width", "p1", "p2", "zz")), value())
            for _ in range(rng.choice((0, 1, 2, 3)))
        ]
    )
    names = (
        "Conv.filters",
        "Conv.kernel",
        "FC.units",
        "Conv.padding",
        "Foo.bar",
        "Conv.nope",
        "train.epochs",
        "conv.filters",
        "Conv",
        "a.b.c",
    )
    sets = tuple([(rng.choice(names), value()) for _ in range(rng.choice((0, 0, 1, 2, 4)))])
    sizes = (
        "32,32,3",
        "H,W,3",
        "8",
        "0",
        "-1,3",
        "1e9,1e9",
        "(3, 3)",
        "3,",
        ",",
        "",
        "x",
        "8, 8, 4) -> (",
        "2^5000",
        "?",
        "true",
        "H*2,3",
    )
    inputs = tuple(
        [(rng.choice((None, None, "input", "a", "y1")), rng.choice(sizes)) for _ in range(rng.choice((0, 0, 1, 2)))]
    )
    if rng.random() < 0.3:
        return (("n", "2"), ("m", "3")), (("Conv.filters", "8"), ("Conv.kernel", "3"), ("Conv.padding", "same"), ("FC.units", "4")), (
            (None, "32,32,3"),
        )  # fmt: skip
    return params, sets, inputs
