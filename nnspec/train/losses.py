"""Losses and metrics by Keras's names: which class each is, its settings, the targets it reads.

The tables are our own, so that `check` knows them without a framework; a test holds them against Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nnspec.ops.choices import Choice, Setting
from nnspec.ops.kinds import Flag, Integer, Many, OneOf, OrNone, Real
from nnspec.ops.operator import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nnspec.train.keys import Pick

#: What a loss or metric reads: class numbers, one-hot vectors, zeros and ones, values; "any" follows the loss.
Reads: TypeAlias = Literal["int", "onehot", "binary", "value", "any"]


class Loss(Choice):
    """A loss; `task` is what a network with it is taught, unless the spec says otherwise."""

    reads: Reads = "value"
    task: str = "regression"


class Metric(Choice):
    """A metric; `logits` are the arguments that make it read outputs before the softmax or sigmoid.

    One that goes `across` the values of an example compares them with each other, so that one value tells nothing.
    """

    reads: Reads = "value"
    logits: Mapping[str, Any] = {}
    across: bool = False


_LOGITS = {"from_logits": Setting(Flag(), "from_logits", False)}
_SMOOTHING = {"label_smoothing": Setting(Real(ge=0, le=1), "label_smoothing", 0.0)}
_AXIS = {"axis": Setting(Integer(), "axis", -1)}
_FOCUS = {"alpha": Setting(Real(), "alpha", 0.25), "gamma": Setting(Real(ge=0), "gamma", 2.0)}
_REDUCTION = {
    "reduction": Setting(
        OneOf("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"), "reduction", "sum_over_batch_size"
    )
}


_TASKS: dict[Reads, str] = {"int": "multiclass", "onehot": "multiclass", "binary": "binary"}


def _loss(name: str, doc: str, reads: Reads = "value", *settings: Mapping[str, Setting]) -> Loss:
    found = {word: setting for some in (*settings, _REDUCTION) for word, setting in some.items()}
    return Loss(f"keras.losses.{name}", doc, found, {}, reads, _TASKS.get(reads, "regression"))


_DELTA = {"delta": Setting(Real(gt=0), "delta", 1.0)}
_BALANCING = {"apply_class_balancing": Setting(Flag(), "apply_class_balancing", False)}

LOSSES: dict[str, Choice] = {
    "sparse_categorical_crossentropy": _loss(
        "SparseCategoricalCrossentropy", "cross-entropy of class numbers", "int", _LOGITS, _AXIS,
        {"ignore_class": Setting(OrNone(Integer()), "ignore_class", None)},
    ),
    "categorical_crossentropy": _loss(
        "CategoricalCrossentropy", "cross-entropy of one-hot classes", "onehot",
        _LOGITS, _SMOOTHING, _AXIS,
    ),
    "categorical_focal_crossentropy": _loss(
        "CategoricalFocalCrossentropy", "cross-entropy that dwells on hard examples", "onehot",
        _FOCUS, _LOGITS, _SMOOTHING, _AXIS,
    ),
    "categorical_hinge": _loss("CategoricalHinge", "hinge between the true and the best other class", "onehot"),
    "binary_crossentropy": _loss(
        "BinaryCrossentropy", "cross-entropy of zeros and ones", "binary", _LOGITS, _SMOOTHING, _AXIS
    ),
    "binary_focal_crossentropy": _loss(
        "BinaryFocalCrossentropy", "binary cross-entropy that dwells on hard examples", "binary",
        _BALANCING, _FOCUS, _LOGITS, _SMOOTHING, _AXIS,
    ),
    "hinge": _loss("Hinge", "max(1 - y · f, 0), zeros read as -1", "binary"),
    "squared_hinge": _loss("SquaredHinge", "max(1 - y · f, 0)², zeros read as -1", "binary"),
    "dice": _loss("Dice", "1 - Dice coefficient of two maps", "binary"),
    "tversky": _loss(
        "Tversky", "1 - Tversky index of two maps", "binary",
        {"alpha": Setting(Real(ge=0), "alpha", 0.5), "beta": Setting(Real(ge=0), "beta", 0.5)},
    ),
    "mean_squared_error": _loss("MeanSquaredError", "mean of (y - f)²"),
    "mean_absolute_error": _loss("MeanAbsoluteError", "mean of |y - f|"),
    "mean_absolute_percentage_error": _loss("MeanAbsolutePercentageError", "mean of 100 · |y - f| / |y|"),
    "mean_squared_logarithmic_error": _loss("MeanSquaredLogarithmicError", "mean of (log(1 + y) - log(1 + f))²"),
    "huber": _loss("Huber", "squared near zero, absolute beyond delta", "value", _DELTA),
    "log_cosh": _loss("LogCosh", "mean of log(cosh(f - y))"),
    "poisson": _loss("Poisson", "mean of f - y · log(f)"),
    "kl_divergence": _loss("KLDivergence", "Σ y · log(y / f)"),
    "cosine_similarity": _loss("CosineSimilarity", "-cos of the angle between y and f", "value", _AXIS),
}  # fmt: skip

_SHORT = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "kld": "kl_divergence", "bce": "binary_crossentropy",
}  # fmt: skip
LOSSES |= {short: LOSSES[long] for short, long in _SHORT.items()}


def _metric(
    name: str, doc: str, reads: Reads = "value", *settings: Mapping[str, Setting],
    logits: Mapping[str, Any] | None = None, word: str | None = None, across: bool = False,
) -> Metric:  # fmt: skip
    """A metric; `word` is its name in the log, where Keras's own is another."""
    found = {key: setting for some in settings for key, setting in some.items()}
    return Metric(
        f"keras.metrics.{name}", doc, found, {} if word is None else {"name": word}, reads, logits or {}, across
    )


_THRESHOLDS = {"thresholds": Setting(OrNone(Many(Real(ge=0, le=1))), "thresholds", None)}
_TOP = {
    "top_k": Setting(OrNone(Integer(ge=1)), "top_k", None),
    "class_id": Setting(OrNone(Integer(ge=0)), "class_id", None),
}
_K = {"k": Setting(Integer(ge=1), "k", 5)}
#: Keras's default, none, gives a figure for each class; a log has one figure for each metric.
_AVERAGE = {
    "average": Setting(OneOf("macro", "micro", "weighted"), "average", "macro"),
    "threshold": Setting(OrNone(Real(ge=0, le=1)), "threshold", None),
}
_BY_LOGITS = {"from_logits": True}
_THRESHOLD = {"threshold": Setting(Real(ge=0, le=1), "threshold", 0.5)}
_CURVE = {
    "curve": Setting(OneOf("ROC", "PR"), "curve", "ROC"),
    "num_thresholds": Setting(Integer(ge=2), "num_thresholds", 200),
    "multi_label": Setting(Flag(), "multi_label", False),
}


def _counted(name: str, doc: str, word: str, *settings: Mapping[str, Setting]) -> Metric:
    return _metric(name, doc, "binary", _THRESHOLDS, *settings, logits={"thresholds": 0.0}, word=word)


def _at(name: str, doc: str, word: str) -> Metric:
    given = word.partition("_at_")[2]
    steps = {"num_thresholds": Setting(Integer(ge=2), "num_thresholds", 200)}
    return _metric(name, doc, "binary", {given: Setting(Real(ge=0, le=1), given, REQUIRED)}, steps, word=word)


def _score(name: str, doc: str, *settings: Mapping[str, Setting]) -> Metric:
    doc += "; without a `threshold` that of probability 0.5, or the largest output of one-hot classes"
    made = _metric(name, doc, "binary", *settings)
    return Metric(made.target, made.doc, made.settings, {"average": "macro"}, made.reads, made.logits)


METRICS: dict[str, Choice] = {
    "accuracy": _metric("Accuracy", "share of right answers: sparse, categorical or binary, as the loss is", "any"),
    "sparse_categorical_accuracy": _metric("SparseCategoricalAccuracy", "share of right classes, by number", "int"),
    "sparse_top_k_categorical_accuracy": _metric(
        "SparseTopKCategoricalAccuracy", "share whose class is among the k likeliest, by number", "int", _K
    ),
    "sparse_categorical_crossentropy": _metric(
        "SparseCategoricalCrossentropy", "cross-entropy of class numbers", "int", _LOGITS, logits=_BY_LOGITS
    ),
    "categorical_accuracy": _metric("CategoricalAccuracy", "share of right classes, one-hot", "onehot"),
    "top_k_categorical_accuracy": _metric(
        "TopKCategoricalAccuracy", "share whose class is among the k likeliest, one-hot", "onehot", _K
    ),
    "categorical_crossentropy": _metric(
        "CategoricalCrossentropy", "cross-entropy of one-hot classes", "onehot", _LOGITS, _SMOOTHING, logits=_BY_LOGITS
    ),
    "categorical_hinge": _metric("CategoricalHinge", "hinge between the true and the best other class", "onehot"),
    "binary_accuracy": _metric(
        "BinaryAccuracy", "share of zeros and ones that are right", "binary", _THRESHOLD, logits={"threshold": 0.0}
    ),
    "binary_crossentropy": _metric(
        "BinaryCrossentropy", "cross-entropy of zeros and ones", "binary", _LOGITS, _SMOOTHING, logits=_BY_LOGITS
    ),
    "auc": _metric("AUC", "area under the curve", "binary", _LOGITS, _CURVE, logits=_BY_LOGITS, word="auc"),
    "precision": _counted("Precision", "share of the found that are right", "precision", _TOP),
    "recall": _counted("Recall", "share of the right that are found", "recall", _TOP),
    "precision_at_recall": _at("PrecisionAtRecall", "best precision at this recall", "precision_at_recall"),
    "recall_at_precision": _at("RecallAtPrecision", "best recall at this precision", "recall_at_precision"),
    "sensitivity_at_specificity": _at(
        "SensitivityAtSpecificity", "best sensitivity at this specificity", "sensitivity_at_specificity"
    ),
    "specificity_at_sensitivity": _at(
        "SpecificityAtSensitivity", "best specificity at this sensitivity", "specificity_at_sensitivity"
    ),
    "true_positives": _counted("TruePositives", "ones found as ones", "true_positives"),
    "true_negatives": _counted("TrueNegatives", "zeros found as zeros", "true_negatives"),
    "false_positives": _counted("FalsePositives", "zeros found as ones", "false_positives"),
    "false_negatives": _counted("FalseNegatives", "ones found as zeros", "false_negatives"),
    "f1_score": _score("F1Score", "harmonic mean of precision and recall", _AVERAGE),
    "fbeta_score": _score(
        "FBetaScore", "weighted harmonic mean of precision and recall", _AVERAGE,
        {"beta": Setting(Real(gt=0), "beta", 1.0)},
    ),
    "hinge": _metric("Hinge", "max(1 - y · f, 0)", "binary"),
    "squared_hinge": _metric("SquaredHinge", "max(1 - y · f, 0)²", "binary"),
    "mean_squared_error": _metric("MeanSquaredError", "mean of (y - f)²"),
    "root_mean_squared_error": _metric("RootMeanSquaredError", "square root of the mean of (y - f)²"),
    "mean_absolute_error": _metric("MeanAbsoluteError", "mean of |y - f|"),
    "mean_absolute_percentage_error": _metric("MeanAbsolutePercentageError", "mean of 100 · |y - f| / |y|"),
    "mean_squared_logarithmic_error": _metric("MeanSquaredLogarithmicError", "mean of (log(1 + y) - log(1 + f))²"),
    "r2_score": _metric("R2Score", "share of the variance that is explained"),
    "pearson_correlation": _metric(
        "PearsonCorrelation", "linear correlation of y and f over the values of an example", across=True
    ),
    "concordance_correlation": _metric(
        "ConcordanceCorrelation", "agreement of y and f over the values of an example", across=True
    ),
    "log_cosh_error": _metric("LogCoshError", "mean of log(cosh(f - y))", word="log_cosh_error"),
    "poisson": _metric("Poisson", "mean of f - y · log(f)"),
    "kl_divergence": _metric("KLDivergence", "Σ y · log(y / f)"),
    "cosine_similarity": _metric("CosineSimilarity", "cos of the angle between y and f", "value", _AXIS),
}  # fmt: skip
METRICS["mean_iou"] = Metric(
    "keras.metrics.MeanIoU", "mean over classes of intersection over union",
    {"num_classes": Setting(Integer(ge=2), "num_classes")}, {"sparse_y_pred": False, "name": "mean_iou"}, "int",
)  # fmt: skip


def _named(word: str, metric: Choice) -> Choice:
    assert isinstance(metric, Metric)
    return Metric(
        metric.target, metric.doc, metric.settings, {**metric.fixed, "name": word}, metric.reads, metric.logits
    )


METRICS |= {"acc": _named("acc", METRICS["accuracy"])}
METRICS |= {short: _named(short, METRICS[long]) for short, long in _SHORT.items() if long in METRICS}
METRICS |= {"rmse": _named("rmse", METRICS["root_mean_squared_error"])}


#: Metrics of which less is better, besides errors and cross-entropies.
_COSTS = ("Hinge", "Poisson", "KLDivergence", "False")


def improves(metric: Pick) -> str:
    """Whether "min" or "max" of a metric is better."""
    name = metric.choice.target.rpartition(".")[2]
    costs = "Error" in name or "Crossentropy" in name or any(cost in name for cost in _COSTS)
    return "min" if costs else "max"
