"""Rows of a table answered by a server: `tipoff predict --url` with a model of tables or of texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tipoff.cli.ask import Remote, TooLarge
from tipoff.data.block import Target
from tipoff.errors import DataError, UsageError
from tipoff.notes import note
from tipoff.serve.names import block_of

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_BYTES = 4 << 20  # of a request
MOST_ROWS = {"row": 20_000, "text": 256}  # of a request: a second or a few of work
FIRST = 2  # the number of the first row of a CSV, as a spreadsheet counts


class RemoteRows:
    """What `run_table` asks: takes frames, sends them as CSV in parts that the server takes, gives back probabilities."""

    def __init__(self, remote: Remote) -> None:
        if not remote.about.get("block"):
            raise UsageError(
                f"{remote.url} does not say how to ask it for rows: it is of an older tipoff, or predicts a target of its own. Send rows "
                "to its /predict."
            )
        self.remote = remote
        self.block: Any = block_of(remote.about["block"])

    @property
    def target(self) -> Target:
        """What the numbers of an answer mean."""
        target: Target = self.block
        return target

    def inputs(self, frame: DataFrame) -> DataFrame:
        """The rows as they are: the server reads them."""
        return frame

    def probabilities(self, frame: DataFrame) -> Tensor:  # -> (N, n)
        """Of each row, in order. Raises `DataError` that names row and column as in the file."""
        step = MOST_ROWS[self.remote.input]
        parts = (frame.iloc[i : i + step] for i in range(0, len(frame), step))
        return torch.cat([prob for part in parts for prob in self._asked(part)])

    def _asked(self, frame: DataFrame) -> Iterator[Tensor]:
        data = frame.to_csv(index=False).encode()
        if len(data) <= MOST_BYTES or len(frame) == 1:
            try:
                yield self._of(frame, data)
                return
            except TooLarge:
                if len(frame) == 1:
                    raise
        half = len(frame) // 2
        yield from self._asked(frame.iloc[:half])
        yield from self._asked(frame.iloc[half:])

    def _of(self, frame: DataFrame, data: bytes) -> Tensor:  # -> (N, n)
        file = Path(frame.attrs["table"][0])
        sent = f"{file.stem}.csv"
        said = self.remote.ask(data, sent)
        answers = said["answers"]
        for text in said.get("notes", ()):
            note(_as_in_the_file(str(text), sent, frame))
        if "error" in answers[0]:
            raise DataError(_as_in_the_file(str(answers[0]["error"]), sent, frame))
        if len(answers) != len(frame):
            raise DataError(
                f"The server gave {len(answers):,} answers to {len(frame):,} rows of {file.name}."
            )
        return torch.tensor([self._numbers(a) for a in answers])

    def _numbers(self, answer: dict[str, Any]) -> list[float]:
        if (names := getattr(self.block, "names", None)) is not None:
            return [answer["probabilities"][str(n)] for n in names]
        value = answer["value"]
        return value if isinstance(value, list) else [value]


def _as_in_the_file(text: str, sent: str, frame: DataFrame) -> str:
    """A sentence of the server with the rows numbered as in the whole file, and the file called as it is."""
    name, first = frame.attrs["table"]

    def numbered(found: re.Match[str]) -> str:
        at = int(found[1]) - FIRST
        return f"row {int(frame.index[at]) + first}" if 0 <= at < len(frame) else found[0]

    return re.sub(rf"\brow (\d+)(?= of {re.escape(sent)})", numbered, text).replace(sent, name)
