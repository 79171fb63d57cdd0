"""Names of variables: what is alive at one time has different names, and a chain is one running `x`.

Copies between branches, turns and what follows disappear where both sides can have one name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from nnspec.backends.structure.statements import Branch, Copy, Loop, LoopName, Statement, Var, made_in, within
from nnspec.backends.variables import variable_name
from nnspec.calls import Value


def name_variables(
    body: list[Statement], inputs: Sequence[Var], results: Sequence[Value], taken: Iterable[str]
) -> dict[Any, str]:
    """The name of each variable of a function; `taken` are those that mean something else in it."""
    loops = name_loops(body, set(taken))
    taken = {*taken, *loops.values()}
    live = _Liveness()
    at_start = live.before(body, set(_vars(list(results))))
    for var in inputs:
        live.meet(var, {*inputs, *at_start})
    live.long |= {*inputs, *_vars(list(results))}
    return {**_Names(live, body, inputs, taken).names, **loops}


def unused(plain: str, taken: Collection[str]) -> str:
    """A name, numbered where it is taken."""
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}_{number}", number + 1
    return name


def name_loops(body: Iterable[Statement], taken: set[str]) -> dict[LoopName, str]:
    """Names of what loops run over. Loops that follow one another may share a name, as it is read in them alone.

    It differs from all that is read in the function, for in Python it lives on behind its loop.
    """
    names: dict[LoopName, str] = {}
    for statement in body:
        if isinstance(statement, Branch):
            names |= name_loops([*statement.then, *statement.otherwise], taken)
        elif isinstance(statement, Loop):
            own: set[str] = set()
            for each in statement.names:
                names[each] = unused(variable_name(each.hint), taken | own)
                own.add(names[each])
            names |= name_loops(statement.body, taken | own)
    return names


def name_layers(layers: Iterable[Var], taken: Iterable[str]) -> dict[Var, str]:
    """Names of layers that are made apart: `conv`, `conv_2`, …"""
    names: dict[Var, str] = {}
    used = set(taken)
    for var in layers:
        name, number = variable_name(var.hint or "layer"), 2
        while name in used:
            name, number = variable_name(f"{var.hint}_{number}"), number + 1
        used.add(name)
        names[var] = name
    return names


class _Liveness:
    """Which variables are alive together, found from the last statement back."""

    def __init__(self) -> None:
        self.together: dict[Var, set[Var]] = {}
        self.copies: list[tuple[Var, Var]] = []
        self.order: dict[Var, None] = {}
        #: Variables that are read by another statement than the one behind the one that makes them.
        self.long: set[Var] = set()
        #: Of what a merge reads: its place among how many.
        self.place: dict[Var, tuple[int, int]] = {}
        #: Steps of a chain: what is made of a variable that nothing reads afterwards.
        self.chain: list[tuple[Var, Var]] = []

    def meet(self, var: Var, others: set[Var]) -> None:
        """Note that a variable is made while others are alive."""
        for other in others - {var}:
            self.together.setdefault(var, set()).add(other)
            self.together.setdefault(other, set()).add(var)
        self.together.setdefault(var, set())

    def before(self, body: Sequence[Statement], after: set[Var]) -> set[Var]:
        """What is alive before statements, given what is alive behind them."""
        alive = set(after)
        for statement in reversed(body):
            alive = self._step(statement, alive)
        return alive

    def _step(self, statement: Statement, alive: set[Var]) -> set[Var]:
        if isinstance(statement, Branch):
            then = self.before(statement.then, alive)
            otherwise = self.before(statement.otherwise, alive)
            return then | otherwise | set(_vars(statement.condition))
        if isinstance(statement, Loop):
            reads = set(_vars(statement.over))
            around = alive | reads
            while True:
                again = around | self.before(statement.body, around)
                if again == around:
                    return around
                around = again
        made = [target for target in statement.targets if isinstance(target, Var)]
        read = set(_vars(statement.value)) | {var for target in statement.targets for var in _vars(target)} - set(made)
        is_copy = isinstance(statement, Copy) and isinstance(statement.value, Var)
        for var in made:
            self.meet(var, (alive | set(made)) - ({statement.value} if is_copy else set()))
            if is_copy:
                self.copies.append((var, statement.value))
        for var in read - set(made):
            if var in alive and not is_copy:
                self.long.add(var)
        several = list(_vars(statement.value))
        if statement.is_merge and len(several) > 1:
            for position, var in enumerate(several):
                self.place[var] = (position, len(several))
        elif len(several) == len(made) == 1 and not is_copy and several[0] not in alive:
            self.chain.append((made[0], several[0]))
        return (alive - set(made)) | read


class _Names:
    def __init__(self, live: _Liveness, body: list[Statement], inputs: Sequence[Var], taken: set[str]) -> None:
        self.live = live
        self.taken = taken
        self.group: dict[Var, Var] = {}
        self.members: dict[Var, list[Var]] = {}
        order = list(dict.fromkeys([*inputs, *made_in(body)]))
        for var in order:
            self.members[var] = [var]
            self.group[var] = var
        for target, source in reversed(live.copies):
            if source in self.group and target in self.group:
                self._join(target, source)
        for target, source in live.chain:
            if source in self.group and target in self.group and not self._hint(target) and not self._hint(source):
                self._join(target, source)
        self.names: dict[Var, str] = {}
        self.of_group: dict[Var, str] = {}
        for var in order:
            self._name(self.group[var], is_input=var in inputs)
        self.names = {var: self.of_group[self.group[var]] for var in order}

    def _hint(self, var: Var) -> str | None:
        """What the spec calls a variable, if more than the next statement reads it: along a chain it is no name."""
        return var.hint if var.is_list or var in self.live.long else None

    def _join(self, left: Var, right: Var) -> None:
        one, other = self.group[left], self.group[right]
        if one is other:
            return
        hints = {name for group in (one, other) for var in self.members[group] if (name := self._hint(var))}
        met = any(var in self._met(one) for var in self.members[other])
        if met or len(hints) > 1:
            return
        for var in self.members.pop(other):
            self.group[var] = one
            self.members[one].append(var)

    def _met(self, group: Var) -> set[Var]:
        return {other for var in self.members[group] for other in self.live.together.get(var, ())}

    def _name(self, group: Var, *, is_input: bool) -> None:
        if group in self.of_group:
            return
        met = {self.of_group[self.group[var]] for var in self._met(group) if self.group.get(var) in self.of_group}
        met |= self.taken
        wanted = self._wanted(group, is_input=is_input)
        name, number = variable_name(wanted), 2
        while name in met:
            name, number = variable_name(f"{wanted}_{number}"), number + 1
        self.of_group[group] = name

    def _wanted(self, group: Var, *, is_input: bool) -> str:
        members = self.members[group]
        hinted = next((name for var in members if (name := self._hint(var))), None)
        if hinted is not None:
            return hinted
        if is_input or "x" not in {self.of_group.get(self.group[var]) for var in self._met(group) if var in self.group}:
            return "x"
        place = next((self.live.place[var] for var in members if var in self.live.place), None)
        if place is None:
            return "y"
        return f"branch_{place[0] + 1}" if place[1] > 2 else "y"


def _vars(value: Value) -> Iterator[Var]:
    for part in within(value):
        if isinstance(part, Var):
            yield part


__all__ = ["name_variables"]
