"""Functions as text: definitions, branches and loops around the statements that `printer` lays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nnspec.backends.imports import Imports
from nnspec.backends.printer import (
    STEP,
    WIDTH,
    Bracket,
    Pieces,
    _layout,
    comment_text,
    docstring_text,
    flat_text,
    pieces,
    statement_text,
    value_text,
    width,
)
from nnspec.backends.structure.statements import Branch, Copy, Loop, LoopName, Set, Statement, Var, parts_of
from nnspec.calls import Assign, Call, Either, Member, Operation, Unary, Value, Variable

TENSOR = "keras.KerasTensor"


class Printer:
    """Prints the statements of one function."""

    def __init__(self, names: Mapping[Var | LoopName, str], fill: Callable[[Value], Value], imports: Imports) -> None:
        self.names = names
        self.fill = fill
        self.imports = imports

    def lines(self, body: Sequence[Statement], indent: int) -> list[str]:
        """The lines of statements."""
        found: list[str] = []
        for number, statement in enumerate(body):
            gathered = self._gathered(body[number - 1], statement, indent) if number else None
            if gathered is not None:
                found[-1:] = [gathered]
            else:
                found += self._statement(statement, indent)
        return found

    def lines_returning(self, body: Sequence[Statement], results: Sequence[Value], indent: int) -> list[str]:
        """The lines of a function's body; where the last only makes what is returned, it returns it."""
        last = body[-1] if body else None
        if len(results) == 1 and isinstance(last, Set) and list(last.targets) == list(results):
            text = value_text("return ", self.fill(last.value), self.imports.name, indent)
            return [*self.lines(body[:-1], indent), self._noted(text, last, indent)]
        returned = [self.fill(value) for value in results]
        if len(returned) == 1:
            return [*self.lines(body, indent), value_text("return ", returned[0], self.imports.name, indent)]
        names = ", ".join(each.name if isinstance(each, Variable) else "" for each in returned)
        return [*self.lines(body, indent), f"{' ' * indent}return {names}"]

    def _statement(self, statement: Statement, indent: int) -> list[str]:
        if isinstance(statement, Branch):
            return self._branch(statement, indent)
        if isinstance(statement, Loop):
            inside = self.lines(statement.body, indent + STEP)
            names, over = _columns_read(self._loop_names(statement), self.fill(statement.over))
            head = f"for {', '.join(names) or '_'} in "
            return (
                [self._noted(self._head(head, over, indent, filled=True), statement, indent), *inside] if inside else []
            )
        targets = tuple(self._target(target) for target in statement.targets)
        value = self.fill(statement.value)
        if isinstance(statement, Copy) and isinstance(value, Variable) and targets == (value.name,):
            return []
        return [self._noted(statement_text(Assign(targets, value), self.imports.name, indent), statement, indent)]

    def _noted(self, text: str, statement: Set | Loop, indent: int) -> str:
        """The text with the statement's note behind it, or above it where the line is full."""
        if statement.note is None:
            return text
        noted = f"{text}  {' '.join(comment_text(statement.note).split())}"
        if "\n" not in text and width(noted) <= WIDTH:
            return noted
        return f"{comment_text(statement.note, indent)}\n{text}"

    def _gathered(self, opening: Statement, loop: Statement, indent: int) -> str | None:
        """A loop that fills a list with what one call makes, in one line where there is room: `[f(k) for k in ks]`."""
        if not isinstance(opening, Set) or opening.value != [] or not isinstance(loop, Loop):
            return None
        *made, append = loop.body
        if not isinstance(append, Set) or append.targets or not isinstance(append.value, Call):
            return None
        ((item,), list_) = append.value.args, opening.targets[0]
        if append.value.target != Member(list_, "append"):
            return None
        only = self._only(made)
        if only is not None and [self._target(each) for each in only.targets] != [self._target(item)]:
            return None
        if only is None and not all(isinstance(each, Set) and not self._statement(each, 0) for each in made):
            return None
        value = item if only is None else only.value
        names, over = _columns_read(self._loop_names(loop), self.fill(loop.over))
        texts = [flat_text(pieces(each, self.imports.name)) for each in (self.fill(value), over)]
        line = f"{' ' * indent}{self._target(list_)} = [{texts[0]} for {', '.join(names) or '_'} in {texts[1]}]"
        if width(line) > WIDTH:
            return None
        return line if only is None else self._noted(line, only, indent)

    def _loop_names(self, loop: Loop) -> list[str]:
        """What a loop names; with a line below in front where its body does not read it."""
        read = {id(part) for part in parts_of(loop.body) if isinstance(part, LoopName)}
        names = [self.names[name] if id(name) in read else f"_{self.names[name]}" for name in loop.names]
        return ["_"] if len(names) == 1 and id(loop.names[0]) not in read else names

    def _target(self, target: Value) -> str:
        if isinstance(target, Var):
            return self.names.get(target, "_")
        return flat_text(pieces(self.fill(target), self.imports.name))

    def _branch(self, statement: Branch, indent: int, word: str = "if") -> list[str]:
        then = self.lines(statement.then, indent + STEP)
        inner = self._only_branch(statement.otherwise)
        if then and inner is not None:
            return [self._head(f"{word} ", statement.condition, indent), *then, *self._branch(inner, indent, "elif")]
        otherwise = self.lines(statement.otherwise, indent + STEP)
        if not then and not otherwise:
            return []
        if not then:
            return [self._head(f"{word} ", negated(self.fill(statement.condition)), indent, filled=True), *otherwise]
        line = self._choice(statement, indent) if word == "if" else None
        if line is not None:
            return [line]
        lines = [self._head(f"{word} ", statement.condition, indent), *then]
        return [*lines, " " * indent + "else:", *otherwise] if otherwise else lines

    def _only_branch(self, statements: Sequence[Statement]) -> Branch | None:
        """The one branch of which statements come to any text."""
        branches = [each for each in statements if isinstance(each, Branch)]
        others = [each for each in statements if not isinstance(each, Branch)]
        if len(branches) != 1 or any(isinstance(each, Loop) or self._statement(each, 0) for each in others):
            return None
        return branches[0] if self._is_said(branches[0]) else None

    def _is_said(self, statement: Statement) -> bool:
        """Whether a statement comes to any text."""
        if isinstance(statement, Branch):
            return any(map(self._is_said, (*statement.then, *statement.otherwise)))
        if isinstance(statement, Loop):
            return any(map(self._is_said, statement.body))
        return bool(self._statement(statement, 0))

    def _choice(self, statement: Branch, indent: int) -> str | None:
        """Both ways in one line, `y = a if condition else b`, where each is one assignment and there is room."""
        then, otherwise = self._only(statement.then), self._only(statement.otherwise)
        if then is None or otherwise is None:
            return None
        targets = tuple(self._target(target) for target in then.targets)
        if targets != tuple(self._target(target) for target in otherwise.targets) or then.note or otherwise.note:
            return None
        value = Either(self.fill(then.value), self.fill(statement.condition), self.fill(otherwise.value))
        text = statement_text(Assign(targets, value), self.imports.name, indent)
        return None if "\n" in text else text

    def _only(self, statements: Sequence[Statement]) -> Set | None:
        """The one assignment of which statements come to any text."""
        if not all(isinstance(each, Set) for each in statements):
            return None
        said = [each for each in statements if isinstance(each, Set) and self._statement(each, 0)]
        return said[0] if len(said) == 1 else None

    def _head(self, head: str, value: Value, indent: int, *, filled: bool = False) -> str:
        """The line that opens a block, broken where it is too long."""
        value = value if filled else self.fill(value)
        flat = f"{' ' * indent}{head}{flat_text(pieces(value, self.imports.name))}:"
        if width(flat) <= WIDTH:
            return flat
        return value_text(head, value, self.imports.name, indent) + ":"


def _columns_read(names: Sequence[str], over: Value) -> tuple[Sequence[str], Value]:
    """The names of a loop and what it runs over, without columns of a written table that nothing reads."""
    read = [index for index, name in enumerate(names) if not name.startswith("_")]
    is_table = isinstance(over, (tuple, list)) and all(
        isinstance(row, (tuple, list)) and len(row) == len(names) for row in over
    )
    if not is_table or not read or len(read) == len(names):
        return names, over
    rows = [tuple(row[index] for index in read) for row in over]
    return [names[index] for index in read], tuple(rows if len(read) > 1 else [row[0] for row in rows])


def negated(condition: Value) -> Value:
    """The opposite of a condition."""
    opposites = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
    if isinstance(condition, Operation) and condition.operator in opposites:
        return Operation(opposites[condition.operator], condition.left, condition.right)
    if isinstance(condition, Unary) and condition.operator == "not":
        return condition.value
    return Unary("not", condition)


def definition(
    name: str, parameters: Sequence[str], result: str, doc: str, body: Sequence[str], indent: int = 0
) -> str:
    """A function: its head broken where it is too long, its docstring, its lines."""
    found: Pieces = (
        f"{' ' * indent}def {name}",
        Bracket("(", tuple((parameter,) for parameter in parameters), ")"),
        f" -> {result}:",
    )
    flat = flat_text(found)
    head = flat if width(flat) <= WIDTH else _layout(found, 0, indent, 0)
    return "\n".join([head, *([docstring_text(doc, indent + STEP)] if doc else []), *body])
