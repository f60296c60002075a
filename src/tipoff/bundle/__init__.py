"""The model file, and answers from it without the training code."""

from tipoff.bundle.predictor import Predictor, load_predictor

__all__ = ["Predictor", "load_predictor"]
