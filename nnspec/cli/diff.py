"""`nnspec diff`: what differs between two networks, matched by structure and not by name.

Like diff(1): 0 where there is no difference, 1 where there is one, 2 where they cannot be compared. Specs are
compared without a framework; a saved model needs Keras, which says what its layers are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.cli.diff_sides import Pairing, in_keras, options_of, pairings, read_sides
from nnspec.cli.diff_text import markdown_lines, text_lines
from nnspec.cli.options import add_spec_options, read_options
from nnspec.cli.output import Output
from nnspec.cli.usage import Parser
from nnspec.comparing.difference import difference
from nnspec.deep_stack import with_deep_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnspec.cli.diff_sides import Side
    from nnspec.comparing.difference import Difference

FORMATS = ("text", "json", "markdown")

_DOES = """What differs between two networks: layers added, removed and changed, matched
by structure and not by name, with the change in sizes, params, MACs and
receptive field. Each is a spec or a model that Keras saved.

Options hold for both; a value that begins with `old:` or `new:` holds for that
one: `-p new:n=3`, `--input old:32,32,3`. `--model A:B` compares A with B."""

_EXAMPLES = (
    "nnspec diff specs/residual/resnet18.nn specs/residual/resnet34.nn",
    "nnspec diff specs/residual/resnet18.nn -p new:classes=10",
    "nnspec diff net.nn net.keras",
    "git show HEAD:net.nn | nnspec diff - net.nn --format markdown",
    "nnspec diff gan.nn gan.nn --model Small:Large",
)


def run(arguments: Sequence[str]) -> int:
    """Show what differs."""
    parser = Parser("diff", _DOES, _EXAMPLES)
    parser.add_argument("old", metavar="OLD", help="a spec, a saved .keras model, or - for standard input")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the other one; OLD itself, where options set them apart")
    parser.add_argument("--all", action="store_true", help="list the layers that only have other sizes, too")
    add_spec_options(parser, FORMATS)
    options = read_options(parser, arguments)
    errors = Output.errors(options.color)
    sides = read_sides(options.old, options.new, options_of(options), errors)
    if sides is None:
        return 2
    found: list[tuple[Pairing, Difference | None]] = []
    for pair in pairings(*sides):
        try:
            found.append((pair, _difference(pair, sides, errors)))
        except _NotBuilt:
            return 2
    output = Output.standard(options.color)
    if options.format == "json":
        _json(sides, found, output)
    else:
        show = markdown_lines if options.format == "markdown" else text_lines
        for number, each in enumerate(found):
            if number:
                output.raw("\n")
            for line in show(*each, output, everything=options.all):
                output.text(line)
    return 0 if all(each is not None and each.is_none for _, each in found) else 1


class _NotBuilt(Exception):  # noqa: N818
    """A spec cannot be built in Keras, which was said."""


def _difference(pair: Pairing, sides: tuple[Side, Side], errors: Output) -> Difference | None:
    """What differs between two models; None where there is only one."""
    old, new = pair.old, pair.new
    if old is None or new is None:
        return None
    if all(side.report is not None for side in sides):
        return with_deep_stack(lambda: difference(old, new))
    from nnspec.comparing.with_saved import difference_in_keras

    nets = [in_keras(side, net, errors) for side, net in zip(sides, (old, new), strict=True)]
    if nets[0] is None or nets[1] is None:
        raise _NotBuilt
    return difference_in_keras(nets[0], nets[1])


def _json(sides: tuple[Side, Side], found: list[tuple[Pairing, Difference | None]], output: Output) -> None:
    import json

    from nnspec.cli.diff_document import diff_document

    output.raw(json.dumps(diff_document(sides, found), indent=2) + "\n")
