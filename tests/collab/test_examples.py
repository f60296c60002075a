"""The examples in the documentation of each module run."""

import doctest
import importlib
import pkgutil

import pytest

import tipoff.collab

MODULES = [f"tipoff.collab.{m.name}" for m in pkgutil.iter_modules(tipoff.collab.__path__)]
BELOW = ["tipoff.metrics.ranking", "tipoff.nn.embedding", "tipoff.nn.vectors"]


@pytest.mark.parametrize("module", [*MODULES, *BELOW])
def test_examples_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
