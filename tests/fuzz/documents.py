"""Random YAML documents: keyed and ordered forms, flows as texts and as lists, sections around them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.fuzz.arrows import ANY, NASTY, SAME, Writer
from tests.fuzz.operators import any_operator


class Document:
    """Writes one document."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.writer = Writer(rng, rng.choice((0.0, 0.02, 0.1)))

    def scalar(self) -> Any:
        return self.rng.choice(
            (
                1,
                8,
                32,
                0.5,
                True,
                None,
                "same",
                "8 * 2",
                "3x3",
                "1K",
                "1e-3",
                self.writer.number(),
                self.rng.choice(NASTY),
            )
        )

    def item(self, depth: int) -> Any:
        rng = self.rng
        form = rng.randrange(15)
        if depth <= 0 or form < 4:
            return rng.choice((rng.choice(SAME["map"]), "ReLU", "Conv(8, 3, padding=same)", rng.choice(ANY)))
        inner = [self.item(depth - 1) for _ in range(rng.randrange(1, 4))]
        return (
            lambda: {"Conv": {"filters": self.scalar(), "kernel": 3, "padding": "same"}},
            lambda: {"Conv": [8, 3]},
            lambda: {"repeat": self.scalar(), "body": inner},
            lambda: {
                "for": rng.choice(("i", ["i", "j"])),
                "in": rng.choice(("range(3)", "[[1, 2], [3, 4]]", [1, 2])),
                "body": inner,
            },
            lambda: {
                "branches": {
                    "merge": rng.choice(("Add", "Concat", {"Concat": {"axis": 0}})),
                    "flows": [inner, ["Identity"]],
                }
            },
            lambda: {"if": rng.choice(("true", "1 == 2", True)), "then": inner, "else": ["ReLU"]},
            lambda: {"stage": inner[0], "as": "e", **({"index": ["i"]} if rng.random() < 0.3 else {})},
            lambda: {"stage": inner[0], "shape": ["_", "_", "_"]},
            lambda: {"branches": {"for": "k", "in": "[1, 3]", "flow": inner, "merge": "Concat"}},
            lambda: {"wrap": rng.choice(("TimeDistributed", "WeightNorm", "Bidirectional", "Add")), "body": inner},
            lambda: {
                "wrap": "Bidirectional",
                "args": {"merge_mode": self.scalar()},
                "body": [any_operator(rng, "GRU(4)")],
            },
        )[form - 4]()

    def flow(self) -> Any:
        if self.rng.random() < 0.5:
            return self.writer.network(2)
        return ["Input(16, 16, 4)", *[self.item(3) for _ in range(self.rng.randrange(5))], "FC(3)"]

    def document(self) -> dict[str, Any]:
        rng = self.rng
        made: dict[str, Any] = {"nnspec": rng.choice((1, 1, 1, 1, 2, "1", None))}
        if rng.random() < 0.3:
            made |= {"name": "net", "description": "a text: with # marks"}
        if rng.random() < 0.4:
            made["params"] = {"n": self.scalar(), "classes": 10}
        if rng.random() < 0.3:
            made["let"] = {"width": self.scalar(), "r8(v)": "max(8, v // 8 * 8)"}
        if rng.random() < 0.3:
            made["default"] = {"Conv": {"padding": "same", "bias": rng.choice((True, "no", None))}}
        if rng.random() < 0.3:
            made["blocks"] = {"B(c, k=3)": "Conv(c, k, padding=same) -> BN", "Tower": [self.item(2)]}
        if rng.random() < 0.2:
            made["tensors"] = {"x": self.flow()}
        if rng.random() < 0.2:
            made["models"] = {"Critic": self.flow()}
        made["network"] = self.flow()
        if rng.random() < 0.2:
            made["expect"] = ["params <= 26M", self.scalar()]
        if rng.random() < 0.2:
            made["outputs"] = ["x"]
        if rng.random() < 0.3:
            made["train"] = {
                "data": {"source": rng.choice(("sklearn/digits", "csv", "npz", "nope")), "split": [0.8, 0.1, 0.1], "batch": self.scalar()},
                "loss": rng.choice(("sparse_categorical_crossentropy", "mse", "nope")), "epochs": self.scalar(),
                "optimizer": rng.choice(("adam", {"name": "sgd", "learning_rate": self.scalar()})),
            }  # fmt: skip
        if rng.random() < 0.05:
            made[rng.choice(("nope", "statements", "allow", "search"))] = rng.choice(
                ([], {}, "x", [{"let": {"a": 1}}, "Input(3) -> FC(2)"])
            )
        return made


def _plain(text: str) -> str:
    """A scalar without quotes where that stands a chance."""
    return (
        text
        if text and not set(text) & set("\n#{}[]&*!|>'\"%@`") and ": " not in text and text.strip() == text
        else json.dumps(text)
    )


def block_style(data: Any, rng: Random, indent: int = 0) -> str:
    """YAML text of plain data, its style chosen at random."""
    pad = "  " * indent
    if isinstance(data, (dict, list)) and data and rng.random() < 0.8:
        lines = []
        pairs = data.items() if isinstance(data, dict) else ((None, item) for item in data)
        for key, value in pairs:
            head = pad + ("-" if key is None else _plain(str(key)) + ":")
            nested = block_style(value, rng, indent + 1)
            lines.append(f"{head}{nested if nested.startswith(chr(10)) else ' ' + nested}")
        return "\n" + "\n".join(lines)
    if isinstance(data, str):
        style = rng.randrange(4)
        if style == 0:
            return _plain(data)
        if style == 1:
            return "'" + data.replace("'", "''").replace("\n", " ") + "'"
        if style == 2 and data.strip() == data and data:
            return rng.choice("|>") + "\n" + "\n".join(pad + "  " + line for line in data.split("\n"))
    return json.dumps(data, ensure_ascii=rng.random() < 0.5)


def yaml_spec(rng: Random) -> str:
    """A random YAML spec."""
    return block_style(Document(rng).document(), rng).lstrip("\n") + "\n"
