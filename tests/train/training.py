"""Specs with a `train` section, read and checked as the commands do."""

from nnspec.compiler import compile_tree
from nnspec.diagnostics.diagnostic import Diagnostics
from nnspec.program.settings import Settings
from nnspec.source import SourceFile
from nnspec.syntax.yaml import parse_yaml
from nnspec.train.check import check_training
from nnspec.train.command import training_of
from nnspec.train.runner import prepare

NEWLINE = "\n"
SPARSE = "\nloss: sparse_categorical_crossentropy"


class Spec:
    """A network and a train section; `found` collects what is said of them."""

    def __init__(self, network, train, sets=(), folder="", head=None):
        train = train.strip("\n").replace("\n", "\n  ")
        self.text = f"{head or f'nnspec: 1{NEWLINE}network: {network}{NEWLINE}'}train:\n  {train}\n"
        self.found = Diagnostics()
        tree = parse_yaml(SourceFile("spec.yaml", self.text), self.found)
        self.program = compile_tree(tree, Settings(sets=tuple(sets)), self.found)
        self.training = training_of(tree, sets, self.found)
        self.folder = str(folder)

    @property
    def model(self):
        return self.program.models[0]

    def check(self, runs=False):
        """The plan, from what the spec says alone."""
        assert self.training is not None, self.said
        return check_training(self.training, self.model, self.found, runs=runs)

    def prepare(self):
        """The plan and network, with the data opened."""
        assert self.training is not None, self.said
        return prepare(self.training, self.model, self.folder, self.found)

    @property
    def said(self):
        """Code and text under it, of every error."""
        return [(d.code.number, d.span.text) for d in self.found.sorted() if d.severity == "error"]

    @property
    def only(self):
        """The one error."""
        [diagnostic] = [d for d in self.found.sorted() if d.severity == "error"]
        return diagnostic
