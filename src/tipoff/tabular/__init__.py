"""Tables: steps fitted once, a block for rows, data loaders, networks for numbers and categories.

Names are loaded when first used, so that serving a model never imports the training code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.lazy import attach
from tipoff.optional import require

require("tipoff.tabular", "torch", "pandas")

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

if TYPE_CHECKING:
    from tipoff.tabular.baseline import tree_baseline as tree_baseline
    from tipoff.tabular.columns import Column as Column
    from tipoff.tabular.config import get_emb_sz as get_emb_sz, tabular_config as tabular_config
    from tipoff.tabular.dataset import TableDataset as TableDataset
    from tipoff.tabular.dates import Datepart as Datepart, add_datepart as add_datepart
    from tipoff.tabular.elapsed import add_elapsed_times as add_elapsed_times
    from tipoff.tabular.infer import infer_columns as infer_columns
    from tipoff.tabular.leaks import find_leaks as find_leaks
    from tipoff.tabular.learner import TabularLearner as TabularLearner, tabular_learner as tabular_learner
    from tipoff.tabular.loaders import TabularDataLoaders as TabularDataLoaders
    from tipoff.tabular.model import TabularModel as TabularModel
    from tipoff.tabular.pandas import TabularPandas as TabularPandas
    from tipoff.tabular.procs import (
        Categorify as Categorify,
        FillMissing as FillMissing,
        FillStrategy as FillStrategy,
        Normalize as Normalize,
        TabularProc as TabularProc,
    )
    from tipoff.tabular.row import RowBlock as RowBlock
    from tipoff.tabular.shrink import (
        cont_cat_split as cont_cat_split,
        df_shrink as df_shrink,
        df_shrink_dtypes as df_shrink_dtypes,
    )
else:
    __getattr__, __dir__, __all__ = attach(__name__, _PLACES)
