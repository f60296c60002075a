"""Where a model errs, and what it looked at."""

from tipoff.interpret.classification import ClassificationInterpretation, Interpretation

__all__ = ["ClassificationInterpretation", "Interpretation"]
