"""A plan to calls: data, split, fitting, compile, fit, evaluate, as the statements a person would write.

`runner.py` runs these statements and `keras_source` prints them, so the two cannot drift apart. No
framework is imported here and nothing is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnspec.calls import Assign, Call, Member, Value, Variable
from nnspec.record import Record, replace
from nnspec.train.check import mode_of
from nnspec.train.fitting import Fitting, fit_steps
from nnspec.train.losses import Metric
from nnspec.train.lower_data import data_steps, split_steps, target_names
from nnspec.train.lower_rate import learning_rate, plateau
from nnspec.train.section import Clip, has_test_set, monitor_of, split_of

if TYPE_CHECKING:
    from nnspec.train.keys import Pick
    from nnspec.train.plan import OutputPlan, Plan

Steps = tuple[Assign, ...]

MODEL = Variable("model")


class TrainingSteps(Record):
    """The statements of a training run, in order. Keras's seed is set before all of them.

    `ending` is what a program says and keeps of a run; the runner does that in its own way.
    """

    before: Steps  # settings that hold for all layers
    model: Steps
    data: Steps
    adapt: Steps  # what is fitted to the data before the first step
    compile: Steps
    fit: Steps
    restore: Steps
    evaluate: Steps
    ending: Steps

    @property
    def program(self) -> Steps:
        """All of them. An empty comment, which prints as a blank line, parts what is prepared from what is done."""
        ready = (*self.before, *self.model, *self.data)
        done = (*self.compile, *_with_one_callback(self.fit), *self.restore, *self.evaluate, *self.ending)
        stages = (ready, self.adapt, done)
        return tuple(
            [
                replace(statement, comment=statement.comment or "") if number and position == 0 else statement
                for number, stage in enumerate(stages)
                for position, statement in enumerate(stage)
            ]
        )


def _with_one_callback(fit: Steps) -> Steps:
    """The steps of `fit`, a list of one callback written where it is used."""
    callbacks, call = fit
    if len(callbacks.value) > 1:
        return fit
    return (replace(call, value=replace(call.value, kwargs={**call.value.kwargs, "callbacks": callbacks.value})),)


def lower_training(
    plan: Plan, spec_folder: str = "", run_folder: str = "", fittings: tuple[Fitting, ...] = ()
) -> TrainingSteps:
    """The statements of a training run.

    Paths of data are relative to `spec_folder`; what is written goes to `run_folder`. `build_model`
    is the function that makes the network, `fittings` are its layers that are fitted to the data.
    """
    training = plan.training
    evaluate, ending = _ending(plan)
    return TrainingSteps(
        _before(plan),
        (Assign(("model",), Call(Variable("build_model"))),),
        (*data_steps(plan, spec_folder), *split_steps(plan)),
        fit_steps(fittings, training.data.batch, training.precision),
        _compile(plan),
        (*_callbacks(plan, run_folder), *_fit(plan)),
        (Assign((), Call(Member(MODEL, "load_weights"), (_best(run_folder),)), "the best epoch's weights"),)
        if training.checkpoint is not None and training.checkpoint.restore
        else (),
        evaluate,
        ending,
    )


def _before(plan: Plan) -> Steps:
    precision = plan.training.precision
    if precision == "float32":
        return ()
    return (Assign((), Call("keras.config.set_dtype_policy", (precision,))),)


# --- compile -----------------------------------------------------------------------------


def _compile(plan: Plan) -> Steps:
    steps, rate = learning_rate(plan.training)
    steps = (*steps, Assign(("optimizer",), _optimizer(plan, rate)))
    kwargs: dict[str, Value] = {"optimizer": Variable("optimizer"), **_losses(plan)}
    metrics = [[_metric(metric, output) for metric in output.metrics] for output in plan.outputs]
    if any(metrics):
        kwargs["metrics"] = metrics[0] if len(metrics) == 1 else metrics
    return (*steps, Assign((), Call(Member(MODEL, "compile"), (), kwargs)))


def _optimizer(plan: Plan, rate: Value) -> Call:
    pick = plan.training.optimizer
    kwargs = dict(pick.arguments)
    kwargs.pop("learning_rate", None)
    if rate is not None:
        kwargs = {"learning_rate": rate, **kwargs}
    clip = pick.given.get("clip")
    if isinstance(clip, Clip):
        ways = {"clipvalue": clip.value, "clipnorm": clip.norm, "global_clipnorm": clip.global_norm}
        kwargs |= {name: bound for name, bound in ways.items() if bound is not None}
    return Call(pick.choice.target, (), kwargs)


def _losses(plan: Plan) -> dict[str, Value]:
    losses = [_loss(output) for output in plan.outputs]
    if len(losses) == 1:
        return {"loss": losses[0]}
    weights = [output.weight for output in plan.outputs]
    if all(weight is None for weight in weights):
        return {"loss": losses}
    return {"loss": losses, "loss_weights": [1.0 if weight is None else weight for weight in weights]}


def _loss(output: OutputPlan) -> Call:
    kwargs = dict(output.loss.arguments)
    kwargs.pop("from_logits", None)
    if output.logits:
        kwargs = {"from_logits": True, **kwargs}
    return Call(output.loss.choice.target, (), kwargs)


def _metric(pick: Pick, output: OutputPlan) -> Call:
    assert isinstance(pick.choice, Metric)
    kwargs = dict(pick.arguments)
    logits = dict(pick.choice.logits)
    target = pick.choice.target
    if pick.choice.reads == "any":
        target, logits = _accuracy(output)
        kwargs = {"name": pick.word}
    if output.logits:
        kwargs |= {name: value for name, value in logits.items() if name not in kwargs}
    threshold = pick.choice.settings.get("threshold")
    if threshold is not None and threshold.default is None and output.reads == "binary" and not output.encode:
        kwargs.setdefault("threshold", 0.5)  # Keras would take the largest of one output
    return Call(target, (), kwargs)


def _accuracy(output: OutputPlan) -> tuple[str, dict[str, Value]]:
    """The class of `accuracy` for a loss, and what makes it read logits."""
    if output.reads == "int":
        return "keras.metrics.SparseCategoricalAccuracy", {}
    if output.reads == "onehot" or output.encode:
        return "keras.metrics.CategoricalAccuracy", {}
    if output.reads == "binary":
        return "keras.metrics.BinaryAccuracy", {"threshold": 0.0}
    return "keras.metrics.Accuracy", {}


# --- fit ---------------------------------------------------------------------------------


def _callbacks(plan: Plan, run_folder: str) -> Steps:
    training = plan.training
    made: list[Value] = [Call("keras.callbacks.TerminateOnNaN")]
    checkpoint, stopping = training.checkpoint, training.early_stopping
    if training.schedule is not None and training.schedule.word == "plateau":
        made.append(plateau(plan))
    if checkpoint is not None:
        monitor = monitor_of(training, checkpoint.monitor)
        watch = _watch(plan, monitor, checkpoint.mode)
        kwargs = {**watch, "save_best_only": True, "save_weights_only": True}
        made.append(Call("keras.callbacks.ModelCheckpoint", (_best(run_folder),), kwargs))
    if stopping is not None:
        monitor = monitor_of(training, stopping.monitor)
        options = {"min_delta": (stopping.min_delta, 0.0), "start_from_epoch": (stopping.start_from, 0)}
        given = {name: value for name, (value, default) in options.items() if value != default}
        kwargs = {**_watch(plan, monitor, stopping.mode), "patience": stopping.patience, **given}
        if stopping.restore_best:
            kwargs["restore_best_weights"] = True
        made.append(Call("keras.callbacks.EarlyStopping", (), kwargs))
    if "csv" in training.log:
        made.append(Call("keras.callbacks.CSVLogger", (_beside(run_folder, "history.csv"),)))
    return (Assign(("callbacks",), made),)


def _watch(plan: Plan, monitor: str, mode: str) -> dict[str, Value]:
    watch: dict[str, Value] = {} if monitor == "val_loss" else {"monitor": monitor}
    mode = mode_of(plan.training, plan.network, monitor, mode)
    return watch if mode == "auto" else {**watch, "mode": mode}


def _best(run_folder: str) -> str:
    return _beside(run_folder, "best.weights.h5")


def _beside(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if folder else name


def _fit(plan: Plan) -> Steps:
    training = plan.training
    data = training.data
    kwargs: dict[str, Value] = {"batch_size": data.batch, "epochs": training.epochs}
    if split_of(data)[1]:
        kwargs["validation_data"] = (Variable("x_val"), _y(plan, "y_val"))
    if not data.shuffle:
        kwargs["shuffle"] = False
    kwargs |= {"callbacks": Variable("callbacks"), "verbose": 2 if "terminal" in training.log else 0}
    fit = Call(Member(MODEL, "fit"), (Variable("x_train"), _y(plan, "y_train")), kwargs)
    return (Assign((), fit),)


def _y(plan: Plan, name: str) -> Value:
    """The targets of each output: one array for all, or one for each way of encoding them."""
    names = [Variable(name.replace("y", each, 1)) for each in target_names(plan)]
    return names[0] if len(names) == 1 else names


def _ending(plan: Plan) -> tuple[Steps, Steps]:
    data = plan.training.data
    save = Assign((), Call(Member(MODEL, "save"), (f"{plan.network.name}.keras",)))
    if not (split_of(data)[2] or has_test_set(data)):
        return (), (save,)
    evaluate = Call(
        Member(MODEL, "evaluate"),
        (Variable("x_test"), _y(plan, "y_test")),
        {"batch_size": data.batch, "return_dict": True, "verbose": 0},
    )
    return (Assign(("figures",), evaluate),), (_shown(Variable("figures")), save)


def _shown(figures: Variable) -> Assign:
    """Figures by their names on one line, as short as a run says them."""
    each = Call("map", (Member("{} {:.4g}", "format"), figures, Call(Member(figures, "values"))))
    return Assign((), Call("print", ("test:", Call(Member(", ", "join"), (each,)))))
