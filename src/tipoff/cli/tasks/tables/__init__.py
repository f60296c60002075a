"""Tables: one column is predicted from the others."""

from tipoff.cli.tasks.tables.report import report
from tipoff.cli.tasks.tables.train import baseline, fit, prepare, resume

__all__ = ["baseline", "fit", "prepare", "report", "resume"]
