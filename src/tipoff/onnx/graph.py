"""An ONNX graph written by hand, node by node."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20  # Resize without aliasing came with 18


class Graph:
    """Nodes and constants under names of their own; each call returns the name of what it gives.

    >>> graph = Graph()
    >>> graph.add("Add", "x", graph.number(1.0))
    'pre.1'
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._n = 0

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """A node of one output. An empty name among `inputs` is an input that is left out."""
        name = self._name()
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: Any, dtype: Any) -> str:
        """A tensor of fixed numbers."""
        name = self._name()
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def number(self, value: float) -> str:
        """One float32 of shape ()."""
        return self.constant(value, np.float32)

    def whole(self, *values: int) -> str:
        """int64 numbers, of shape (n,)."""
        return self.constant(values, np.int64)

    def double(self, value: float) -> str:
        """One float64, of shape (1,)."""
        return self.constant([value], np.float64)

    def as_double(self, whole: str) -> str:
        return self.add("Cast", whole, to=TensorProto.DOUBLE)

    def as_whole(self, double: str) -> str:
        """float64 to int64 as Python's `round`: halves go to the even number."""
        return self.add("Cast", self.add("Round", double), to=TensorProto.INT64)

    def as_float(self, x: str) -> str:
        return self.add("Cast", x, to=TensorProto.FLOAT)

    def initializers(self) -> list[onnx.TensorProto]:
        """The constants that a node takes."""
        taken = {name for node in self.nodes for name in node.input}
        return [c for c in self.constants if c.name in taken]

    def _name(self) -> str:
        name = f"pre.{self._n}"
        self._n += 1
        return name
