"""The train section as read: keys, values, overrides, and the schema that says the same."""

import re

import jsonschema
import pytest
import yaml

from nnspec.train.reference import reference
from nnspec.train.section import schema, settings_of
from tests.train.training import SPARSE, Spec

DIGITS = "data: {source: sklearn/digits}"
NETWORK = "Input(8, 8, 1) -> FC(10)"

WHOLE = """
task: multiclass
data: {source: sklearn/digits, split: [0.8, 0.1, 0.1], batch: 2^6, shuffle: true, examples: 1797}
loss: {name: sparse_categorical_crossentropy, from_logits: true}
metrics: [accuracy, {name: sparse_top_k_categorical_accuracy, k: 3}]
optimizer: {name: sgd, learning_rate: 1e-2, momentum: 0.9, nesterov: true, clip: {norm: 1.0}}
schedule: {name: step, every: 5, factor: 1/2}
epochs: 1K
early_stopping: {patience: 3}
checkpoint: val_accuracy
seed: 7
precision: mixed_bfloat16
device: auto
log: [csv, terminal]
"""


def test_all_keys_are_read():
    training = Spec(NETWORK, WHOLE).training
    assert (training.data.batch, training.epochs, training.seed) == (64, 1000, 7)
    assert training.optimizer.arguments == {"momentum": 0.9, "nesterov": True}  # 0.01 is Keras's own
    assert training.schedule.given == {"every": 5, "factor": 0.5}
    assert (training.early_stopping.patience, training.checkpoint.monitor) == (3, "val_accuracy")
    assert settings_of(training)["data"]["split"] == [0.8, 0.1, 0.1]


FAULTS = [
    # (section, code, text it stands under, word of the help)
    (f"{DIGITS}{SPARSE}\nepoch: 3", "NN151", "epoch", "epochs"),
    (f"data: {{source: sklearn/digits, bacth: 3}}{SPARSE}", "NN151", "bacth", "batch"),
    (f"{DIGITS}{SPARSE}\noptimizer: {{name: adam, momentum: 0.9}}", "NN151", "momentum", "beta_1"),
    (f"{DIGITS}\nloss: {{name: mse, reductoin: sum}}", "NN151", "reductoin", "reduction"),
    (f"{DIGITS}{SPARSE}\nepochs: 0", "NN206", "0", ""),
    (f"{DIGITS}{SPARSE}\nepochs: 2.5", "NN206", "2.5", ""),
    (f"{DIGITS}{SPARSE}\nepochs: [1]", "NN206", "[1]", ""),
    (f"{DIGITS}{SPARSE}\nepochs: .inf", "NN155", ".inf", ""),
    (f"{DIGITS}{SPARSE}\nepochs: {{a: 1}}", "NN153", "{a: 1}", ""),
    (f"{DIGITS}{SPARSE}\noptimizer: {{name: adam, learning_rate: -1}}", "NN206", "-1", ""),
    (f"{DIGITS}{SPARSE}\noptimizer: {{name: adam, beta_1: 1.0}}", "NN206", "1.0", ""),
    (f"{DIGITS}{SPARSE}\noptimizer: adamm", "NN730", "adamm", "adam"),
    (f"{DIGITS}{SPARSE}\nmetrics: [acuracy]", "NN730", "acuracy", "accuracy"),
    (f"{DIGITS}{SPARSE}\nschedule: {{name: cosin}}", "NN730", "cosin", "cosine"),
    (f"data: {{source: sklearn/digit}}{SPARSE}", "NN730", "sklearn/digit", "sklearn/digits"),
    (f"data: {{source: sklearn/california_housing}}{SPARSE}", "NN730", "sklearn/california_housing", ""),
    (f"data: {{source: images, path: x}}{SPARSE}", "NN731", "images", "npz"),
    (f"data: {{source: python, path: 'os:system'}}{SPARSE}", "NN731", "python", "npz"),
    (f"{DIGITS}{SPARSE}\ntask: adversarial", "NN731", "adversarial", "regression"),
    (f"{DIGITS}{SPARSE}\ndevice: gpu", "NN731", "gpu", "auto"),
    (f"{DIGITS}{SPARSE}\ndistribute: data", "NN731", "data", "none"),
    (f"data: {{source: sklearn/digits, augment: [flip]}}{SPARSE}", "NN731", "[flip]", ""),
    (f"{DIGITS}{SPARSE}\nschedule: {{name: exponential, decay: 0.9, warmup: 2}}", "NN731", "warmup", "cosine"),
    (f"{DIGITS}{SPARSE}\nschedule: step", "NN732", "step", "every"),
    (f"{DIGITS}{SPARSE}\nschedule: exponential", "NN152", "exponential", "decay: …"),
    (f"{DIGITS}{SPARSE}\noptimizer: {{name: adam, clip: {{norm: 1, value: 1}}}}", "NN732", "{norm: 1, value: 1}", ""),
    (f"data: {{source: sklearn/digits, split: [0.8, 0.1, 0.2]}}{SPARSE}", "NN732", "[0.8, 0.1, 0.2]", "0.7"),
    (f"data: {{source: sklearn/digits, split: [0.8, 0.2]}}{SPARSE}", "NN732", "[0.8, 0.2]", "0.1"),
    (f"data: {{source: sklearn/digits, split: [1.5, 0.1, 0.1]}}{SPARSE}", "NN732", "[1.5, 0.1, 0.1]", ""),
    (f"data: {{source: csv, path: a.csv}}{SPARSE}", "NN152", "{source: csv, path: a.csv}", "target"),
    (f"data: {{source: sklearn/digits, path: a.csv}}{SPARSE}", "NN151", "path", ""),
    (f"data: {{source: csv}}{SPARSE}", "NN152", "{source: csv}", "add `target: …` and `path: …`"),
    (SPARSE.strip(), "NN152", SPARSE.strip(), "data"),
    ("{}", "NN152", "{}", "add `data: …` and `loss: …`"),
]


@pytest.mark.parametrize(("section", "code", "text", "help"), FAULTS)
def test_a_fault_is_shown_at_its_place(section, code, text, help):
    spec = Spec(NETWORK, section)
    assert spec.training is None
    assert [(number, where.strip()) for number, where in spec.said] == [(code, text)]
    assert help in (spec.only.help or "")


@pytest.mark.parametrize("table", ["schedule", "optimizer", "loss", "metrics"])
def test_every_setting_of_the_reference_is_accepted_and_no_other(table):
    """By the page itself: each row's settings, at their defaults where they have one."""
    heads = {"schedule": "Schedules", "optimizer": "Optimisers", "loss": "Losses", "metrics": "Metrics"}
    page = reference().split(f"## {heads[table]}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    required = {"decay": "0.5", "every": "2", "num_classes": "2"}
    assert len(rows) > 5
    for word, listed in rows:
        settings = dict(re.findall(r"`(\w+)`(?: = ([^,`]+))?", listed))
        given = {name: value or required.get(name, "1") for name, value in settings.items()}
        if word == "step":
            given |= {"every": "2"}
        written = "".join(f", {name}: {'null' if value == 'none' else value}" for name, value in given.items())
        base = DIGITS + ("" if table == "loss" else SPARSE)
        accepted = Spec(NETWORK, f"{base}\n{table}: {{name: {word}{written}}}")
        assert accepted.training is not None, (word, accepted.found.sorted())
        refused = Spec(NETWORK, f"{base}\n{table}: {{name: {word}{written}, warm: 1}}")
        assert [code for code, _ in refused.said] == ["NN151"], word
        if table == "schedule":
            warmed = (
                Spec(NETWORK, f"{base}\n{table}: {{name: {word}{written}, warmup: 0.5}}") if word != "cosine" else None
            )
            assert warmed is None or [code for code, _ in warmed.said] == ["NN731"], word


def test_independent_faults_are_all_said():
    spec = Spec(NETWORK, f"{DIGITS}\nloss: crossentropy\nepochs: -1\nmetrics: [acc, f2]\nsed: 3")
    assert sorted(code for code, _ in spec.said) == ["NN151", "NN206", "NN730", "NN730"]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            f"data: {{source: sklearn/digits, split: [0.5, 0.1]}}{SPARSE}\nepoch: 3",
            [("NN732", "[0.5, 0.1]"), ("NN151", "epoch")],
        ),
        (f"data: {{source: sklearn/digits, split: [1, 1], bach: 3}}{SPARSE}", [("NN732", "[1, 1]"), ("NN151", "bach")]),
        (
            "data: {source: sklearn/digits, split: [0.9, 0, 0.1]}\nearly_stopping: {monitor: val_loss}",
            [("NN152", ""), ("NN732", "val_loss")],
        ),
        (f"data: {{source: sklearn/digits}}{SPARSE}\nschedule: step\nseed: -1", [("NN732", "step"), ("NN206", "-1")]),
        # what cannot be read is no reason to doubt the rest
        (
            f"data: {{source: sklearn/digits, splt: [0.9, 0, 0.1]}}{SPARSE}\nearly_stopping: {{monitor: val_loss}}",
            [("NN151", "splt")],
        ),
        (f"early_stopping: {{monitor: val_loss}}{SPARSE}", [("NN152", "")]),
    ],
)
def test_a_fault_of_one_key_hides_no_clash_of_others(section, said):
    spec = Spec("Input(64) -> FC(10)", section)
    assert spec.training is None
    whole = spec.text[spec.text.index("train:\n  ") + len("train:\n  ") :].rstrip()
    assert sorted((code, "" if text == whole else text) for code, text in spec.said) == sorted(said)


def test_a_monitor_without_validation_set():
    spec = Spec(NETWORK, f"data: {{source: sklearn/digits, split: [0.9, 0, 0.1]}}{SPARSE}\ncheckpoint: val_loss")
    assert spec.said == [("NN732", "val_loss")]


@pytest.mark.parametrize(
    ("path", "under", "help"),
    [
        ("train.epoch", "epoch", "did you mean `epochs`?"),
        ("train.data.sorce", "sorce", "did you mean `source`?"),
        ("train.data.batch_size", "batch_size", "here it is called `batch`"),
        ("train.optimizer.lr", "lr", "here it is called `learning_rate`"),
        ("train.lr", "lr", "`learning_rate` is a key of `train.optimizer`"),
        ("train.batch", "batch", "`batch` is a key of `train.data`"),
        ("train.restore_best", "restore_best", "`restore_best` is a key of `train.early_stopping`"),
    ],
)
def test_an_unknown_key_of_the_command_line_is_shown_at_its_name(path, under, help):
    fault = Spec(NETWORK, f"{DIGITS}{SPARSE}\noptimizer: adam", [(path, "3")]).only
    assert (fault.code.number, fault.span.text, fault.help) == ("NN151", under, help)
    assert fault.span.file.text == f"--set {path}=3"


def test_the_command_line_overrides():
    sets = [
        ("train.epochs", "5"),
        ("train.optimizer.learning_rate", "1e-2"),
        ("train.data.split", "[0.6, 0.2, 0.2]"),
        ("train.schedule", "cosine"),
        ("train.seed", "2^3"),
    ]
    training = Spec(NETWORK, f"{DIGITS}{SPARSE}\noptimizer: sgd\nepochs: 2", sets).training
    assert (training.epochs, training.optimizer.word, training.schedule.word, training.seed) == (5, "sgd", "cosine", 8)
    assert (training.optimizer.given["learning_rate"], training.data.split) == (0.01, (0.6, 0.2, 0.2))


def test_a_fault_of_the_command_line_is_shown_there():
    spec = Spec(NETWORK, DIGITS + SPARSE, [("train.epochs", "many"), ("train.epoch", "3")])
    assert sorted(spec.said) == [("NN151", "epoch"), ("NN206", "many")]
    assert {d.span.file.path for d in spec.found.sorted()} == {"<command line>"}


VALIDATOR = jsonschema.Draft7Validator(schema())


def test_the_schema_is_one_and_takes_what_is_read():
    jsonschema.Draft7Validator.check_schema(schema())
    assert list(VALIDATOR.iter_errors(yaml.safe_load(WHOLE))) == []
    several = (
        "{data: {source: csv, path: a.csv, target: y}, loss: {a: mse, b: {name: huber, delta: 2}, weights: {a: 1}}}"
    )
    assert list(VALIDATOR.iter_errors(yaml.safe_load(several))) == []


# what the schema leaves to us: values between keys, expressions, numbers beside expressions
@pytest.mark.parametrize(
    ("section", "code"), [(f[0], f[1]) for f in FAULTS if f[1] in ("NN151", "NN152", "NN153", "NN730")]
)
def test_the_schema_refuses_what_reading_refuses(section, code):
    assert list(VALIDATOR.iter_errors(yaml.safe_load(section)))


def test_the_page_names_every_key():
    page = reference()
    for key in (
        "`early_stopping`",
        "`restore_best`",
        "`x_test`",
        "`delimiter`",
        "`huber`",
        "`nesterov`",
        "`inverse_time`",
    ):
        assert key in page
