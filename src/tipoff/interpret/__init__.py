"""Where a model errs, and what it looked at."""

from tipoff.interpret.classification import ClassificationInterpretation, Interpretation
from tipoff.interpret.dependence import partial_dependence
from tipoff.interpret.embeddings import embedding_map
from tipoff.interpret.importance import permutation_importance
from tipoff.interpret.one_row import explain_row
from tipoff.interpret.reliability import calibration_curve, reliability

__all__ = [
    "ClassificationInterpretation",
    "Interpretation",
    "calibration_curve",
    "embedding_map",
    "explain_row",
    "partial_dependence",
    "permutation_importance",
    "reliability",
]
