"""Photos: a folder of class folders, of train/ and valid/, or a CSV of file names and labels."""

from tipoff.cli.tasks.pictures.report import report
from tipoff.cli.tasks.pictures.train import baseline, fit, prepare, resume

__all__ = ["baseline", "fit", "prepare", "report", "resume"]
