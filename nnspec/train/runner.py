"""Runs a lowered training: the statements that generated source would run, and reporting around them.

It opens the data first, so that what is wrong with them is said before a framework is loaded; then it
runs statement by statement, adding one callback that only looks.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nnspec.backends.execute import resolve, run, run_statement
from nnspec.backends.framework import FrameworkMissingError, has_float64, import_keras, recursion_room
from nnspec.backends.keras_build import BuildError, build, refusals
from nnspec.backends.lower import Lowered, lower
from nnspec.calls import Assign, Call
from nnspec.diagnostics.codes import training as codes
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.graph import TooManyLayers, flatten
from nnspec.record import Record, replace
from nnspec.train.check import check_training
from nnspec.train.fitting import Fitting, fittings
from nnspec.train.interrupt import Interrupts
from nnspec.train.lower import TrainingSteps, lower_training
from nnspec.train.network import network_of
from nnspec.train.sources import CsvData

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnspec.program.program import Model
    from nnspec.train.plan import Plan
    from nnspec.train.report import Report
    from nnspec.train.run_folder import RunFolder
    from nnspec.train.section import Training

INTERRUPTED = 130


class Prepared(Record):
    """A training that is ready to run: nothing is wrong with its spec, and its data fit."""

    plan: Plan
    lowered: Lowered
    test_examples: int  # in a test set of the source's own
    fittings: tuple[Fitting, ...]  # what is fitted to the training data before the first step


def prepare(training: Training, model: Model, spec_folder: str, found: Diagnostics) -> Prepared | None:
    """Everything that can be found wrong before the first step, in the order of its cost; None if anything is."""
    if check_training(training, model, found, runs=True) is None or not has_packages(training, found):
        return None
    from nnspec.train.inspect import open_data, try_split

    network = network_of(model)
    assert network is not None  # or the check would have said so
    opened = open_data(training, network, spec_folder, found)
    if opened is None:
        return None
    plan = check_training(training, model, found, opened.seen, runs=True)
    if plan is None or not try_split(plan, opened, found):
        return None
    try:
        lowered = lower(flatten(model), found)
    except TooManyLayers as error:
        found.report(codes.NOT_TRAINABLE, f"the network is too long to be trained: {error}", model.span)
        return None
    fitted = None if lowered is None else fittings(lowered, found)
    if lowered is None or fitted is None:
        return None
    return Prepared(plan, lowered, opened.test_examples, fitted)


def has_packages(training: Training, found: Diagnostics) -> bool:
    """Whether what the training imports is installed; what is not is reported."""
    needed = ["keras", "numpy", "sklearn", "matplotlib"] + (["pandas"] if isinstance(training.data, CsvData) else [])
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        names = ", ".join("scikit-learn" if name == "sklearn" else name for name in missing)
        found.report(
            codes.MISSING_PACKAGE,
            f"training needs {names}, not installed here",
            training.data.at("source"),
            help='pip install "nnspec[tensorflow]"',
        )
    return not missing


def train(
    prepared: Prepared,
    folder: RunFolder,
    report: Report,
    found: Diagnostics,
    spec_folder: str,
    begin: Callable[[], None],
) -> int:
    """Train, and return the exit status: 0, or 1 with what went wrong in `found`, or 130 for Ctrl-C.

    `begin` is called when nothing more speaks against the run, before its first line.
    """
    run_of = _Run(prepared, folder, report, spec_folder, begin)
    try:
        with recursion_room(prepared.lowered.depth):
            return run_of.go(found)
    except KeyboardInterrupt:
        run_of.keep_last()
        report.interrupted(folder, run_of.epochs_done)
        return INTERRUPTED
    except BuildError as error:
        for diagnostic in error.found.sorted():
            found.add(diagnostic)
    except FrameworkMissingError as error:
        found.report(
            codes.MISSING_PACKAGE,
            str(error),
            prepared.plan.training.data.at("source"),
            help='pip install "nnspec[tensorflow]"',
        )
    except refusals() as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        found.report(
            codes.NOT_TRAINABLE,
            f"Keras refuses this training: {lines[0][:200]}",
            prepared.plan.training.span,
            notes=tuple(line[:200] for line in lines[1:6] if line.strip()),
        )
    return 1


class _Run:
    """One training run, stage by stage."""

    def __init__(
        self, prepared: Prepared, folder: RunFolder, report: Report, spec_folder: str, begin: Callable[[], None]
    ) -> None:
        self.plan = prepared.plan
        self.lowered = prepared.lowered
        self.test_examples = prepared.test_examples
        self.folder = folder
        self.report = report
        self.begin = begin
        self.interrupts = Interrupts()
        self.fittings = prepared.fittings
        self.steps: TrainingSteps = lower_training(self.plan, spec_folder, folder.path, self.fittings)
        self.scope: dict[str, Any] = {"build_model": self._build}
        self.epochs_done = 0

    def _build(self) -> Any:
        return build(self.lowered)

    def go(self, found: Diagnostics) -> int:
        """All stages."""
        from nnspec.train.monitor import make_monitor

        if not self.folder.resumes:  # whether an old run can be resumed is known once the model is there
            self._say_start()
        import_keras()
        if not self._has_precision(found):
            return 1
        resolve("keras.utils.set_random_seed")(self.plan.training.seed)
        run(self.steps.before, self.scope)
        run(self.steps.model, self.scope)
        model = self.scope["model"]
        if not model.trainable_variables:
            found.report(
                codes.NOT_TRAINABLE,
                "the network has no weights to train",
                self.plan.network.span,
                help="add a layer with weights, such as `FC(10)`, or remove `trainable=false`",
            )
            return 1
        run(self.steps.data, self.scope)
        if self.fittings and not self.folder.resumes:  # else the state has what was fitted
            self.report.fitting([fitting.name for fitting in self.fittings])
            run(self.steps.adapt, self.scope)
        run(self.steps.compile, self.scope)
        *callbacks, fit = self.steps.fit
        run(callbacks, self.scope)
        monitor = make_monitor(
            self.scope["callbacks"], self.folder, self.report, self._epoch_done, self.interrupts.check
        )
        self.scope["callbacks"].append(monitor)
        start = self._resume(model, found)
        if start is None:
            return 1
        if self.folder.resumes:
            self._say_start()
        self._name_classes()
        with self.interrupts:
            run_statement(_quiet(fit, start), self.scope)
            if monitor.diverged is None:
                return self._finish(model)  # what follows takes seconds, and is not left half done
        self._report_divergence(monitor.diverged, found)
        return 1

    def _has_precision(self, found: Diagnostics) -> bool:
        """Whether the framework computes as the spec says; that it does not is reported."""
        training = self.plan.training
        if training.precision != "float64" or has_float64():
            return True
        found.report(
            codes.NOT_TRAINABLE,
            "JAX computes with float32 where it is asked for float64",
            training.at("precision"),
            help="set JAX_ENABLE_X64=1 in the environment",
        )
        return False

    def _say_start(self) -> None:
        self.begin()
        self.report.starting(self.plan, self.folder, self.test_examples)

    def _name_classes(self) -> None:
        """Say and keep which words of the targets became which numbers."""
        if self.plan.seen.has_names:
            names = [str(name) for name in self.scope["classes"]]
            self.folder.write_classes(names)
            self.report.classes(names)

    def keep_last(self) -> None:
        """The model as it was after the last whole epoch, saved."""
        if not self.epochs_done:
            return
        from nnspec.train.state import restore

        model = self.scope["model"]
        if restore(self.folder, model, self.scope["callbacks"], Diagnostics()) is not None:
            model.save(self.folder.file("model.keras"))
            self.folder.draw_curves()

    def _epoch_done(self, epoch: int) -> None:
        self.epochs_done = epoch + 1

    def _resume(self, model: Any, found: Diagnostics) -> int | None:
        """The epoch to begin with, the state of an earlier run put back; None where it does not fit."""
        if not self.folder.resumes:
            return 0
        from nnspec.train.state import restore

        return restore(self.folder, model, self.scope["callbacks"], found)

    def _report_divergence(self, epoch: int, found: Diagnostics) -> None:
        optimizer = self.plan.training.optimizer
        found.report(
            codes.DIVERGED,
            f"the loss became infinite or not a number in epoch {epoch + 1}",
            optimizer.span if self.plan.training.wrote("optimizer") else self.plan.training.loss.span,
            help="lower `learning_rate`, clip the gradients (`clip: {global_norm: 1.0}`), or normalise the features",
        )

    def _finish(self, model: Any) -> int:
        run((*self.steps.restore, *self.steps.evaluate), self.scope)
        self._say_end()
        path = self.folder.file("model.keras")
        model.save(path)
        figures = {name: float(value) for name, value in self.scope.get("figures", {}).items()}
        examples = len(self.scope["x_test"]) if "x_test" in self.scope else 0
        self.folder.write_figures(figures)
        self.folder.draw_curves()
        self.report.finished(self.folder, figures, examples)
        return 0

    def _say_end(self) -> None:
        """When and why the run stopped early, and which epoch's weights are kept where they are put back."""
        training, epochs = self.plan.training, self.folder.epochs()
        stopping, checkpoint = training.early_stopping, training.checkpoint
        why, kept = "", None
        if stopping is not None:
            callback = self._callback("EarlyStopping")
            if stopping.restore_best and callback.best is not None:
                kept = (callback.best_epoch + 1, callback.monitor, float(callback.best))
            if callback.stopped_epoch + 1 == len(epochs) < training.epochs:
                why = f"{callback.monitor} has not improved for {stopping.patience} epochs"
        if checkpoint is not None and checkpoint.restore:
            callback = self._callback("ModelCheckpoint")
            at = [line["epoch"] for line in epochs if line.get(callback.monitor) == callback.best]
            kept = (int(at[0] or 0), callback.monitor, float(callback.best)) if at else None
        self.report.ended(len(epochs), training.epochs, why, kept)

    def _callback(self, name: str) -> Any:
        kind: Any = resolve(f"keras.callbacks.{name}")
        return next(each for each in self.scope["callbacks"] if isinstance(each, kind))


def _quiet(fit: Assign, start: int) -> Assign:
    """The fit statement with Keras's own terminal lines off, and the epoch to begin with."""
    assert isinstance(fit.value, Call)
    kwargs = {**fit.value.kwargs, "verbose": 0}
    return replace(fit, value=replace(fit.value, kwargs={**kwargs, "initial_epoch": start} if start else kwargs))
