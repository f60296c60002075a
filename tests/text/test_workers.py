"""Texts cut by several processes: the same words and numbers, whatever becomes of the others."""

import random

import numpy as np
import pytest
import torch

from tests.text.conftest import review
from tipoff.text import workers
from tipoff.text.pieced import Splitter
from tipoff.text.remembered import Growing
from tipoff.text.words import WordTokenizer
from tipoff.text.workers import split_groups


@pytest.fixture(autouse=True)
def early(monkeypatch):
    monkeypatch.setattr(workers, "START", 1000)


@pytest.fixture
def threads():
    """As many processes as there are threads for PyTorch."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def groups() -> list[list[str]]:
    rng = random.Random(0)
    own = [f"word{i}" for i in range(60)]  # each in two or three groups
    texts = [
        review("pos", rng, 30) + f" {rng.choice(own)}!!! Café no no no ({rng.choice(own)})" for _ in range(90)
    ]
    return [texts[i : i + 9] for i in range(0, 90, 9)]


def cut(groups, n_processes):
    """The words of all texts, as they are written."""
    index = Growing()
    parts = list(split_groups(Splitter(index.__getitem__), groups, n_processes))
    names = np.array(list(index), dtype=object)
    return [names[flat].tolist() for flat, _ in parts], [lens.tolist() for _, lens in parts]


@pytest.mark.parametrize("n", [2, 3, 9])
def test_any_number_of_processes_gives_the_same_words_in_order(groups, n):
    assert cut(groups, n) == cut(groups, 1)


@pytest.mark.parametrize("rules", [None, ("lowercase", "replace_rep")])
def test_the_vocabulary_and_the_numbers_are_those_of_one_process(groups, threads, rules):
    def learned(n):
        threads(n)
        made, ids = WordTokenizer(min_freq=2, rules=rules).learn(lambda: iter(groups))
        again = made.number(iter(groups))
        assert np.array_equal(again.flat.data, ids.flat.data) and np.array_equal(again.lens, ids.lens)
        return made.names, ids.flat.data.tolist()

    assert learned(3) == learned(1)


def test_what_was_learned_from_is_numbered_as_by_a_tokenizer_that_never_saw_it(groups):
    made, ids = WordTokenizer(min_freq=2).learn(lambda: iter(groups))
    fresh = WordTokenizer(made.words)
    for i, text in enumerate(t for g in groups for t in g):
        assert ids[i].tolist() == made.encode(text).tolist() == fresh.encode(text).tolist()
    assert made.encode("Zyzzyva word1").tolist() == fresh.encode("Zyzzyva word1").tolist()


def test_the_work_of_one_that_is_lost_is_done_here(groups, monkeypatch):
    started = []
    start = workers.subprocess.Popen

    def watched(*args, **kwargs):
        started.append(start(*args, **kwargs))
        return started[-1]

    def killed_in_between():
        for i, group in enumerate(groups):
            if i == 6:
                started[0].kill()
                started[0].wait()
            yield group

    monkeypatch.setattr(workers.subprocess, "Popen", watched)
    assert cut(killed_in_between(), 3) == cut(groups, 1)
    assert len(started) == 2 and all(p.returncode is not None for p in started)


def test_little_is_cut_by_one_alone(groups, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a process was started")

    monkeypatch.setattr(workers.subprocess, "Popen", refuse)
    wanted = cut(groups[:1], 1)
    assert cut(groups[:1], 9) == wanted, "there is no other group"
    monkeypatch.setattr(workers, "START", 1_000_000)
    assert cut(groups, 9) == cut(groups, 1)


def test_where_no_process_can_be_started_one_does_it_all(groups, monkeypatch):
    wanted = cut(groups, 1)
    monkeypatch.setattr(workers.sys, "executable", "/there/is/no/python")
    assert cut(groups, 3) == wanted


def test_nobody_is_left_behind_by_one_who_stops_early(groups, monkeypatch):
    started = []
    start = workers.subprocess.Popen
    monkeypatch.setattr(
        workers.subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1]
    )
    splitting = split_groups(Splitter(Growing().__getitem__), groups, 2)
    for _ in range(5):
        next(splitting)
    splitting.close()
    assert len(started) == 1 and started[0].returncode is not None


def test_a_module_of_the_users_folder_is_not_taken_for_one_of_python(groups, tmp_path, monkeypatch):
    (tmp_path / "pickle.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers.sys, "path", ["", *workers.sys.path])
    lost = []
    monkeypatch.setattr(
        workers._Worker,
        "take",
        lambda self, group, take=workers._Worker.take: _watch(self, group, take, lost),
    )
    assert cut(groups, 2) == cut(groups, 1) and not any(lost)


def _watch(worker, group, take, lost):
    out = take(worker, group)
    lost.append(worker.process is None)
    return out
