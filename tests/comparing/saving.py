"""Models saved for tests, and archives whose description is changed."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from nnspec.backends.framework import import_keras
from nnspec.backends.keras_build import build
from tests.program.checking import check


def forgetting() -> Iterator[None]:
    """As a fixture: Keras makes weights that were only described as soon as others are made, unless it forgets them."""
    yield
    import_keras().utils.clear_session()


def save(text: str, path: Path) -> Path:
    """The Keras model of a spec, saved."""
    build(check(text).graph).save(path)
    return path


def rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Change what an archive says of its model."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read("config.json").decode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", change(text))
