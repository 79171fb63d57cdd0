"""Specs with a fix are networks that Keras builds, with the shapes that we say."""

from __future__ import annotations

import re

import pytest

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from nnspec.program.graph import flatten
from tests.mending.broken import BROKEN
from tests.mending.offering import Offered, spliced
from tests.program.checking import check

keras = import_keras()

# TensorFlow's variables are behind numpy 2; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CHOSEN = [text for text, line in BROKEN if line is not None and not re.search(r"\bH\b|^model", text)][::4]


@pytest.mark.parametrize("text", CHOSEN, ids=lambda text: text.splitlines()[-1][:60])
def test_keras_builds_what_is_mended(text: str) -> None:
    whole = [fix for fix in Offered(text).fixes if "; then NN" not in fix.title]  # others say what they leave
    assert whole
    for fix in whole:
        mended = check(spliced(text, fix.edits))
        assert not mended.errors
        keras.utils.clear_session()
        made = build(flatten(mended.model))
        assert tuple(made.output_shape[1:]) == mended.shape
