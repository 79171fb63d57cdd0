"""Learning rates to calls: Keras's schedules count steps, those of a spec count epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nnspec.calls import Assign, Call, Operation, Value, Variable
from nnspec.spelled import is_spelled
from nnspec.train.section import Training, monitor_of

if TYPE_CHECKING:
    from nnspec.train.keys import Pick
    from nnspec.train.plan import Plan

_STEPS = Variable("steps_per_epoch")


def learning_rate(training: Training) -> tuple[tuple[Assign, ...], Value]:
    """Statements that come first, and the learning rate; None is the optimiser's own."""
    optimizer, schedule = training.optimizer, training.schedule
    rate = optimizer.given.get("learning_rate", optimizer.choice.settings["learning_rate"].default)
    if schedule is None or schedule.word == "plateau":
        return (), optimizer.arguments.get("learning_rate")
    length = Call("len", (Variable("x_train"),))
    count = Assign(
        ("steps_per_epoch",), Call("math.ceil", (Operation("/", length, training.data.batch),))
    )  # fmt: skip
    made = _schedule(schedule, rate, training.epochs)
    return (count, Assign(("learning_rate",), made)), Variable("learning_rate")


def _schedule(pick: Pick, rate: float, epochs: int) -> Call:
    given = _all(pick)
    if pick.word == "step" and given["at"] is not None:
        values = [rate * given["factor"] ** done for done in range(len(given["at"]) + 1)]
        boundaries = [Operation("-", Operation("*", epoch, _STEPS), 1) for epoch in given["at"]]
        return Call(pick.choice.target, (boundaries, values))
    if pick.word == "step":
        args = {"decay_steps": steps(given["every"]), "decay_rate": given["factor"], "staircase": True}
        return Call("keras.optimizers.schedules.ExponentialDecay", (rate,), args)
    if pick.word in ("exponential", "inverse_time"):
        args = {"decay_steps": steps(given["every"]), "decay_rate": given["decay"]}
        return Call(pick.choice.target, (rate,), {**args, "staircase": True} if given["staircase"] else args)
    if pick.word == "polynomial":
        args = {"decay_steps": steps(given["epochs"] or epochs), "end_learning_rate": given["end"]}
        return Call(pick.choice.target, (rate,), {**args, "power": given["power"]} if given["power"] != 1 else args)
    return _cosine(pick, given, rate, epochs)


def _cosine(pick: Pick, given: dict[str, Any], rate: float, epochs: int) -> Call:
    """A half wave; a warm-up from zero comes before it and is part of `epochs`."""
    whole, warmup = given["epochs"] or epochs, given["warmup"]
    warmup = int(warmup) if warmup == int(warmup) else warmup
    kwargs: dict[str, Value] = {"decay_steps": steps(whole - warmup)}
    if given["end"]:
        kwargs["alpha"] = given["end"]
    if not warmup:
        return Call(pick.choice.target, (rate,), kwargs)
    return Call(pick.choice.target, (0.0,), {**kwargs, "warmup_target": rate, "warmup_steps": steps(warmup)})


def _all(pick: Pick) -> dict[str, Any]:
    """All settings, those not written at their defaults."""
    return {name: pick.given.get(name, setting.default) for name, setting in pick.choice.settings.items()}


def steps(epochs: float) -> Value:
    """A number of epochs in steps."""
    if epochs == 1 and not is_spelled(epochs):
        return _STEPS
    if epochs == int(epochs):
        return Operation("*", epochs if is_spelled(epochs) else int(epochs), _STEPS)
    return Call("round", (Operation("*", epochs, _STEPS),))


def plateau(plan: Plan) -> Call:
    """The callback that lowers the rate when nothing improves."""
    from nnspec.train.check import mode_of

    pick = plan.training.schedule
    assert pick is not None
    kwargs = dict(pick.arguments)
    monitor = monitor_of(plan.training, pick.given.get("monitor"))
    mode = mode_of(plan.training, plan.network, monitor, kwargs.pop("mode", "auto"))
    kwargs.pop("monitor", None)
    watched = {} if monitor == "val_loss" else {"monitor": monitor}
    return Call(pick.choice.target, (), {**watched, **({} if mode == "auto" else {"mode": mode}), **kwargs})
