"""Arrow's tables and columns as those of pandas: no whole number becomes a float, no date an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff.data.column_types import settled_frame

if TYPE_CHECKING:
    from pandas import DataFrame


def from_arrow(table: Any) -> DataFrame:
    """Make a data frame of a table or a batch of Arrow.

    Whole numbers and booleans stay what they are beside missing values, dates become times, decimals become numbers.

    >>> import pyarrow as pa
    >>> from_arrow(pa.table({"id": [76561197960265729, None]}))["id"].tolist()
    [76561197960265729, <NA>]
    """
    import pandas as pd
    import pyarrow as pa

    nullable = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(), pa.bool_(): pd.BooleanDtype(),
    }  # fmt: skip
    gaps = [table.column(i).null_count for i in range(table.num_columns)]
    made = table.to_pandas(date_as_object=False)
    for name, n, column in zip(made.columns, gaps, table.columns, strict=False):
        if n and column.type in nullable:
            made[name] = column.to_pandas(types_mapper=nullable.get).array
    return settled_frame(made)


def without_arrow(frame: DataFrame) -> DataFrame:
    """Give the columns of a frame that hold Arrow's types those of pandas; the frame itself where there are none."""
    import pandas as pd

    arrow = [i for i, kind in enumerate(frame.dtypes) if isinstance(kind, pd.ArrowDtype)]
    if not arrow:
        return frame
    import pyarrow as pa

    made = frame.copy(deep=False)
    for i in arrow:
        column = from_arrow(pa.table({"": pa.chunked_array(pa.array(frame.iloc[:, i]))}))
        made.isetitem(i, column.iloc[:, 0].array)
    return made
