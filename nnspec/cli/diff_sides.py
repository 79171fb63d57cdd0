"""The two networks of `diff`: which options hold for which, how each is read, which models belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.analysis.on_domain import OnDomain
from nnspec.cli.diff_formats import is_saved, verify_format
from nnspec.cli.options import Chosen, chosen
from nnspec.cli.specs import Report, read_one
from nnspec.cli.stop import flat_view, promises_as_warnings, show
from nnspec.cli.usage import UsageError
from nnspec.comparing.spec_side import net_of_graph
from nnspec.diagnostics.codes.names import UNKNOWN_OPTION
from nnspec.record import Record, replace
from nnspec.syntax.read import is_stream

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from nnspec.analysis.quantities import Counts
    from nnspec.cli.output import Output
    from nnspec.comparing.net import Net
    from nnspec.program.graph import Graph

MOST_LAYERS = 100_000

_NOTHING = Chosen((), (), (), None, allow_outside=False)


class Side(Record):
    """One of the two files: what was found in it, and its networks, each with its flat view.

    A saved model has neither a report nor flat views.
    """

    path: str
    report: Report | None
    nets: tuple[Net, ...]
    graphs: tuple[tuple[Graph, Counts], ...] = ()


class Pairing(Record):
    """Two models to compare, or one that is only in one of the files."""

    old: Net | None
    new: Net | None
    several: bool = False  # whether the files have more, so that the names of models are said

    @property
    def title(self) -> str:
        """`old.nn → new.nn`."""
        return " → ".join(self._names())

    @property
    def both(self) -> str:
        """`old.nn and new.nn`."""
        return " and ".join(self._names())

    @property
    def alone(self) -> str:
        """What is said of a model that is only in one file."""
        net, what = (self.new, "added") if self.new is not None else (self.old, "removed")
        return f"the model {net.name} was {what}: it is only in {net.path}" if net is not None else ""

    def _names(self) -> list[str]:
        nets = [net for net in (self.old, self.new) if net is not None]
        return [f"{net.path}: {net.name}" if self.several else net.path for net in nets]


# Options.


def options_of(options: argparse.Namespace) -> tuple[Chosen, Chosen]:
    """What holds for the old one and for the new one.

    Raises: UsageError.
    """
    return _chosen(options, "old"), _chosen(options, "new")


def _chosen(options: argparse.Namespace, side: str) -> Chosen:
    """The settings of one side: what is said of it, and what is said of both."""
    own = type(options)(**vars(options))
    for name in ("params", "sets", "inputs"):
        texts = [_apart(text) for text in getattr(options, name)]
        # What is said of one side wins over what is said of both, wherever it stands.
        setattr(own, name, [text for of, text in texts if of is None] + [text for of, text in texts if of == side])
    if options.model is not None and ":" in options.model:
        old, _, new = options.model.partition(":")
        own.model = (old if side == "old" else new).strip() or None
    return chosen(own)


def _apart(text: str) -> tuple[str | None, str]:
    """The side that an option names, and the option."""
    for side in ("old", "new"):
        if text.lstrip().startswith(f"{side}:"):
            return side, text.lstrip().removeprefix(f"{side}:")
    return None, text


# Files.


def read_sides(old: str, new: str | None, given: tuple[Chosen, Chosen], errors: Output) -> tuple[Side, Side] | None:
    """Both files, read; None where one cannot be compared, which is said.

    Raises: UsageError.
    """
    if new is None and given[0] == given[1]:
        raise UsageError(
            f"two networks are compared: name another file after {old}, or set the two apart with an option "
            "such as `-p new:n=3`"
        )
    if is_stream(old) and new in (old, None):
        raise UsageError(
            f"{'standard input' if old == '-' else old} can be read once: give the other network as a file"
        )
    for path in (old, new):
        if path is not None:
            verify_format(path)
    reports = _reports((old, old if new is None else new), given)
    if all(report is None for _, report in reports) and given[0] != _NOTHING:
        raise UsageError("options are for specs: a saved model is as it is")
    sides = [_side(path, report, errors) for path, report in reports]
    return (sides[0], sides[1]) if sides[0] is not None and sides[1] is not None else None


def _reports(paths: tuple[str, str], given: tuple[Chosen, Chosen]) -> list[tuple[str, Report | None]]:
    """The reports of both files; a param that is given to both and known to one alone is meant for that one."""
    read = [None if is_saved(path) else read_one(path, own) for path, own in zip(paths, given, strict=True)]
    both = {name for name, value in given[0].params if (name, value) in given[1].params}
    unknown = [both if report is None else _unknown_params(report) for report in read]
    found: list[tuple[str, Report | None]] = []
    for place, (path, report, own) in enumerate(zip(paths, read, given, strict=True)):
        idle = unknown[place] & both - unknown[1 - place]
        if report is None or is_stream(path) or not idle:
            found.append((path, report))
            continue
        less = replace(own, params=tuple([pair for pair in own.params if pair[0] not in idle]))
        found.append((path, read_one(path, less)))
    return found


def _unknown_params(report: Report) -> set[str]:
    """The params that the command line gives and the file does not have."""
    texts = [each.span.file.text for each in report.diagnostics if each.code is UNKNOWN_OPTION]
    return {text.removeprefix("-p ").partition("=")[0].strip() for text in texts if text.startswith("-p ")}


def _side(path: str, report: Report | None, errors: Output) -> Side | None:
    if report is None:
        return _saved_side(path)
    softened = promises_as_warnings(report)
    for found in softened.diagnostics:
        if found.severity == "error":
            show(found, errors)
    if softened.has_errors:
        return None
    graphs: list[tuple[Graph, Counts]] = []
    nets: list[Net] = []
    for counted in report.models:
        graph = flat_view(counted, errors, MOST_LAYERS)
        if graph is None or counted.counts is None:
            return None
        graphs.append((graph, counted.counts))
        on_domain = OnDomain(counted.model)
        nets.append(net_of_graph(graph, counted.counts, report.path, None if on_domain.is_whole else on_domain))
    if not graphs:
        raise UsageError(f"{report.path} is a library: it has no network to compare")
    return Side(report.path, report, tuple(nets), tuple(graphs))


def _saved_side(path: str) -> Side:
    """A saved model.

    Raises: UsageError, where it cannot be read.
    """
    from nnspec.backends.framework import FrameworkMissingError
    from nnspec.backends.saved import SavedModelError
    from nnspec.comparing.with_saved import net_of_saved

    try:
        return Side(path, None, (net_of_saved(path),))
    except SavedModelError as error:
        raise UsageError(f"{path} cannot be read as a saved model: {error}") from None
    except FrameworkMissingError as error:
        raise UsageError(str(error)) from None


def in_keras(side: Side, net: Net, errors: Output) -> Net | None:
    """A network in Keras's layers, to be compared with a saved one; None where it cannot be built, which is said.

    Raises: UsageError, where no framework is installed.
    """
    from nnspec.backends.framework import FrameworkMissingError
    from nnspec.backends.keras_build import BuildError
    from nnspec.comparing.with_saved import net_of_built

    if side.report is None:
        return net
    graph, counts = side.graphs[side.nets.index(net)]
    try:
        return net_of_built(graph, counts, side.path)
    except BuildError as error:
        for found in error.found.sorted():
            show(found, errors)
        return None
    except FrameworkMissingError as error:
        raise UsageError(str(error)) from None


# Models.


def pairings(old: Side, new: Side) -> list[Pairing]:
    """Which models are compared: the only ones, else those of one name.

    Raises: UsageError, where it is not clear.
    """
    if len(old.nets) == 1 and len(new.nets) == 1:
        return [Pairing(old.nets[0], new.nets[0])]
    theirs = {net.name: net for net in new.nets}
    if len(old.nets) == 1 or len(new.nets) == 1:
        (one,), side = (old.nets, new) if len(old.nets) == 1 else (new.nets, old)
        same = next((net for net in side.nets if net.name == one.name), None)
        if same is None:
            option = f":{side.nets[0].name}" if side is new else f"{side.nets[0].name}:"
            raise UsageError(
                f"{side.path} holds several models, and none is called {one.name}: choose one with "
                f"`--model {option}`: {_listed(side.nets)}"
            )
        return [Pairing(one, same) if side is new else Pairing(same, one)]
    mine = {net.name for net in old.nets}
    shared = [Pairing(net, theirs.get(net.name), several=True) for net in old.nets]
    return [*shared, *[Pairing(None, net, several=True) for net in new.nets if net.name not in mine]]


def _listed(nets: Sequence[Net]) -> str:
    return ", ".join([net.name for net in nets])
