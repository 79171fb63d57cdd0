"""From a path to a tree: endings, encodings, limits, folders."""

# ruff: noqa: E501  # tables of specs read best a line each
from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.syntax.read import MOST_BYTES, Unreadable, find_specs, read_spec

if TYPE_CHECKING:
    from pathlib import Path

    from nnspec.syntax.tree import Tree


def read(path: Path | str) -> tuple[Tree, list[str]]:
    found = Diagnostics()
    tree = read_spec(str(path), found)
    return tree, [each.code.slug for each in found.sorted()]


def test_the_ending_decides(tmp_path: Path) -> None:
    texts = {"a.nn": "Input(8) -> FC(3)", "a.yaml": "nnspec: 1\nnetwork: Input(8) -> FC(3)"}
    texts["a.YML"] = texts["a.yaml"]
    trees = []
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        trees.append(read(tmp_path / name)[0].statements)
    assert trees[0] == trees[1] == trees[2]


def test_standard_input_is_an_arrow_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfInput(8) -> FC(3)")))
    tree, faults = read("-")
    assert (len(tree.statements), faults, tree.file.path) == (1, [], "<stdin>")


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    for name, text in (
        ("a.nn", b"let a = 1\r\nInput(8)\r\n"),
        ("a.yaml", b"nnspec: 1\r\nlet: {a: 1}\r\nnetwork: Input(8)"),
    ):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text)
        tree, faults = read(tmp_path / name)
        assert (len(tree.statements), faults) == (2, [])
        assert tree.file.text == text.decode()


@pytest.mark.parametrize("name", ["a.nn", "a.yaml"])
def test_bytes_that_are_not_utf8_are_located(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("# é\nlet a = '".encode() + b"\xe9'\n")
    found = Diagnostics()
    read_spec(str(tmp_path / name), found)
    (fault,) = found.sorted()
    assert fault.code.slug == "not-utf8"
    assert fault.message == "byte 14 is not UTF-8: 0xe9"
    assert fault.span.file.position(fault.span.start) == (2, 10)


@pytest.mark.parametrize("name", ["a.nn", "a.yaml"])
def test_a_file_of_more_than_a_megabyte_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"#" * MOST_BYTES)
    assert "too-large" not in read(tmp_path / name)[1]
    (tmp_path / name).write_bytes(b"#" * (MOST_BYTES + 1))
    assert read(tmp_path / name)[1] == ["too-large"]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs an endless file")
def test_an_endless_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.nn").symlink_to("/dev/zero")
    with pytest.raises(Unreadable, match="no regular file"):
        read(tmp_path / "a.nn")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.nn")
    with pytest.raises(Unreadable, match="no regular file"):
        read(tmp_path / "a.nn")


@pytest.mark.parametrize("name", ["missing.nn", "folder.nn", "a.txt", "a", "nul\0.nn"])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.nn").mkdir()
    (tmp_path / "a.txt").write_text("Input(8)")
    with pytest.raises(Unreadable) as caught:
        read(f"{tmp_path}/{name}")
    assert caught.value.path.endswith(name)
    assert caught.value.reason


def test_a_folder_holds_the_specs_below_it(tmp_path: Path) -> None:
    texts = {
        "b.nn": "", "sub/a.nn": "", "sub/deep/spec.yaml": "# c\nnnspec: 1\n", "spec.yml": '{"nnspec": 1}', "z.txt": "nnspec: 1",
        "other.yaml": "services: {nnspec: 1}\n", "text.yaml": "a: |\n  nnspec: 1\n", "broken.yaml": "nnspec: 1\nlet: [\n",
        "foreign.yaml": "a: [\n", "empty.yaml": "", "list.yaml": "- nnspec\n",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bytes.yaml").write_bytes(b"nnspec: 1\nname: \xff\n")
    names = [os.path.relpath(path, tmp_path) for path in find_specs(str(tmp_path))]
    assert names == ["b.nn", "broken.yaml", "bytes.yaml", "spec.yml", "sub/a.nn", "sub/deep/spec.yaml"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        find_specs(str(tmp_path / "missing"))


@pytest.mark.parametrize(("name", "text", "absent"), [
    ("a.nn", "Input(8) -> FC(3)", {"yaml", "jsonschema", "keras", "numpy", "tensorflow"}),
    ("a.yaml", "nnspec: 1\nnetwork: Input(8) -> FC(3)", {"keras", "numpy", "tensorflow", "difflib"}),
])  # fmt: skip
def test_reading_loads_nothing_slow(tmp_path: Path, name: str, text: str, absent: set[str]) -> None:
    (tmp_path / name).write_text(text)
    code = (
        "import sys\nfrom nnspec.diagnostics.diagnostic import Diagnostics\nfrom nnspec.syntax.read import read_spec\n"
        f"read_spec({str(tmp_path / name)!r}, Diagnostics())\nprint(' '.join(sys.modules))"
    )
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not absent & {module.split(".")[0] for module in modules}
