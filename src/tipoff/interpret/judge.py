"""Judging a model by its predictions on the validation items: against the simplest guess, and against baselines.

What is compared was predicted for the same items, so the comparisons are paired: see `tipoff.metrics.compare.paired_p`.
"Better" means better with p < 0.05; a difference that may be chance is called one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tipoff.answer import number
from tipoff.errors import some
from tipoff.figures import name_in_words, span_in_words, value_in_words
from tipoff.metrics.compare import auc_interval, balanced_interval, mean_interval, paired_p
from tipoff.metrics.interval import interval
from tipoff.verdict import Level, Line, Recall, Verdict

CHANCE = 0.05  # p-values below it are taken for a difference
MOSTLY = 0.7  # of the validation items in one class: accuracy then hides the others
MODEL = "this model"
PAIRED = "Comparisons: paired randomization test on the same validation items, p < 0.05."
WILSON = "Intervals: 95 %, Wilson's."
BALANCED = "Intervals: 95 %, Wilson's for each recall, combined for balanced accuracy."

# N validation items


@dataclass(frozen=True)
class Baseline:
    """What a baseline predicted.

    Attributes:
        name: What it is, such as HistGradientBoosting.
        each: For each validation item the position of the class, or the number; for recommendations the user's recall.
        at: Positions of the validation items that it predicted; None for all of them.
        figures: Further metrics of it, by name.
    """

    name: str
    each: Sequence[float]
    at: Sequence[int] | None = None
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON values, as a checkpoint keeps them."""
        return asdict(self)


@dataclass(frozen=True)
class Rival:
    """Somebody the model is compared with, item by item."""

    name: str  # as in "is better than ..."
    ahead: np.ndarray  # by how much the model is better on each item
    is_simplest: bool = False

    def verdict(self) -> tuple[bool, str]:
        """Whether the model is better than this, and the clause that says so."""
        p = paired_p(self.ahead)
        if not np.any(self.ahead) and not self.is_simplest:
            return False, f"is exactly as good as {self.name}"
        if self.ahead.sum() > 0:
            if p < CHANCE:
                return True, f"is better than {self.name}"
            return False, f"is not clearly better than {self.name} (paired test, p = {p:.2g})"
        if self.is_simplest:
            return False, f"is no better than {self.name}"
        return False, f"is {'worse' if p < CHANCE else 'not better'} than {self.name}"


def _called(baselines: Sequence[Baseline], i: int) -> str:
    """What a baseline is called in a sentence: by its name where there are several."""
    return "the baseline" if len(baselines) == 1 else baselines[i].name


def judge_classes(
    names: Sequence[Any],
    true: np.ndarray,
    prob: np.ndarray,
    *,
    majority: int,
    things: str = "items",
    figures: Mapping[str, float] | None = None,
    baselines: Sequence[Baseline] = (),
) -> Verdict:
    """The verdict on a classifier.

    Judged by accuracy; by balanced accuracy, the mean of the recalls, where one class holds over 70 % of the items.

    Args:
        names: The classes.
        true: The position of the true class of each validation item, (N,).
        prob: Probabilities, (N, C).
        majority: The position of the most common class of the training items: the simplest guess.
        things: What the items are, in the plural.
        figures: Further metrics of the model, by name.
        baselines: What others predicted for the same items.

    >>> made = judge_classes(["no", "yes"], np.array([0] * 8 + [1] * 2), np.array([[0.9, 0.1]] * 10), majority=0)
    >>> made.level, made.figure, made.sentence[:30]
    ('bad', '50.0 %', 'This model never predicts yes ')
    """
    predicted, n_classes = prob.argmax(1), len(names)
    n_of = np.bincount(true, minlength=n_classes)
    metric = "balanced_accuracy" if n_of.max() > MOSTLY * len(true) else "accuracy"
    there = n_of > 0
    # with these the mean of right and wrong is the accuracy, or the balanced accuracy
    weights = len(true) / (n_of[true] * there.sum()) if metric == "balanced_accuracy" else np.ones(len(true))
    right = (predicted == true).astype(float)
    always = (true == majority).astype(float)

    def values(scores: np.ndarray, y: np.ndarray, more: Mapping[str, float]) -> dict[str, float]:
        made = {metric: _balanced(scores, y)} if metric == "balanced_accuracy" else {}
        return {**made, "accuracy": float(scores.mean()), **_finite(more)}

    recalls = _recalls(names, true, predicted)
    lines, rivals = [Line("model", MODEL, values(right, true, figures or {}))], []
    for i, b in enumerate(baselines):
        at = np.arange(len(true)) if b.at is None else np.asarray(b.at)
        scores = (np.asarray(b.each) == true[at]).astype(float)
        lines.append(Line("baseline", b.name, values(scores, true[at], b.figures)))
        rivals.append(Rival(_called(baselines, i), (right[at] - scores) * weights[at]))
    most = str(names[majority])
    chance = {"roc_auc": 0.5} if "roc_auc" in lines[0].values else {}
    lines.append(Line("simplest", f"always {most} (majority class)", values(always, true, chance)))
    simplest = Rival(f"always predicting {most}", (right - always) * weights, is_simplest=True)
    never = [r.label for r in recalls if r.n and not r.predicted]
    sentence, level = _judged([simplest], rivals, never, n_classes)
    if metric == "balanced_accuracy" and level != "bad":
        sentence = f"By balanced accuracy, t{sentence[1:]}"
    if level == "bad" and n_classes == 2:
        sentence += _ranking(prob[:, 1], true, str(names[1]), things)
    hits = [(r.right, r.n) for r in recalls if r.n]
    span = (
        interval(int(right.sum()), len(true))
        if metric == "accuracy"
        else balanced_interval([k for k, _ in hits], [n for _, n in hits])
    )
    return Verdict(
        metric, span, len(true), things, tuple(lines), tuple(recalls), level, sentence,
        method=f"{WILSON if metric == 'accuracy' else BALANCED} {PAIRED}",
    )  # fmt: skip


def judge_numbers(
    true: np.ndarray,
    predicted: np.ndarray,
    *,
    mean: float,
    metric: str = "mae",
    things: str = "items",
    figures: Mapping[str, float] | None = None,
    baselines: Sequence[Baseline] = (),
) -> Verdict:
    """The verdict on a model of one number.

    Args:
        true: The true numbers of the validation items, (N,).
        predicted: What the model predicted, (N,).
        mean: The mean of the training items: the simplest guess.
        metric: What is judged by: mae or rmse.
        things: What the items are, in the plural.
        figures: Metrics of the model, by name.
        baselines: What others predicted for the same items.

    >>> y = np.arange(20.0)
    >>> judge_numbers(y, y + 1, mean=9.5).sentence
    'This model is better than always predicting the mean.'
    """
    true, predicted = np.asarray(true, float), np.asarray(predicted, float)

    def loss(said: Any, squared: bool = metric == "rmse") -> np.ndarray:
        off: np.ndarray = np.abs(np.asarray(said, float) - true)
        return off**2 if squared else off

    def values(said: Any) -> dict[str, float]:
        off = np.asarray(said, float) - true
        mae, rmse = float(np.abs(off).mean()), math.sqrt(float((off**2).mean()))
        spread = float(((true - true.mean()) ** 2).sum())
        r2 = {"r2": 1 - float((off**2).sum()) / spread} if spread else {}
        return {"mae": mae, "rmse": rmse, **r2} if metric == "mae" else {"rmse": rmse, "mae": mae}

    ours = loss(predicted)
    lines = [Line("model", MODEL, {**values(predicted), **_finite(figures or {})})]
    rivals = []
    for i, b in enumerate(baselines):
        lines.append(Line("baseline", b.name, {**values(b.each), **_finite(b.figures)}))
        rivals.append(Rival(_called(baselines, i), loss(b.each) - ours))
    always = np.full(len(true), mean)
    lines.append(Line("simplest", f"always {number(mean)} (mean)", values(always)))
    # by squared errors, which no other constant makes smaller: better than the mean is an R² above 0
    ahead = loss(always, squared=True) - loss(predicted, squared=True)
    sentence, level = _judged([Rival("always predicting the mean", ahead, is_simplest=True)], rivals)
    span = None
    if len(true) > 1:
        low, high = (max(0.0, v) for v in mean_interval(ours))
        span = (low, high) if metric == "mae" else (math.sqrt(low), math.sqrt(high))
    method = f"Interval: 95 %, of the mean {'absolute' if metric == 'mae' else 'squared'} error by Student's distribution. {PAIRED}"
    return Verdict(metric, span, len(true), things, tuple(lines), (), level, sentence, method=method)


def judge_lists(
    each: np.ndarray,
    metric: str,
    *,
    things: str = "users",
    figures: Mapping[str, float] | None = None,
    baselines: Sequence[Baseline] = (),
) -> Verdict:
    """The verdict on recommendations without ratings, by what share of what each user took is among the first.

    Args:
        each: That share of each user, in [0, 1].
        metric: What it is called, such as recall@10.
        things: What there is a share of.
        figures: Further metrics of the model, by name.
        baselines: Lists of others for the same users, such as the most popular items for everybody.
    """
    each = np.asarray(each, float)
    lines = [Line("model", MODEL, {metric: float(each.mean()), **(figures or {})})]
    rivals = []
    for i, b in enumerate(baselines):
        scores = np.asarray(b.each, float)
        lines.append(Line("baseline", b.name, {metric: float(scores.mean()), **b.figures}))
        rivals.append(Rival(_called(baselines, i), each - scores))
    sentence, level = _judged([], rivals)
    # a share's mean varies at most as that of yes and no does
    span = interval(round(float(each.sum())), len(each))
    method = f"{WILSON} {PAIRED.replace('validation items', 'users')}"
    return Verdict(metric, span, len(each), things, tuple(lines), (), level, sentence, method=method)


def _judged(
    simplest: Sequence[Rival], rivals: Sequence[Rival], never: Sequence[str] = (), n_classes: int = 0
) -> tuple[str, Level]:
    """The sentence, and the level: bad where the model is no better than the simplest guess, or knows one of two classes."""
    good: list[str] = []
    wrong = [f"never predicts {some(never, 3)}"] if never else []
    bad = bool(never) and n_classes == 2
    for rival in simplest:
        better, clause = rival.verdict()
        (good if better else wrong).append(clause)
        bad = bad or clause.startswith("is no better")
    judged = [rival.verdict() for rival in rivals]
    if lost := [clause for better, clause in judged if not better]:
        wrong += lost
    else:
        good += [clause for _, clause in judged]
    good = [] if bad else good
    sentence = f"This model {_listed(good)}{', but ' if good and wrong else ''}{_listed(wrong)}."
    return sentence, "bad" if bad else "caution" if wrong else "good"


def _listed(clauses: Sequence[str]) -> str:
    """Clauses in a row; "is better than a and is better than b" is said shorter.

    >>> _listed(["is better than a", "is better than b"]), _listed(["never predicts c"])
    ('is better than a and than b', 'never predicts c')
    """
    if len(clauses) > 1 and all(c.startswith("is better than ") for c in clauses):
        clauses = [clauses[0], *(c.removeprefix("is better ") for c in clauses[1:])]
    return ", ".join(clauses[:-1]) + (" and " if len(clauses) > 1 else "") + (clauses[-1] if clauses else "")


def _recalls(names: Sequence[Any], true: np.ndarray, predicted: np.ndarray) -> list[Recall]:
    n = len(names)
    of, said = np.bincount(true, minlength=n), np.bincount(predicted, minlength=n)
    right = np.bincount(true[true == predicted], minlength=n)
    return [
        Recall(str(names[i]), int(right[i]), int(of[i]), int(said[i]), *interval(int(right[i]), int(of[i])))
        for i in range(n)
    ]


def _balanced(scores: np.ndarray, y: np.ndarray) -> float:
    """The mean of the classes' means."""
    return float(np.mean([scores[y == c].mean() for c in np.unique(y)]))


def _finite(figures: Mapping[str, float]) -> dict[str, float]:
    """Without what is no number, such as AUC where one class is missing: JSON has none."""
    return {name: float(v) for name, v in figures.items() if math.isfinite(v)}


def _ranking(score: np.ndarray, y: np.ndarray, label: str, things: str) -> str:
    """What else the probabilities are good for, or not."""
    auc, low, high = auc_interval(score, y)
    if math.isnan(auc):
        return ""
    span = value_in_words("roc_auc", auc)
    if low < high:
        span += f", 95 % CI {span_in_words('roc_auc', low, high)}"
    if low > 0.5:
        return f" Its probabilities do rank the {things} ({name_in_words('roc_auc')} {span}): sort them by the probability of {label}."
    return f" Its probabilities do not rank the {things} better than chance either ({name_in_words('roc_auc')} {span})."
