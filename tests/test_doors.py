"""The names that a person imports: from the top, in an editor, misspelt."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tipoff

USER = Path(__file__).parent / "typing" / "user.py"
MARK = re.compile(r"# error: ([a-z-]+)$")


def test_the_usual_names_come_from_the_top():
    from tipoff import ImageDataLoaders, Learner, load_learner, vision_learner
    from tipoff.learner import Learner as same
    from tipoff.vision.learner import vision_learner as defined

    assert vision_learner is defined and Learner is same and callable(load_learner)
    assert issubclass(ImageDataLoaders, tipoff.DataLoaders)


def test_dir_of_the_top_lists_its_names_and_nothing_else():
    assert "vision_learner" in dir(tipoff) and not {"os", "annotations", "attach"} & set(dir(tipoff))


@pytest.mark.parametrize(
    ("module", "name", "near"),
    [
        ("tipoff", "vision_lerner", "vision_learner"),
        ("tipoff.vision", "ImageDataLoader", "ImageDataLoaders"),
        ("tipoff.tabular", "tabular_lerner", "tabular_learner"),
        ("tipoff.text", "TextDataloaders", "TextDataLoaders"),
        ("tipoff.collab", "colab_learner", "collab_learner"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_near_one(module, name, near):
    with pytest.raises(AttributeError, match=f"{module!r} has no attribute {name!r}. Did you mean {near!r}"):
        getattr(importlib.import_module(module), name)


def test_a_type_checker_finds_the_mistakes_in_a_persons_script_and_no_others():
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(USER)],
        capture_output=True,
        text=True,
        cwd=USER.parents[2],
    )
    found = {
        (int(line), kind) for line, kind in re.findall(r"user\.py:(\d+): error: .*\[([a-z-]+)\]", run.stdout)
    }
    marked = {
        (n, mark[1])
        for n, line in enumerate(USER.read_text(encoding="utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
    }
    assert found == marked, run.stdout + run.stderr
