"""Texts in classes: a table with a column of free text, or text files in class folders."""

from tipoff.cli.tasks.texts.report import report
from tipoff.cli.tasks.texts.train import baseline, fit, prepare, resume

__all__ = ["baseline", "fit", "prepare", "report", "resume"]
