"""Texts cut into words by several processes: this one takes a group of texts, each other one takes another.

Cutting is Python's own work, one core's at a time. A worker is a Python of its own that runs `serve` below: it shares nothing
with the program, takes groups of texts on its standard input, and gives back their words, numbered as it met them.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any

import numpy as np

from tipoff.text import rules as r
from tipoff.text.pieced import Splitter
from tipoff.text.remembered import Growing, without_collecting

START = 1_000_000  # characters, after which a worker is worth the 0.2 s that its start takes
MOST = 8  # processes
Words = tuple[np.ndarray, np.ndarray]  # the numbers of all words, one after the other; how many of each text


def split_groups(splitter: Splitter, groups: Iterable[list[str]], n_processes: int) -> Iterator[Words]:
    """What `splitter` gives for each group, in order, worked out by up to `n_processes` processes.

    `splitter.of` is asked for the numbers of words in an order that depends on the number of processes.
    """
    rest, first, seen = iter(groups), list[list[str]](), 0
    alone = n_processes < 2 or getattr(sys, "frozen", False)  # a frozen program is no Python to start
    while not alone and seen < START and (group := next(rest, None)) is not None:
        first.append(group)
        seen += sum(map(len, group))
    workers: list[_Worker] = []
    try:
        if seen >= START and (group := next(rest, None)) is not None:
            rest = chain([group], rest)
            workers = [_Worker(splitter) for _ in range(min(n_processes, MOST) - 1)]
        for group in first:  # while they start
            yield splitter(group)
        batch = [*islice(rest, 1), *_given(workers, rest)]
        while batch:
            done = [splitter(batch[0])]
            done += [worker.take(group) for worker, group in zip(workers, batch[1:], strict=False)]
            batch = [*islice(rest, 1), *_given(workers, rest)]  # before those that are done are used
            yield from done
    finally:
        for worker in workers:
            worker.end()


def _given(workers: list[_Worker], groups: Iterator[list[str]]) -> Iterator[list[str]]:
    for worker, group in zip(workers, groups, strict=False):
        worker.give(group)
        yield group


class _Worker:
    """Another process that cuts texts; where it cannot be had or is lost, this process does its work."""

    def __init__(self, splitter: Splitter) -> None:
        self.splitter = splitter
        self.table = np.empty(0, np.int64)  # from its numbers of words to ours
        self.process: subprocess.Popen[bytes] | None = None
        with suppress(OSError, ValueError):
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )  # fmt: skip
            self._send(tuple(rule.__name__ for rule in splitter.rules))

    def _send(self, what: Any) -> None:
        assert self.process is not None and self.process.stdin is not None
        pickle.dump(what, self.process.stdin, pickle.HIGHEST_PROTOCOL)
        self.process.stdin.flush()

    def give(self, group: list[str]) -> None:
        """Hand out a group; it waits for one, so that neither side waits for the other."""
        if self.process is not None:
            try:
                self._send(group)
            except OSError:
                self.end()

    def take(self, group: list[str]) -> Words:
        """The words of the group that was handed out."""
        if self.process is not None and self.process.stdout is not None:
            try:
                new, flat, lens = pickle.load(self.process.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                self.end()
            else:
                ours = np.fromiter(map(self.splitter.of, new), np.int64, len(new))
                self.table = np.concatenate([self.table, ours])
                return self.table[flat], lens
        return self.splitter(group)

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            with suppress(OSError):
                self.process.communicate()
            self.process = None


@without_collecting()
def serve() -> None:
    """What a worker does until its input ends."""
    here, there = sys.stdin.buffer, sys.stdout.buffer
    index = Growing()
    of: Callable[[str], int] = index.__getitem__
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        splitter = Splitter(of, [r.BY_NAME[name] for name in pickle.load(here)])
        while True:
            known = len(index)
            flat, lens = splitter(pickle.load(here))
            pickle.dump(
                (list(islice(index, known, None)), flat.astype(np.int32), lens),
                there,
                pickle.HIGHEST_PROTOCOL,
            )
            there.flush()
