"""Random whole specs, their structured source rehearsed against the one without structure.

`NNSPEC_CASES=5000 pytest tests/backends/structure/test_random.py` draws more; `NNSPEC_SEED` begins elsewhere.
"""

import os
from collections import Counter

import pytest

from tests.backends.structure.rehearsal import rehearse
from tests.program.random_specs import draw

COUNT = int(os.environ.get("NNSPEC_CASES", "300"))
SEED = int(os.environ.get("NNSPEC_SEED", "1"))
AT_ONCE = 20


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
