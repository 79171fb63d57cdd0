"""Random whole specs, their structured source rehearsed against the one without structure.

`NNSPEC_CASES=5000 pytest tests/backends/structure/test_random.py` draws more; `NNSPEC_SEED` begins elsewhere.
"""

import os
import re
from collections import Counter
from random import Random

import pytest

from tests.backends.structure.rehearsal import rehearse
from tests.program.random_specs import draw

COUNT = int(os.environ.get("NNSPEC_CASES", "300"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))
AT_ONCE = 20


#: Names that hide others, and names that mean something in Python.
NAMES = ("w", "c", "k", "x", "i", "p0", "inputs", "keras", "math", "block0", "conv", "range")


def changed(seed):
    """A random spec with some of its numbers as params, and its names as such that hide each other."""
    random = Random(seed)
    lines = str(draw(seed)).splitlines()
    found = []

    def param(match):
        if random.random() > 0.25:
            return match[0]
        found.append(match[2])
        return f"{match[1]}p{len(found) - 1}"

    body = [re.sub(r"(\(|x |[+*] |, |< |== )(\d+)\b", param, line) for line in lines[1:]]
    text = "\n".join([lines[0], *[f"param p{index} = {value}" for index, value in enumerate(found)], *body, ""])
    for name in dict.fromkeys(re.findall(r"\b(?:e?i\d+|h\d+|j)\b", text)):
        if random.random() < 0.6:
            text = re.sub(rf"\b{name}\b", random.choice(NAMES), text)
    return text


@pytest.mark.parametrize("start", range(SEED, SEED + COUNT, AT_ONCE))
def test_random_specs_with_params_and_hiding_names(start):
    faults = []
    for seed in range(start, min(start + AT_ONCE, SEED + COUNT)):
        text = changed(seed)
        faults += [f"seed {seed}: {fault}\n{text}" for fault in rehearse(text).faults[:1]]
    assert not faults, "\n\n".join(faults)


@pytest.mark.parametrize("start", range(SEED, SEED + COUNT, AT_ONCE))
def test_random_specs(start):
    faults = []
    for seed in range(start, min(start + AT_ONCE, SEED + COUNT)):
        text = str(draw(seed))
        faults += [f"seed {seed}: {fault}\n{text}" for fault in rehearse(text).faults[:1]]
    assert not faults, "\n\n".join(faults)


def test_most_specs_keep_their_structure():
    verdicts = Counter(rehearse(str(draw(seed))).verdict for seed in range(1, 60))
    assert verdicts["kept"] > 20 * verdicts["unrolled"]
    assert verdicts["refused"] > 5
