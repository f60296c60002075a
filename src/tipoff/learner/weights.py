"""The weights of a learner in a file of their own: `learn.save` and `learn.load`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tipoff.errors import BundleError, did_you_mean, some
from tipoff.notes import note
from tipoff.train.checkpoint import write_checkpoint
from tipoff.train.optim import param_groups

if TYPE_CHECKING:
    from tipoff.learner.learner import Learner

ENDINGS = (".pth", ".safetensors", ".pt")  # of files that are found by their name without it
WRAPPERS = ("module.", "_orig_mod.")  # what DistributedDataParallel and torch.compile put before each name
ADAMS = {"FusedAdam", "Adam", "AdamW"}  # which keep the same state


def find_weights(path: Path) -> Path:
    """`path`, or where it has no ending, the file of that name with one of `ENDINGS`. Raises `BundleError` where there is none."""
    tried = [path, *(path.with_name(path.name + end) for end in ENDINGS)]
    found = next((p for p in tried if p.is_file()), None)
    if found is not None:
        return found
    near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    wanted = path if path.suffix in ENDINGS else tried[1]
    raise BundleError(f"There is no file {wanted}.{did_you_mean(wanted.name, near)}")


def save_weights(learn: Learner, path: Path, with_opt: bool) -> Path:
    """Weights, and the optimizer's state, in one file that holds no code."""
    state: dict[str, Any] = {"model": learn.model.state_dict(), "epochs": learn.n_epochs_done}
    if with_opt and learn.opt is not None:
        state |= {
            "opt": learn.opt.state_dict(),
            "opt_class": type(learn.opt).__name__,
            "frozen_to": learn.frozen_to,
        }
    write_checkpoint(path, state)
    return path


def load_weights(learn: Learner, path: Path, device: str, with_opt: bool, strict: bool) -> None:
    """Put the weights of a file into the model, and the optimizer's state where it fits.

    With `strict=False`, load what fits by name and shape, and say what was left as it was. Everything is compared before
    anything is changed. Raises `BundleError` where the file cannot be read or does not fit.
    """
    path = find_weights(path)
    saved = _read(path, device)
    fitting, left = _matched(learn.model, saved["model"])
    if left and (strict or not fitting):
        hint = " strict=False loads what fits." if fitting else ""
        raise BundleError(
            f"{path} does not hold weights of this model: {some(left, 4)}. Nothing was changed.{hint}"
        )
    learn.model.load_state_dict(fitting, strict=False)
    learn.reached = {}
    if left:
        note(f"{len(fitting)} tensors loaded from {path.name}; not loaded: {some(left, 6)}")
    elif "epochs" in saved:
        learn.n_epochs_done = saved["epochs"]
    if with_opt:
        _load_optimizer(learn, saved, path.name)


def _read(path: Path, device: str) -> dict[str, Any]:
    """What a file of weights holds, as `save_weights` writes it, whoever wrote it."""
    try:
        if path.suffix == ".safetensors":
            return {"model": load_file(path, device=device)}
        saved = torch.load(path, map_location=device, weights_only=True)
    except Exception as e:
        raise BundleError(_why_unreadable(path, e)) from None
    if isinstance(saved, Mapping):
        if "run" in saved:
            raise BundleError(
                f"{path} is the checkpoint of an interrupted run: call learn.resume({str(path)!r})."
            )
        if "encoder" in saved:
            raise BundleError(f"{path} holds an encoder: call learn.load_encoder({path.stem!r}).")
        for key in ("model", "state_dict"):
            if isinstance(saved.get(key), Mapping):
                return {**saved, "model": saved[key]}
        if saved and all(isinstance(v, Tensor) for v in saved.values()):
            return {"model": saved}
    raise BundleError(
        f"{path} does not hold weights: learn.load reads what learn.save or torch.save(model.state_dict(), file) wrote."
    )


def _why_unreadable(path: Path, error: Exception) -> str:
    if path.suffix == ".tipoff":
        return f"{path} is a model file: load_learner({str(path)!r}) reads it."
    if "Unsupported global" in str(error) or "Unsupported class" in str(error):
        return (
            f"{path} holds Python objects, which are not loaded, as they may run code. Save the weights alone: "
            "torch.save(model.state_dict(), file)."
        )
    return f"{path} cannot be read as weights: it is damaged, or of another kind ({type(error).__name__})."


def _plain(name: str) -> str:
    """A tensor's name without what wrappers put before it."""
    while (wrapper := next((w for w in WRAPPERS if name.startswith(w)), None)) is not None:
        name = name.removeprefix(wrapper)
    return name


def _matched(model: nn.Module, saved: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What of `saved` fits the model, under the model's names; and what does not, in words."""
    have = model.state_dict()
    given = {_plain(k): v for k, v in saved.items()}
    fitting: dict[str, Any] = {}
    left: list[str] = []
    missing: list[str] = []
    for name, tensor in have.items():
        if (plain := _plain(name)) not in given:
            missing.append(name)
        elif (theirs := _shape(given[plain])) != (ours := _shape(tensor)):
            left.append(f"{name} is {ours} here and {theirs} in the file")
        else:
            fitting[name] = given[plain]
    loaded = {_place(have[k]) for k in fitting}
    left += [
        f"{name} is not in the file"
        for name in missing
        # tied tensors may be stored once; older files of PyTorch have no counts of batches
        if _place(have[name]) not in loaded and not name.endswith("num_batches_tracked")
    ]
    known = {_plain(k) for k in have}
    left += [f"{name} is not in this model" for name in given if name not in known]
    return fitting, left


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, Tensor) else ()


def _place(value: Any) -> Any:
    """What is the same for tensors that share their memory."""
    return (
        (value.data_ptr(), tuple(value.shape)) if isinstance(value, Tensor) and value.numel() else id(value)
    )


def _load_optimizer(learn: Learner, saved: Mapping[str, Any], name: str) -> None:
    """The state of the optimizer, where it is of this one; else the next fit begins with a new one, which is said."""
    state = saved.get("opt")
    if state is None:
        if learn.opt is not None:
            learn.opt = None
            note(f"{name} holds no optimizer state: training goes on with a new optimizer")
        return
    opt = learn.opt
    if opt is None and any(p.requires_grad for g in learn.groups for p in g):
        lr = learn.lr if isinstance(learn.lr, float) else 1e-3  # set anew before each step
        opt = learn.opt_func(param_groups(learn.model, learn.groups, learn.wd, learn.wd_bn_bias), lr=lr)
    why = _misfit(opt, state, saved.get("opt_class")) if opt is not None else "all layers are frozen here"
    if why is None:
        opt.load_state_dict(state)
        learn.opt = opt
        return
    learn.opt = None
    then = saved.get("frozen_to")
    hint = ""
    if then is not None and then != learn.frozen_to:
        call = f"learn.freeze_to({then})" if then else "learn.unfreeze()"
        hint = f"; it was saved with other layers frozen: call {call} before learn.load to go on with it"
    note(
        f"the optimizer state in {name} does not fit and is not loaded ({why}): training goes on with a new optimizer{hint}"
    )


def _misfit(opt: Any, state: Any, kind: str | None) -> str | None:
    """Why `state` is not that of `opt`, or None."""
    try:
        groups, states = state["param_groups"], state["state"]
    except (KeyError, TypeError, IndexError):
        return "it was written by another library"
    mine = type(opt).__name__
    if kind is not None and kind != mine and not {kind, mine} <= ADAMS:
        return f"it is of {kind}, and this learner has {mine}"
    lacks = sorted(
        {k for ours, theirs in zip(opt.param_groups, groups, strict=False) for k in set(ours) - set(theirs)}
    )
    if lacks:
        return f"it is of another optimizer, without {some(lacks, 3)}"
    ours, theirs = ([len(g["params"]) for g in gs] for gs in (opt.param_groups, groups))
    if ours != theirs:
        return f"it is of {sum(theirs)} tensors of parameters in {len(theirs)} groups, and here {sum(ours)} in {len(ours)} are trained"
    for group, saved in zip(opt.param_groups, groups, strict=True):
        for p, i in zip(group["params"], saved["params"], strict=True):
            for value in states.get(i, {}).values():
                if isinstance(value, Tensor) and value.ndim and value.shape != p.shape:
                    return (
                        f"it holds a tensor of shape {tuple(value.shape)} for parameters of {tuple(p.shape)}"
                    )
    return None
