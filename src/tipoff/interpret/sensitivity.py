"""How strongly a network for tables reacts to each column, by its gradients: one pass for any number of columns."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tipoff.data.batch import Batch
from tipoff.interpret.rows import Rows

DIRECTIONS = 4  # among the outputs, in which the change is looked at
N_ROWS = 512

# N rows, C categories, D numbers, K raw columns


def sensitivities(rows: Rows, seed: int = 0) -> np.ndarray:  # -> (K,)
    """How much the outputs would change with each raw column, to first order: |gradient x (value - mean value)|.

    Cheap, and blind to what only two columns together say: for a choice of columns to shuffle. Columns whose gradient is
    not known, as that of a category in a network of your own, are infinite.
    """
    cats, conts = (t[:N_ROWS] for t in rows.tensors)
    by_cat, by_cont = _first_order(rows, cats, conts, seed)
    found = np.full(len(rows.columns), np.inf)
    for k, name in enumerate(rows.columns):
        where = rows.block.tensor_columns([name])
        if where is not None:
            found[k] = np.concatenate([by_cat[where[0]], by_cont[where[1]]]).max(initial=0.0)
    made: np.ndarray = np.nan_to_num(found, nan=0.0, posinf=np.inf)
    return made


def _first_order(rows: Rows, cats: Tensor, conts: Tensor, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each column of the tensors: (C,) and (D,)."""
    learn = rows.learn
    learn.model.eval()
    moved = learn.engine.to_device(Batch((cats, conts), (), torch.arange(len(cats))))
    cats, conts = moved.x
    embeds = getattr(learn.model, "embeds", None)
    known = isinstance(embeds, nn.ModuleList) and len(embeds) == cats.shape[1]
    tables: list[Tensor] = [e.weight for e in embeds] if known and embeds is not None else []
    by_cat = np.zeros(cats.shape[1]) if known else np.full(cats.shape[1], np.inf)
    by_cont = np.zeros(conts.shape[1])
    with torch.enable_grad():
        conts = conts.detach().requires_grad_()
        out = learn.model(cats, conts).float().flatten(1)
        for direction in _directions(out.shape[1], seed):
            summed = (out @ direction.to(out.device)).sum()
            grads = torch.autograd.grad(summed, [conts, *tables], retain_graph=True, allow_unused=True)
            by_cont += _reach(grads[0], conts - conts.mean(0))
            for j, (table, grad) in enumerate(zip(tables, grads[1:], strict=True)):
                if grad is not None:
                    mean = table[cats[:, j]].mean(0)
                    by_cat[j] += float((grad * (table - mean)).sum(1).abs().sum().detach()) / len(cats)
    return by_cat, by_cont


def _reach(grad: Tensor | None, away: Tensor) -> np.ndarray:  # (N, D), (N, D) -> (D,)
    if grad is None:
        return np.zeros(away.shape[1])
    made: np.ndarray = (grad * away).detach().abs().mean(0).double().cpu().numpy()
    return made


def _directions(n: int, seed: int) -> list[Tensor]:
    """Of outputs: the only one, the difference of two, or some random differences of more."""
    if n <= 2:
        return [torch.tensor([1.0, -1.0][:n])]
    made = torch.randn(min(n, DIRECTIONS), n, generator=torch.Generator().manual_seed(seed))
    return list(made - made.mean(1, keepdim=True))
