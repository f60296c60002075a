"""Tables: steps fitted once, a block for rows, data loaders, networks for numbers and categories.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

import importlib
from typing import Any

from tipoff.optional import require

require("torch", "tipoff.tabular")

_PLACES = {
    "tipoff.tabular.baseline": ("tree_baseline",),
    "tipoff.tabular.config": ("get_emb_sz", "tabular_config"),
    "tipoff.tabular.dataset": ("TableDataset",),
    "tipoff.tabular.dates": ("Datepart", "add_datepart"),
    "tipoff.tabular.elapsed": ("add_elapsed_times",),
    "tipoff.tabular.infer": ("infer_columns",),
    "tipoff.tabular.leaks": ("find_leaks",),
    "tipoff.tabular.learner": ("TabularLearner", "tabular_learner"),
    "tipoff.tabular.loaders": ("TabularDataLoaders",),
    "tipoff.tabular.model": ("TabularModel",),
    "tipoff.tabular.pandas": ("TabularPandas",),
    "tipoff.tabular.procs": ("Categorify", "FillMissing", "FillStrategy", "Normalize", "TabularProc"),
    "tipoff.tabular.columns": ("Column",),
    "tipoff.tabular.row": ("RowBlock",),
    "tipoff.tabular.shrink": ("cont_cat_split", "df_shrink", "df_shrink_dtypes"),
}
_WHERE = {name: module for module, names in _PLACES.items() for name in names}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tipoff.tabular' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
