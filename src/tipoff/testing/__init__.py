"""Contracts: hand in an instance of your own part, and the promises that tipoff relies on are tried out.

    check_block, check_target      blocks: set up, encode, decode, show, JSON
    check_transform                transforms of items and of batches
    check_proc                     steps of a table
    check_metric                   figures over uneven batches and several processes
    check_callback                 known events, and a run that is cut off and resumed
    check_engine                   what the loop needs of a device
    check_learner                  fit, predict, export, load

Each raises `AssertionError` with a sentence that names the broken promise, and returns nothing. They are
the checks that tipoff's own parts pass; use them in the tests of a package that adds some.
"""

from tipoff.testing.block import check_block, check_target
from tipoff.testing.callback import check_callback
from tipoff.testing.engine import check_engine
from tipoff.testing.learner import check_learner
from tipoff.testing.metric import check_metric
from tipoff.testing.proc import check_proc
from tipoff.testing.spec import check_spec
from tipoff.testing.transform import check_transform

__all__ = [
    "check_block",
    "check_callback",
    "check_engine",
    "check_learner",
    "check_metric",
    "check_proc",
    "check_spec",
    "check_target",
    "check_transform",
]
