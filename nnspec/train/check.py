"""Checks a training against its network from what is known of the data, which it does not open.

`train` runs the same checks again with what it has counted, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nnspec.diagnostics.codes import training as codes
from nnspec.diagnostics.diagnostic import Code, Diagnostics, Label
from nnspec.record import Record
from nnspec.shapes.dim import is_known
from nnspec.shapes.tensor import shape_text
from nnspec.syntax.near import near_help
from nnspec.train.keys import Pick, listed
from nnspec.train.losses import Loss, Metric, improves
from nnspec.train.network import End, Network, network_of
from nnspec.train.plan import OutputPlan, Plan, Seen, entry, fits, known_set, plan, plan_output, stated
from nnspec.train.section import Training, has_test_set, is_shares, monitor_of, split_of

if TYPE_CHECKING:
    from nnspec.program.program import Model
    from nnspec.source import Span


class Finding(Record):
    """An error to be reported."""

    code: Code
    span: Span
    message: str
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: str | None = None


Findings = Iterator[Finding]

_UNSTATED = (
    "`train` stops here; `check` only warns, for the spec itself states nothing of its data "
    "(`data.features`, `data.target`)"
)


def check_training(
    training: Training, model: Model, found: Diagnostics, seen: Seen | None = None, *, runs: bool = False
) -> Plan | None:
    """The plan of a training, where nothing speaks against it; what does is reported.

    `seen` is what a run has counted; without it, what the spec states and scikit-learn's sets are known
    for. What only those tell is a warning, unless the training `runs`: a spec holds for all that it states.
    """
    network = network_of(model)
    if network is None:
        return None
    seen = seen or stated(training)
    findings = [
        *wrong_facts(training),
        *_names(training, network),
        *_features(training, network, seen),
        *_targets(training, network, seen),
        *_watched(training, network),
        *_amounts(training, seen),
    ]
    for finding in findings:
        unstated = not runs and _is_unstated(finding, training)
        found.report(
            finding.code,
            finding.message,
            finding.span,
            label=finding.label,
            labels=finding.labels,
            notes=(_UNSTATED,) if unstated else (),
            help=finding.help,
            severity="warning" if unstated else None,
        )
    return None if findings else plan(training, network, seen)


def _is_unstated(finding: Finding, training: Training) -> bool:
    """Whether a finding rests on what a set of scikit-learn's is known for, and on no fact of the spec."""
    shapes = finding.code in (codes.FEATURES_DIFFER, codes.TARGETS_DIFFER)
    return shapes and known_set(training) is not None and finding.span == training.data.at("source")


# --- facts -------------------------------------------------------------------------------


def wrong_facts(training: Training) -> Findings:
    """Facts about scikit-learn's sets that are known to be false."""
    data, known = training.data, known_set(training)
    if known is None:
        return
    if data.examples is not None and data.examples != known.examples:
        yield _fact(data.at("examples"), f"{data.source} has {known.examples} examples, not {data.examples}")
    features, target = data.features, data.target
    shapes = [shape for shape, _ in known.shapes]
    if features is not None and features.shape is not None and features.shape not in shapes:
        there = " or ".join(shape_text(shape) for shape in shapes)
        yield _fact(features.at("shape"), f"an example of {data.source} is {there}, not {shape_text(features.shape)}")
    if features is not None and features.range is not None and not within(known.range, features.range):
        yield _fact(features.at("range"), _range_text(f"the features of {data.source}", known.range, features.range))
    if target is None:
        return
    if target.classes is not None and target.classes != known.classes:
        there = f"{known.classes} classes" if known.classes else "values to predict, no classes"
        yield _fact(target.at("classes"), f"{data.source} has {there}, not {target.classes}")
    natural = "int" if known.classes else "value"
    if target.encoding is not None and target.encoding != natural:
        yield _fact(target.at("encoding"), f"the targets of {data.source} are `{natural}`, not `{target.encoding}`")
    if target.shape is not None and target.shape != known.target_shape:
        yield _fact(target.at("shape"), f"a target of {data.source} has the shape {shape_text(known.target_shape)}")
    if target.range is not None and not within(known.target_range, target.range):
        yield _fact(target.at("range"), _range_text(f"the targets of {data.source}", known.target_range, target.range))


def within(true: tuple[float, float], said: tuple[float, ...]) -> bool:
    """Whether values lie in a stated range."""
    return len(said) == 2 and said[0] <= true[0] and true[1] <= said[1]


def _range_text(what: str, true: tuple[float, float], said: tuple[float, ...]) -> str:
    return f"{what} run from {true[0]:g} to {true[1]:g}, which is not within {said[0]:g} and {said[1]:g}"


def _fact(span: Span, message: str) -> Finding:
    return Finding(codes.WRONG_FACT, span, message, help="mend the fact, or leave it out")


# --- names of outputs --------------------------------------------------------------------


def _names(training: Training, network: Network) -> Findings:
    outputs = [end.name for end in network.outputs]
    loss = training.loss
    named = [(name, loss.places.get(name, loss.span)) for name in [*loss.picks, *loss.weights] if name]
    named += [(name, training.at("metrics")) for name in training.metrics if name]
    for name, span in named:
        if name not in outputs:
            help = near_help(name, outputs) or f"its outputs are {listed(outputs)}"
            yield Finding(codes.UNKNOWN_CHOICE, span, f"the network has no output `{name}`", help=help)
    for end in network.outputs:
        if loss.of(end.name) is None:
            yield Finding(
                codes.TARGETS_DIFFER,
                loss.span,
                f"the output `{end.name}` has no loss",
                labels=(Label(end.span, "this output"),),
                help=f"add `{end.name}: …` to `loss`",
            )
    if len(network.inputs) > 1:
        yield Finding(
            codes.NOT_THERE_YET,
            training.data.at("source"),
            f"training networks of {len(network.inputs)} inputs is not there yet",
            help="train a network with one Input, or generate the source and feed it by hand",
        )


# --- features ----------------------------------------------------------------------------


def _features(training: Training, network: Network, seen: Seen) -> Findings:
    end = network.inputs[0]
    if len(network.inputs) > 1 or seen.shapes is None or entry(seen, end) is not None:
        return
    there = " or ".join(shape_text(shape) for shape in seen.shapes)
    mended = (*seen.shapes[-1], 1) if len(seen.shapes[-1]) == 2 else seen.shapes[-1]
    yield Finding(
        codes.FEATURES_DIFFER,
        _features_span(training),
        f"an example is {there}, and the network's input {shape_text(end.type.shape)}",
        labels=(Label(end.span, f"takes {shape_text(end.type.shape)}"),),
        help=f"write `Input({', '.join(map(str, mended))})`",
    )


def _features_span(training: Training) -> Span:
    """Where the spec says most exactly what an example is."""
    features, data = training.data.features, training.data
    if features is not None:
        return next((features.at(name) for name in ("shape", "columns") if features.wrote(name)), features.span)
    return next((data.at(name) for name in ("x", "path") if data.wrote(name)), data.at("source"))


# --- targets -----------------------------------------------------------------------------


def _targets(training: Training, network: Network, seen: Seen) -> Findings:
    for end in network.outputs:
        output = plan_output(training, end, seen)
        if output is None:
            continue
        wrong = [*_encoding(training, output, seen)] or [*_labels(training, output, seen)]
        yield from wrong or _units(training, output, seen)
        yield from _activation(output)
        yield from _metrics(output)


def _encoding(training: Training, output: OutputPlan, seen: Seen) -> Findings:
    """Encodings that the loss cannot read, and tasks that it does not teach."""
    reads, word, target = output.reads, output.loss.word, training.data.target
    span = target.at("encoding") if target is not None and target.wrote("encoding") else output.loss.span
    encoding = seen.encoding
    if reads == "int" and encoding not in (None, "int"):
        other = {"onehot": "categorical_crossentropy", "multihot": "binary_crossentropy"}.get(encoding or "")
        yield Finding(
            codes.ENCODING_DIFFERS,
            span,
            f"`{word}` reads class numbers, and the targets are `{encoding}`",
            labels=(Label(output.loss.span, "this loss"),),
            help=f"write `loss: {other or 'mean_squared_error'}`",
        )
    elif reads == "onehot" and (
        encoding in ("multihot", "value") or (encoding == "int" and _is_stated(training, "encoding"))
    ):
        yield Finding(
            codes.ENCODING_DIFFERS,
            span,
            f"`{word}` reads one-hot vectors, and the targets are `{encoding}`",
            labels=(Label(output.loss.span, "this loss"),),
            help=_onehot_help(encoding),
        )
    if training.task == "regression" and reads in ("int", "onehot"):
        yield Finding(
            codes.ENCODING_DIFFERS,
            training.at("task"),
            f"`{word}` is a loss of classes, and the task is regression",
            labels=(Label(output.loss.span, "this loss"),),
            help="write `loss: mean_squared_error`",
        )


def _is_stated(training: Training, name: str) -> bool:
    return training.data.target is not None and training.data.target.wrote(name)


def _onehot_help(encoding: str | None) -> str:
    if encoding == "int":
        return "write `loss: sparse_categorical_crossentropy`, or leave `encoding` out to have the numbers encoded"
    return "write `loss: binary_crossentropy`" if encoding == "multihot" else "write `loss: mean_squared_error`"


def _labels(training: Training, output: OutputPlan, seen: Seen) -> Findings:
    """Class numbers past the outputs that there are for them."""
    if seen.labels is None or seen.encoding not in (None, "int") or not output.end.type.rank:
        return
    low, high = seen.labels
    units = output.end.type.channels
    span = target_span(training)
    if output.reads == "int" or output.encode:
        if low < 0 or (is_known(units) and high >= units):
            what = f"class numbers run from {low:g} to {high:g}, and the network has outputs for 0 to {units - 1}"
            yield Finding(
                codes.TARGETS_DIFFER,
                span,
                what,
                labels=(Label(output.end.span, f"{units} outputs"),),
                help=_renumber(seen, units),
            )
    elif output.reads == "binary" and (high > 1 or low < (-1 if "hinge" in output.loss.word else 0)):
        yield Finding(
            codes.TARGETS_DIFFER,
            span,
            f"`{output.loss.word}` reads 0 and 1, and the targets run from {low:g} to {high:g}",
            labels=(Label(output.loss.span, "this loss"),),
            help="write `loss: sparse_categorical_crossentropy`, or number two classes 0 and 1",
        )


def _renumber(seen: Seen, units: object) -> str:
    assert seen.labels is not None
    if seen.labels[0] == 1 and seen.labels[1] == units:
        return "number the classes from 0, not from 1"
    return f"end the network with `FC({seen.labels[1] + 1:g})`" if seen.labels[0] >= 0 else "number the classes from 0"


def target_span(training: Training) -> Span:
    """Where the spec says most exactly what the targets are."""
    target = training.data.target
    if target is not None:
        return target.at("column") if target.wrote("column") else target.span
    return next(
        (training.data.at(name) for name in ("y", "path") if training.data.wrote(name)), training.data.at("source")
    )


def _units(training: Training, output: OutputPlan, seen: Seen) -> Findings:
    """Outputs of another shape than the targets."""
    wanted = _wanted(output, seen)
    shape = output.end.type.shape
    if wanted is None or fits(shape, wanted):
        return
    target = training.data.target
    at = next((name for name in ("classes", "shape") if target is not None and target.wrote(name)), None)
    span = target.at(at) if target is not None and at is not None else target_span(training)
    too_many = output.reads == "binary" and (seen.classes or 2) > 2
    classes = seen.classes if output.reads in ("int", "onehot") or output.encode or too_many else None
    what = f"there are {classes} classes" if classes else f"a target is {shape_text(seen.target_shape or ())}"
    several = "" if len(training.loss.picks) == 1 and output.weight is None else f" `{output.end.name}`"
    yield Finding(
        codes.TARGETS_DIFFER,
        span,
        f"{what}, and the output{several} of the network is {shape_text(shape)}",
        labels=(Label(output.end.span, f"gives {shape_text(shape)}, not {shape_text(wanted)}"),),
        help=_units_help(output, wanted),
    )


def _wanted(output: OutputPlan, seen: Seen) -> tuple[int, ...] | None:
    """The output shape that fits the targets, as far as it is known; -1 … is never in it."""
    if output.reads == "int" or output.encode:
        if seen.classes is None or seen.target_shape is None:
            return None
        return (*seen.target_shape, seen.classes)
    if seen.target_shape is None:
        return None
    if seen.target_shape == () and output.expand:
        if output.reads == "binary" and (seen.classes or 2) > 2:
            return (seen.classes or 2,)
        return (1,)
    return seen.target_shape


def _units_help(output: OutputPlan, wanted: tuple[int, ...]) -> str:
    shape = output.end.type.shape
    if len(shape) > len(wanted):
        layer = f"FC({wanted[-1] if wanted else 1})"
        return f"end the network with `GlobalAvgPool` or `{layer}`, which gives {shape_text(wanted)}"
    if output.reads == "binary" and output.expand and wanted != (1,):
        return f"write `loss: sparse_categorical_crossentropy` and end the network with `FC({wanted[-1]})`"
    if output.reads == "int" and shape[-1:] == (1,) and wanted[-1:] == (2,):
        return "write `FC(2)`, or `loss: binary_crossentropy` for one output"
    return (
        f"end the network with `FC({wanted[-1]})`" if len(wanted) == 1 else f"let the network give {shape_text(wanted)}"
    )


def _activation(output: OutputPlan) -> Findings:
    """Activations applied twice, or not at all."""
    loss, end = output.loss, output.end
    written = loss.given.get("from_logits")
    if written is None or bool(written) != end.is_probability:
        return
    name = type(end.operator).__name__ if end.operator else "the last layer"
    span = loss.at("from_logits")
    if written:
        yield Finding(
            codes.ACTIVATION_DIFFERS,
            span,
            f"`from_logits: true` applies the activation that {name} has applied",
            labels=(Label(end.span, "here it is applied"),),
            help=f"remove {name} from the network, or `from_logits` from the loss",
        )
    else:
        last = "Sigmoid" if output.reads == "binary" else "Softmax"
        yield Finding(
            codes.ACTIVATION_DIFFERS,
            span,
            f"`from_logits: false` reads probabilities, and {name} gives none",
            labels=(Label(end.span, "the output"),),
            help=f"write `from_logits: true`, or end the network with `-> {last}`",
        )


def _metrics(output: OutputPlan) -> Findings:
    reads = "onehot" if output.encode else output.reads
    for metric in output.metrics:
        assert isinstance(metric.choice, Metric)
        wants = metric.choice.reads
        if wants != "any" and (wants == "int") != (reads == "int"):
            is_int = reads == "int"
            has = "class numbers" if is_int else "vectors or values"
            help = _like(metric.word, sparse=is_int)
            yield Finding(
                codes.ENCODING_DIFFERS,
                metric.span,
                f"`{metric.word}` does not go with `{output.loss.word}`, whose targets are {has}",
                labels=(Label(output.loss.span, "this loss"),),
                help=help,
            )
        elif metric.choice.across and output.end.type.shape[-1:] == (1,):
            yield Finding(
                codes.SETTINGS_CLASH,
                metric.span,
                f"`{metric.word}` correlates the values of one example, and the output has one",
                labels=(Label(output.end.span, f"gives {shape_text(output.end.type.shape)}"),),
                help="write `r2_score`, which compares examples with each other"
                if output.end.type.rank == 1
                else "leave it out",
            )
        elif output.logits and reads == "binary" and metric.word in ("f1_score", "fbeta_score"):
            yield Finding(
                codes.ACTIVATION_DIFFERS,
                metric.span,
                f"`{metric.word}` reads probabilities, and the network gives none",
                labels=(Label(output.end.span, "the output"),),
                help="end the network with `-> Sigmoid`",
            )


def _like(word: str, *, sparse: bool) -> str:
    from nnspec.train.losses import METRICS

    other = f"sparse_{word}" if sparse else word.removeprefix("sparse_")
    other = other.replace("sparse_categorical_accuracy", "accuracy")
    return f"write `{other}`" if other in METRICS and other != word else "write `accuracy`"


# --- what callbacks watch, and amounts ----------------------------------------------------


def _watched(training: Training, network: Network) -> Findings:
    if len(network.outputs) > 1:
        return  # Keras names those figures after its layers
    metrics = training.metrics.get(network.outputs[0].name, training.metrics.get("", ()))
    figures = ["loss", *(metric_name(metric) for metric in metrics)]
    figures += [f"val_{name}" for name in figures] if split_of(training.data)[1] else []
    for span, monitor in _monitors(training):
        if monitor not in figures:
            help = near_help(monitor, figures) or f"there are {listed(figures)}"
            yield Finding(codes.UNKNOWN_CHOICE, span, f"no figure `{monitor}` is measured", help=help)


def _monitors(training: Training) -> Iterable[tuple[Span, str]]:
    for watcher in (training.early_stopping, training.checkpoint):
        if watcher is not None:
            yield watcher.at("monitor"), monitor_of(training, watcher.monitor)
    if training.schedule is not None and training.schedule.word == "plateau":
        yield training.schedule.at("monitor"), monitor_of(training, training.schedule.given.get("monitor"))


def metric_name(metric: Pick) -> str:
    """What the log calls a metric."""
    return metric.word


def mode_of(training: Training, network: Network, monitor: str, written: str) -> str:
    """Whether less or more of a figure is better."""
    if written != "auto":
        return written
    picks = [
        pick for output in network.outputs for pick in training.metrics.get(output.name, training.metrics.get("", ()))
    ]
    metric = next((pick for pick in picks if monitor.removeprefix("val_") == metric_name(pick)), None)
    return "auto" if metric is None else improves(metric)


def _amounts(training: Training, seen: Seen) -> Findings:
    data = training.data
    split = split_of(data)
    if seen.examples is None:
        return
    sizes = split_sizes(split, seen.examples)
    names = ("training", "validation", "test")
    if not is_shares(split) and sum(split) > seen.examples:
        yield Finding(
            codes.TOO_FEW_EXAMPLES,
            data.at("split"),
            f"the split takes {sum(split):g} of {seen.examples} examples",
            help="write shares, such as `[0.8, 0.1, 0.1]`, or smaller counts",
        )
        return
    for name, part, size in zip(names, split, sizes, strict=True):
        if part and size < 1:
            yield Finding(
                codes.TOO_FEW_EXAMPLES,
                data.at("split"),
                f"a share of {part:g} of {seen.examples} examples leaves none for {name}",
                help="give it a larger share, or 0",
            )


def split_sizes(split: tuple[float, float, float], examples: int) -> tuple[int, int, int]:
    """The number of examples in each part, shares rounded as the lowered split rounds them."""
    if not is_shares(split):
        return int(split[0]), int(split[1]), int(split[2])
    validation, test = round(split[1] * examples), round(split[2] * examples)
    return examples - validation - test, validation, test


__all__ = [
    "End",
    "Loss",
    "check_training",
    "has_test_set",
    "metric_name",
    "mode_of",
    "split_sizes",
    "target_span",
    "within",
]
