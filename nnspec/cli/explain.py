"""`nnspec explain`: what a diagnostic means, with a failing and a mended spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.cli.output import Output
from nnspec.cli.usage import Parser, UsageError
from nnspec.diagnostics.catalogue import all_codes, find_code, near_codes
from nnspec.diagnostics.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nnspec.diagnostics.diagnostic import Code
    from nnspec.diagnostics.screen import Screen


def run(arguments: Sequence[str]) -> int:
    """Explain one diagnostic, or list them all."""
    parser = Parser(
        "explain", "What a diagnostic means, with a failing and a mended spec; without CODE, the list of all.",
        ("nnspec explain NN301", "nnspec explain window-too-large", "nnspec explain"),
    )  # fmt: skip
    parser.add_argument("code", metavar="CODE", nargs="?", help="a number or a slug")
    parser.add_argument("--color", metavar="auto|always|never", default="auto", help="colours (auto)")
    options = parser.read(arguments)
    output = Output.standard(options.color)
    if options.code is None:
        output.text("\n".join(_listed(output.screen)))
        return 0
    code = find_code(options.code)
    if code is None:
        hint = suggestion(near_codes(options.code)) or "`nnspec explain` lists all"
        raise UsageError(f"there is no diagnostic `{options.code}`; {hint}")
    output.text("\n".join(_page(code, output.screen)))
    return 0


def _listed(screen: Screen) -> Iterator[str]:
    for code in all_codes():
        yield f"{screen.paint(code.number, code.severity)}  {code.slug:<26} {code.severity:<8} {code.title}"


def _page(code: Code, screen: Screen) -> Iterator[str]:
    from textwrap import wrap

    yield screen.paint(f"{code.severity}[{code.number}]", code.severity) + screen.paint(f" {code.slug}", "bold")
    yield code.title
    if code.explanation:
        yield ""
        yield from wrap(code.explanation, 96, break_long_words=False, break_on_hyphens=False)
    for head, spec in (("failing", code.failing), ("mended", code.mended)):
        if spec:
            yield ""
            yield screen.paint(f"{head}:", "error" if head == "failing" else "ok")
            yield ""
            yield from (f"    {line}" if line else "" for line in _shortened(spec))


def _shortened(spec: str) -> list[str]:
    """A spec's lines; those that show a limit are long, and their beginning tells enough."""
    return [line if len(line) <= 160 else f"{line[:157]}…" for line in spec.rstrip("\n").split("\n")[:60]]
