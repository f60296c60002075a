"""What a network for tables is made of, as fastai words it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tipoff.errors import UsageError, did_you_mean


def emb_sz_rule(n_cat: int) -> int:
    """How many numbers stand for one of `n_cat` categories: fastai's rule.

    >>> emb_sz_rule(10)
    6
    """
    return min(600, round(1.6 * float(n_cat**0.56)))


def get_emb_sz(to: Any, sz_dict: Mapping[str, int] | None = None) -> list[tuple[int, int]]:
    """(codes, size) of each category of DataLoaders or a `TabularPandas`; `sz_dict` gives sizes by hand."""
    names = list(to.cat_names)
    if unknown := [n for n in sz_dict or {} if n not in names]:
        raise UsageError(
            f"emb_szs names {unknown[0]!r}, which is no category.{did_you_mean(unknown[0], names)}"
        )
    return [_size(len(to.classes[n]), n, sz_dict or {}) for n in names]


def _size(n_codes: int, name: str, sz_dict: Mapping[str, int]) -> tuple[int, int]:
    return n_codes, int(sz_dict.get(name, emb_sz_rule(n_codes)))


CONFIG = ("ps", "embed_p", "use_bn", "bn_final", "bn_cont", "lin_first")  # of the mlp
MEMBERS = ("ps", "n_members", "n_bins", "cont_size")  # of tabm


def tabular_config(**kwargs: Any) -> dict[str, Any]:
    """Arguments of the network for `tabular_learner(config=...)`.

    Of the mlp: ps, embed_p, use_bn, bn_final, bn_cont, lin_first, y_range; of tabm: ps, n_members, n_bins, cont_size.

    >>> tabular_config(ps=0.2, embed_p=0.04)
    {'ps': 0.2, 'embed_p': 0.04}
    """
    known = {*CONFIG, *MEMBERS, "y_range"}
    if unknown := [k for k in kwargs if k not in known]:
        raise UsageError(
            f"tabular_config has no {unknown[0]!r}.{did_you_mean(unknown[0], known)} Known: {', '.join(sorted(known))}."
        )
    return kwargs
