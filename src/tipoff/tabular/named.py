"""The names of the columns of what has a `RowBlock`, as fastai calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tipoff.tabular.row import RowBlock


class Named:
    """`cat_names`, `cont_names` and `y_names` of `rows`."""

    if TYPE_CHECKING:

        @property
        def rows(self) -> RowBlock: ...

    @property
    def cat_names(self) -> list[str]:
        return list(self.rows.cat_names)

    @property
    def cont_names(self) -> list[str]:
        return list(self.rows.cont_names)

    @property
    def y_names(self) -> list[str]:
        return list(self.rows.y_names)
