"""Tables, and the steps that prepare them: `fastai.tabular.core`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.tabular.dates import add_datepart
from tipoff.tabular.elapsed import add_elapsed_times
from tipoff.tabular.pandas import TabularPandas
from tipoff.tabular.procs import Categorify, FillMissing, FillStrategy, Normalize, TabularProc
from tipoff.tabular.shrink import cont_cat_split, df_shrink, df_shrink_dtypes

__all__ = [
    "Categorify",
    "FillMissing",
    "FillStrategy",
    "Normalize",
    "TabularPandas",
    "TabularProc",
    "add_datepart",
    "add_elapsed_times",
    "cont_cat_split",
    "df_shrink",
    "df_shrink_dtypes",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
