"""The pages of `docs/` hold: their specs give what they say, their links lead somewhere, their tables are whole.

A fenced block ```` ```nn ```` or ```` ```yaml ```` is a spec without errors or warnings. Words behind the language say
more: `gives NN301 …` names the codes it gives (notes only where they are named), `with -p n=2 …` options, `file a.nn`
the name under which later specs of the page find it.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from nnspec.cli.options import Chosen, add_spec_options, chosen
from nnspec.cli.specs import Named, read_report
from nnspec.cli.usage import Parser
from nnspec.ops.index import ALIASES, OPERATORS
from nnspec.program.elaborate import Elaborator
from tests.test_architecture import ROOMS

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))

_BLOCK = re.compile(r"^```(nn|yaml)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


class Block(NamedTuple):
    page: str
    number: int
    surface: str
    said: str
    text: str

    @property
    def codes(self) -> list[str]:
        return re.findall(r"NN\d{3}", self.said.partition("gives ")[2])

    @property
    def options(self) -> list[str]:
        return shlex.split(self.said.partition("with ")[2].partition(" gives ")[0])

    @property
    def name(self) -> str:
        named = re.search(r"file (\S+)", self.said)
        return named[1] if named else f"block_{self.number}.{self.surface}"


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(page.name, n, surface, said.strip(), text) for n, (surface, said, text) in enumerate(found, 1)]


ALL = [block for page in PAGES for block in blocks(page)]


def prose(page: Path) -> str:
    """A page without its fenced blocks and without code, which may hold brackets that are no links."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "``", text)


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name, as GitHub derives them from headings."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def chosen_of(options: list[str]) -> Chosen:
    parser = Parser("check", "", ())
    add_spec_options(parser)
    return chosen(parser.parse_args(options))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {page.name: tmp_path_factory.mktemp(page.stem) for page in PAGES}
    for block in ALL:
        (made[block.page] / block.name).write_text(block.text, encoding="utf-8")
    return made


@pytest.mark.parametrize("block", ALL, ids=lambda block: f"{block.page}-{block.number}")
def test_a_spec_gives_what_the_page_says(block: Block, folders: dict[str, Path]) -> None:
    report = read_report(Named(str(folders[block.page] / block.name)), chosen_of(block.options))
    assert not report.is_fault
    given = Counter(d.code.number for d in report.diagnostics if d.severity != "note" or d.code.number in block.codes)
    named = Counter(block.codes)
    if max(named.values(), default=1) == 1:  # each code once stands for any number of it
        assert set(given) == set(named), [d.message for d in report.diagnostics]
    else:
        assert given == named, [d.message for d in report.diagnostics]


def test_the_language_page_has_specs_of_all_kinds() -> None:
    ours = [block for block in ALL if block.page == "language.md"]
    assert len(ours) >= 50
    assert {block.surface for block in ours} == {"nn", "yaml"}
    assert sum(bool(block.codes) for block in ours) >= 15


def test_every_fence_says_what_it_is() -> None:
    for page in PAGES:
        fences = re.findall(r"^```(\w*)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences[::2]) <= {"nn", "yaml", "python", "bash", "console", "text", "json"}, page.name
        assert set(fences[1::2]) <= {""}, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in _LINK.findall(prose(page)):
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {path}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {path}#{anchor}"


def test_the_table_of_operators_has_them_all() -> None:
    text = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    section = text[text.index("\n## 6. ") : text.index("### Weights and shorthands")]
    rows = "\n".join(line for line in section.splitlines() if line.startswith("| "))
    named = set(re.findall(r"`([A-Z]\w*)", rows))
    assert named == {*OPERATORS, *ALIASES}


def test_codes_that_pages_name_are_there() -> None:
    text = (ROOT / "docs" / "reference" / "diagnostics.md").read_text(encoding="utf-8")
    for page in PAGES:
        for code in re.findall(r"\bNN\d{3}\b", page.read_text(encoding="utf-8")):
            assert f"### {code} " in text, f"{page.name} names {code}"


def test_classes_that_the_architecture_page_shows_are_those_of_the_source() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "nnspec").rglob("*.py")]
    assert shown
    for part in shown:
        assert any(part in source for source in sources), part.split("\n")[0]


def test_the_architecture_page_has_all_rooms_in_their_order() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("## The rooms") : text.index("## From text to tree")]
    firsts = dict.fromkeys(prefix.split(".")[0] for prefixes in ROOMS for prefix in prefixes)
    there = {path.stem for path in (ROOT / "nnspec").iterdir()}
    rooms = [room for room in firsts if room in there and not room.startswith("_")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == rooms


def test_classes_that_the_architecture_page_names_build_on_one_another() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text[text.index("each knowing a little more") : text.index("### Regions")]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    lineage = [cls.__name__ for cls in reversed(Elaborator.__mro__)]
    assert named == lineage[1:]


def differences() -> list[list[str]]:
    """The cells of each row of the table of differences."""
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


@pytest.mark.parametrize("cells", differences(), ids=lambda cells: f"{cells[0][:30]}-{cells[2][:30]}")
def test_a_row_of_differences_holds(cells: list[str], tmp_path: Path) -> None:
    _, kind, _, _, spec, code = cells
    assert kind in ("stricter", "freer", "other")
    assert (kind == "stricter") == bool(code)
    (tmp_path / "row.nn").write_text(spec.strip("`"), encoding="utf-8")
    report = read_report(Named(str(tmp_path / "row.nn")), chosen_of([]))
    errors = [found.code.number for found in report.diagnostics if found.severity == "error"]
    assert errors == ([code] if code else []), [found.message for found in report.diagnostics]


def test_the_operator_that_contributing_shows_is_the_one_that_is_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```python\n(class .*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert shown in (ROOT / "nnspec" / "ops" / "position.py").read_text(encoding="utf-8")
