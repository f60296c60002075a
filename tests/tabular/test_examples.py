"""The examples in the documentation of each module run."""

import doctest
import importlib
import pkgutil

import pytest

import tipoff.tabular

MODULES = [f"tipoff.tabular.{m.name}" for m in pkgutil.iter_modules(tipoff.tabular.__path__)]


@pytest.mark.parametrize(
    "module", [*MODULES, "tipoff.data.table", "tipoff.data.formats", "tipoff.data.splits"]
)
def test_examples_run(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0
