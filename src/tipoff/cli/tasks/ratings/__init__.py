"""Ratings: who gave how much to what, and what they would like."""

from tipoff.cli.tasks.ratings.report import report
from tipoff.cli.tasks.ratings.train import baseline, fit, prepare, resume

__all__ = ["baseline", "fit", "prepare", "report", "resume"]
