"""One noun: the Learner, data and a model and how they are trained."""

from tipoff.learner.learner import Learner
from tipoff.learner.state import load_learner

__all__ = ["Learner", "load_learner"]
