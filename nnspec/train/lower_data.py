"""Data to calls: loading, the form in which examples enter, targets as losses read them, the split."""

from __future__ import annotations

import os

from nnspec.calls import Assign, Call, Item, Member, Operation, Value, Variable
from nnspec.train.plan import OutputPlan, Plan, known_set
from nnspec.train.section import has_test_set, is_shares, split_of
from nnspec.train.sources import CsvData, NpzData

Steps = list[Assign]


def data_steps(plan: Plan, spec_folder: str) -> Steps:
    """From the source to `x` and `y`, and to `x_test` and `y_test` where the source has them."""
    data = plan.training.data
    if isinstance(data, CsvData):
        return _csv(plan, data, spec_folder)
    if isinstance(data, NpzData):
        return _npz(plan, data, spec_folder)
    name = data.source.removeprefix("sklearn/")
    known = known_set(plan.training)
    field = next(field for shape, field in known.shapes if shape == plan.shape) if known else "data"
    bunch = Variable(name)
    steps = [Assign((name,), Call(f"sklearn.datasets.load_{name}"))]
    return [*steps, Assign(("x",), _features(plan, Member(bunch, field))), *_targets(plan, Member(bunch, "target"))]


def spec_path(path: str, spec_folder: str) -> str:
    """A path of the spec as seen from where the program runs."""
    return os.path.join(spec_folder, path) if spec_folder else path


def _csv(plan: Plan, data: CsvData, spec_folder: str) -> Steps:
    kwargs: dict[str, Value] = {} if data.delimiter == "," else {"sep": data.delimiter.replace("\\t", "\t")}
    if not data.header:
        kwargs["header"] = None
    table = Variable("table")
    steps = [Assign(("table",), Call("pandas.read_csv", (spec_path(data.path, spec_folder),), kwargs))]
    targets = [_column(column) for column in data.target.column]
    columns = data.features.columns if data.features is not None else None
    if columns is None:
        names = [_column(column) for column in data.target.column]
        taken: Value = Call(Member(table, "drop"), (), {"columns": names})
    else:
        taken = Item(table, [_column(column) for column in columns])
    target = Item(table, targets[0] if len(targets) == 1 else targets)
    return [
        *steps, Assign(("x",), _features(plan, Call(Member(taken, "to_numpy")))),
        *_targets(plan, Call(Member(target, "to_numpy"))),
    ]  # fmt: skip


def _column(column: int | str) -> Value:
    """What the table calls a column; a number counts columns, whatever they are called."""
    return column if isinstance(column, str) else Item(Member(Variable("table"), "columns"), column)


def _npz(plan: Plan, data: NpzData, spec_folder: str) -> Steps:
    arrays = Variable("arrays")
    steps = [Assign(("arrays",), Call("numpy.load", (spec_path(data.path, spec_folder),)))]
    steps += [Assign(("x",), _features(plan, Item(arrays, data.x))), *_targets(plan, Item(arrays, data.y))]
    if has_test_set(data):
        steps.append(Assign(("x_test",), _features(plan, Item(arrays, data.x_test))))
        steps += _targets(plan, Item(arrays, data.y_test), "_test")
    return steps


# --- how examples enter ------------------------------------------------------------------


def _features(plan: Plan, value: Value) -> Value:
    """The examples in the shape and dtype of the network's input."""
    if isinstance(plan.training.data, CsvData) and plan.shape is not None and len(plan.shape) != 1:
        sizes = (*plan.shape, 1) if plan.add_axis else plan.shape
        value = Call(Member(value, "reshape"), (-1, *sizes))
    elif plan.add_axis:
        value = Call("numpy.expand_dims", (value, -1))
    return Call(Member(value, "astype"), (plan.network.inputs[0].type.dtype,))


def target_names(plan: Plan) -> list[str]:
    """The array of targets for each output: `y` for all, or `y_1`, `y_2` where they are encoded apart."""
    ways = [_way(output) for output in plan.outputs]
    if len(plan.outputs) == 1:
        return ["y"]
    distinct = list(dict.fromkeys(ways))
    if len(distinct) == 1:
        return ["y"] * len(ways)
    return [f"y{distinct.index(way) + 1}" for way in ways]


def _way(output: OutputPlan) -> tuple[bool, bool, bool]:
    return output.encode, output.expand, output.reads == "int"


def _targets(plan: Plan, value: Value, suffix: str = "") -> Steps:
    steps: Steps = []
    names = target_names(plan)
    if plan.seen.has_names:
        numbered = Call("numpy.unique", (value,), {"return_inverse": True})
        steps.append(
            Assign(("classes", f"labels{suffix}"), numbered, "classes are numbered in the order of their names")
        )
        value = Variable(f"labels{suffix}")
    elif len(set(names)) > 1:
        steps.append(Assign((f"labels{suffix}",), value))
        value = Variable(f"labels{suffix}")
    for name, output in dict(zip(names, plan.outputs, strict=True)).items():
        steps.append(Assign((f"{name}{suffix}",), _target(plan, output, value)))
    return steps


def _target(plan: Plan, output: OutputPlan, value: Value) -> Value:
    """The targets as the loss of an output reads them."""
    if output.encode:
        return Call("keras.utils.to_categorical", (value, plan.seen.classes or output.end.type.channels))
    if output.expand:
        value = Call(Member(value, "reshape"), (-1, 1))
    return value if output.reads == "int" else Call(Member(value, "astype"), ("float32",))


# --- the split ---------------------------------------------------------------------------


def split_steps(plan: Plan) -> Steps:
    """`x` and the targets cut into train, validation and test."""
    data = plan.training.data
    train, validation, test = split_of(data)
    names = list(dict.fromkeys(target_names(plan)))
    arrays = ["x", *names]
    counted = not is_shares((train, validation, test))
    amount: dict[str, Value] = {"validation": _amount(validation, counted), "test": _amount(test, counted)}
    if not validation and not test:
        return [Assign((f"{name}_train",), Variable(name)) for name in arrays]
    steps: Steps = []
    if test and validation:
        steps.append(_cut(plan, arrays, ("rest", "test"), {"test_size": amount["test"]}))
        arrays = [f"{name}_rest" for name in arrays]
    part, size = ("val", amount["validation"]) if validation else ("test", amount["test"])
    sizes = {"train_size": int(train), "test_size": size} if counted else {"test_size": size}
    return [*steps, _cut(plan, arrays, ("train", part), sizes)]


def _amount(part: float, counted: bool) -> Value:
    if counted:
        return int(part)
    return Call("round", (Operation("*", part, Call("len", (Variable("x"),))),))


def _cut(plan: Plan, arrays: list[str], parts: tuple[str, str], sizes: dict[str, Value]) -> Assign:
    data = plan.training.data
    stems = [array.removesuffix("_rest") for array in arrays]
    names = tuple(f"{stem}_{part}" for stem in stems for part in parts)
    kwargs = dict(sizes)
    if not data.shuffle:
        kwargs["shuffle"] = False
    else:
        kwargs["random_state"] = plan.training.seed
        if plan.stratify:
            kwargs["stratify"] = Variable(arrays[1])
    return Assign(names, Call("sklearn.model_selection.train_test_split", tuple(map(Variable, arrays)), kwargs))
