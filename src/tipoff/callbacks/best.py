"""The weights of the best epoch: kept in a file or in memory, and restored at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tipoff.arguments import need_whole
from tipoff.callbacks.tracking import Compare, Tracking
from tipoff.errors import UsageError
from tipoff.notes import note
from tipoff.train.checkpoint import write_checkpoint
from tipoff.train.run import Run

ENDINGS = (".safetensors", ".pth")


class _Best(Tracking):
    """What keeps the best of a call, over all its stages."""

    order = 80
    over_stages = True

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.epoch = 0  # the best one, counted over all stages
        self.figures: dict[str, float] = {}  # of the best epoch

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        if self.forgets(run):
            self.epoch, self.figures = 0, {}

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        if self.new_best:
            self.epoch, self.figures = run.epochs_before + run.epoch - 1, run.figures

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "epoch": self.epoch, "figures": self.figures}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.epoch, self.figures = state.get("epoch", 0), state.get("figures", {})


class SaveModel(_Best):
    """Keep the weights of the best epoch in a file, and go back to them at the end.

    The best epoch is that of the whole call: with `fine_tune`, of both stages. `learn.load(fname)` reads the file.

    Args:
        monitor: `train_loss`, `valid_loss`, or the name of a metric.
        comp: A function such as `numpy.greater`; None asks the metric which way is up.
        min_delta: By how much a value must be better than the best one to count.
        fname: The file, in `learn.path/learn.model_dir` unless it is an absolute path; .safetensors or .pth.
        every_epoch: Keep each epoch's weights, or those of every so many epochs, as `fname`_0, `fname`_1, ... and restore none.
        at_end: Keep the weights of the last epoch, and restore none.
        with_opt: Keep the state of the optimizer too; the file is then a .pth.
        reset_on_fit: Whether the best epoch is forgotten at the next call of a fit method.

    >>> learn.fine_tune(5, cbs=SaveModel(monitor="accuracy", fname="best"))  # doctest: +SKIP
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        fname: str | Path = "model",
        every_epoch: bool | int = False,
        at_end: bool = False,
        with_opt: bool = False,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        if not isinstance(fname, (str, Path)) or not Path(fname).name:
            raise UsageError(f"fname is {fname!r}; the name of a file is needed, such as 'best'.")
        self.fname, self.every_epoch, self.at_end, self.with_opt = Path(fname), every_epoch, at_end, with_opt
        self.every_n = (
            int(every_epoch)
            if isinstance(every_epoch, bool)
            else need_whole("every_epoch", every_epoch, at_least=1)
        )
        self.ending = (
            self.fname.suffix if self.fname.suffix in ENDINGS else ".pth" if with_opt else ".safetensors"
        )
        if with_opt and self.ending == ".safetensors":
            raise UsageError(
                f"fname is {str(fname)!r}, and with_opt=True needs a .pth: safetensors hold tensors alone."
            )
        self.saved: Path | None = None
        self._learner: Any = None

    def attach(self, learner: Any) -> None:
        """Called with the learner before a fit."""
        self._learner = learner

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        if self.forgets(run):
            self.saved = None

    def _path(self, ending: str = "") -> Path:
        name = self.fname.name.removesuffix(self.ending) + ending + self.ending
        path = self.fname.with_name(name)
        return path if self._learner is None else self._learner.path / self._learner.model_dir / path

    def _write(self, run: Run, path: Path) -> None:
        self.saved = path
        if not run.engine.is_main:
            return
        # copies, as tensors that share their memory cannot be written
        weights = {k: v.detach().cpu().clone().contiguous() for k, v in run.judged.state_dict().items()}
        if self.ending == ".pth":
            state: dict[str, Any] = {"model": weights, "epochs": run.first_epoch + run.epoch}
            if self.with_opt:
                opt = next(iter(run.optims.values()))
                state |= {"opt": opt.state_dict(), "opt_class": type(opt).__name__}
                if self._learner is not None:
                    state["frozen_to"] = self._learner.frozen_to
            write_checkpoint(path, state)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.part")
            save_file(weights, temporary)
            temporary.replace(path)

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        done = run.epochs_before + run.epoch - 1
        if self.every_n:
            if done % self.every_n == 0:
                self._write(run, self._path(f"_{done}"))
        elif self.new_best and not self.at_end:
            self._write(run, self._path())

    def after_fit(self, run: Run) -> None:
        if self.at_end:
            run.judged = run.model
            self._write(run, self._path())
        elif self.saved is not None and not self.every_n:
            run.engine.gather({})  # the main process has written it
            if self.ending == ".safetensors":
                run.model.load_state_dict(load_file(self.saved))
            else:
                state = torch.load(self.saved, map_location="cpu", weights_only=True)
                run.model.load_state_dict(state["model"])
                if "opt" in state and self._same_stage(run, state["opt"]):
                    next(iter(run.optims.values())).load_state_dict(state["opt"])
            run.ends_with = self.figures

    @staticmethod
    def _same_stage(run: Run, saved: dict[str, Any]) -> bool:
        """Whether the optimizer's state is of the layers that train now: the best epoch may be of an earlier stage."""
        groups = next(iter(run.optims.values())).param_groups
        return [len(g["params"]) for g in groups] == [len(g["params"]) for g in saved["param_groups"]]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "saved": None if self.saved is None else str(self.saved)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.saved = None if state["saved"] is None else Path(state["saved"])


class KeepBest(_Best):
    """Keep the weights of the best epoch in memory, and go back to them at the end.

    The best epoch is that of the whole call: with `fine_tune`, of both stages.

    Args:
        monitor: `train_loss`, `valid_loss`, or the name of a metric.
        comp: A function such as `numpy.greater`; None asks the metric which way is up.
        min_delta: By how much a value must be better than the best one to count.
        reset_on_fit: Whether the best epoch is forgotten at the next call of a fit method.

    >>> learn.fit_one_cycle(20, cbs=KeepBest(monitor="accuracy"))  # doctest: +SKIP
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        comp: Compare | None = None,
        min_delta: float = 0.0,
        reset_on_fit: bool = True,
    ) -> None:
        super().__init__(monitor, comp, min_delta, reset_on_fit)
        self.weights: dict[str, Tensor] = {}

    def before_fit(self, run: Run) -> None:
        super().before_fit(run)
        if self.forgets(run):
            self.weights = {}

    def after_epoch(self, run: Run) -> None:
        super().after_epoch(run)
        if self.new_best:
            self.weights = {k: v.detach().cpu().clone() for k, v in run.judged.state_dict().items()}

    def after_fit(self, run: Run) -> None:
        if self.weights:
            run.model.load_state_dict(self.weights)
            run.ends_with = self.figures
            done = run.epochs_before + run.epoch
            if self.epoch + 1 < done:
                best = f"{self.monitor} {self.best:.4f}"
                note(f"the best of {done} epochs is restored: epoch {self.epoch + 1} ({best})")

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.weights = state["weights"]


SaveModelCallback = SaveModel
