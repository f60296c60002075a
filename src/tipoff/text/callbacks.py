"""What training a recurrent language model takes: forgetting between texts, and two penalties on activations."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from tipoff.train.callback import Callback
from tipoff.train.run import Run


class ModelResetter(Callback):
    """Let the model forget at the beginning of an epoch, of validation, and at the end: calls its `reset()`.

    Between batches it remembers. A run that is resumed in the middle of an epoch gets the memory back that it had.
    """

    order = -80

    def __init__(self) -> None:
        self._model: Any = None
        self._waiting: list[Any] | None = None

    def _reset(self, run: Run) -> None:
        if hasattr(run.model, "reset"):
            run.model.reset()  # type: ignore[operator]

    def before_fit(self, run: Run) -> None:
        self._model = run.model

    def before_train(self, run: Run) -> None:
        self._reset(run)
        if self._waiting is not None and run.n_batches:
            for module, hidden in zip(_remembering(run.model), self._waiting, strict=True):
                module.hidden = [(h.to(run.engine.device), c.to(run.engine.device)) for h, c in hidden]
        self._waiting = None

    def before_validate(self, run: Run) -> None:
        self._reset(run)

    def after_fit(self, run: Run) -> None:
        self._reset(run)

    def state_dict(self) -> dict[str, Any]:
        return {"hidden": [m.hidden for m in _remembering(self._model)] if self._model is not None else []}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._waiting = state["hidden"]


def _remembering(model: Any) -> list[Any]:
    return [m for m in model.modules() if isinstance(getattr(m, "hidden", None), list)]


class RNNCallback(Callback):
    """For models that give (output, raw activations, dropped activations): only the output goes on to the loss."""

    order = -10

    def __init__(self) -> None:
        self.raw_out: Tensor | None = None
        self.out: Tensor | None = None

    def after_pred(self, run: Run) -> None:
        self.raw_out = self.out = None
        if isinstance(run.pred, tuple):
            run.pred, self.raw_out, self.out = (
                o[-1] if isinstance(o, (list, tuple)) else o for o in run.pred
            )
        elif run.training and (found := getattr(run.model, "activations", None)) is not None:
            self.raw_out, self.out = found() or (None, None)


class RNNRegularizer(RNNCallback):
    """Keep activations small (`alpha`, AR) and slow to change (`beta`, TAR): Merity, McCann and Socher 2017.

    The loss that is shown stays the loss; what is minimised is more.
    """

    def __init__(self, alpha: float = 0.0, beta: float = 0.0) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta

    def after_loss(self, run: Run) -> None:
        if run.training and self.raw_out is not None and self.out is not None:
            more = activation_penalty(self.raw_out, self.out, self.alpha, self.beta)
            run.loss = run.loss + (more - more.detach())  # worth nothing, but its gradient
        self.raw_out = self.out = None


def activation_penalty(raw: Tensor, dropped: Tensor, alpha: float, beta: float) -> Tensor:  # (B, T, C) twice
    """`alpha` times the mean square of what was dropped out of, plus `beta` times that of changes from step to step."""
    total = raw.new_zeros((), dtype=raw.float().dtype)
    if alpha:
        total = total + alpha * dropped.float().square().mean()
    if beta and raw.shape[1] > 1:
        total = total + beta * (raw[:, 1:].float() - raw[:, :-1].float()).square().mean()
    return total


def rnn_cbs(alpha: float = 0.0, beta: float = 0.0) -> list[Callback]:
    """Those above, as `TextLearner` uses them."""
    return [ModelResetter(), RNNRegularizer(alpha, beta)]
