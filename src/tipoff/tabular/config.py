"""What a network for tables is made of, as fastai words it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from tipoff.arguments import said
from tipoff.checked import checked
from tipoff.errors import UsageError, did_you_mean
from tipoff.nn.embedding import emb_sz_rule
from tipoff.notes import note

Arch = Literal["tabm", "mlp"]


@checked
def get_emb_sz(to: Any, sz_dict: Mapping[str, int] | None = None) -> list[tuple[int, int]]:
    """(codes, size) of each category of DataLoaders or a `TabularPandas`; `sz_dict` gives sizes by hand."""
    if not hasattr(to, "cat_names") or not hasattr(to, "classes"):
        raise UsageError(f"to is {said(to)}; TabularDataLoaders or a TabularPandas is needed.")
    names = list(to.cat_names)
    if unknown := [n for n in sz_dict or {} if n not in names]:
        raise UsageError(
            f"emb_szs names {unknown[0]!r}, which is no category.{did_you_mean(unknown[0], names)}"
        )
    return [_size(len(to.classes[n]), n, sz_dict or {}) for n in names]


def _size(n_codes: int, name: str, sz_dict: Mapping[str, int]) -> tuple[int, int]:
    return n_codes, int(sz_dict.get(name, emb_sz_rule(n_codes)))


def sizes_of(to: Any, emb_szs: Any) -> tuple[tuple[int, int], ...]:
    """(codes, size) of each category, by rule where `emb_szs` is None, by name, or as given."""
    if emb_szs is None or isinstance(emb_szs, Mapping):
        return tuple(get_emb_sz(to, emb_szs))
    made = tuple((int(n), int(size)) for n, size in emb_szs)
    wanted = [n for n, _ in get_emb_sz(to)]
    if [n for n, _ in made] != wanted:
        raise UsageError(
            f"emb_szs is for categories of {[n for n, _ in made]} codes; the table has {wanted}."
        )
    return made


CONFIG: dict[Arch, tuple[str, ...]] = {
    "tabm": ("ps", "n_members", "n_bins", "cont_size"),
    "mlp": ("ps", "embed_p", "use_bn", "bn_final", "bn_cont", "lin_first"),
}


def tabular_config(**kwargs: Any) -> dict[str, Any]:
    """Arguments of the network for `tabular_learner(config=...)`.

    Of the mlp: ps, embed_p, use_bn, bn_final, bn_cont, lin_first, y_range; of tabm: ps, n_members, n_bins, cont_size.

    >>> tabular_config(ps=0.2, embed_p=0.04)
    {'ps': 0.2, 'embed_p': 0.04}
    """
    known = {*CONFIG["mlp"], *CONFIG["tabm"], "y_range"}
    if unknown := [k for k in kwargs if k not in known]:
        raise UsageError(
            f"tabular_config has no {unknown[0]!r}.{did_you_mean(unknown[0], known)} Known: {', '.join(sorted(known))}."
        )
    return kwargs


def choose_arch(arch: Arch | None, options: Mapping[str, Any]) -> Arch:
    """`arch`, or tabm unless `options` name what only fastai's network has; whether it has all that they name."""
    if arch is None:
        listed = isinstance(options.get("ps"), (list, tuple))
        only = [k for k in options if k in CONFIG["mlp"] and k not in CONFIG["tabm"]]
        if only or listed:
            note(f"fastai's network, arch='mlp', for {only[0] if only else 'a list of ps'} is of it alone")
        arch = "mlp" if only or listed else "tabm"
    if arch not in CONFIG:
        raise UsageError(
            f"There is no network {arch!r} for tables.{did_you_mean(arch, CONFIG)} Known: tabm, mlp."
        )
    known = ("layers", *CONFIG[arch])
    for name in options:
        if name not in known:
            raise UsageError(
                f"The network {arch} has no {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}."
            )
    return arch


RATES: dict[Arch, float] = {"tabm": 0.0035, "mlp": 0.001}  # at a batch size of 64, fastai's


def default_rate(arch: Arch, bs: int) -> float:
    """The learning rate that suits a network at a batch size: Adam's goes with the square root of it.

    >>> default_rate("mlp", 64), default_rate("mlp", 1024)
    (0.001, 0.004)
    """
    return RATES[arch] * math.sqrt(bs / 64)


ROWS_A_BIN, MIN_BINS, MAX_BINS = 20, 8, 96


def default_bins(n_rows: int) -> int:
    """How many bins the numbers of a table have: one for every 20 rows, within bounds."""
    return min(max(n_rows // ROWS_A_BIN, MIN_BINS), MAX_BINS)
