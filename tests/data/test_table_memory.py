"""A table that is read in parts takes the memory of a part."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd

from tipoff.data.table import iter_table


def test_what_was_read_of_a_parquet_file_is_not_kept(tmp_path: Path) -> None:
    file, rows = tmp_path / "x.parquet", 5_000
    numbers = np.random.default_rng(0).random((20 * rows, 4))
    pd.DataFrame(numbers, columns=list("abcd")).to_parquet(file, row_group_size=rows)
    held = []
    tracemalloc.start()
    try:
        for _ in iter_table(file, rows=rows):
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(held) == 20
    assert max(held) < file.stat().st_size / 4
