"""`Lookup` answers and learns as `nn.Embedding`."""

import pytest
import torch
from torch import nn

from tipoff.nn.embedding import Lookup


@pytest.mark.parametrize("shape", [(50,), (5, 10), (0,)])
def test_rows_and_gradient_are_those_of_an_embedding(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    ours, theirs = Lookup(7, 3), nn.Embedding(7, 3)
    theirs.load_state_dict(ours.state_dict())
    codes = torch.randint(0, 6, shape)
    seen = torch.randn(*shape, 3)
    for embed in (ours, theirs):
        (embed(codes) * seen).sum().backward()
    assert torch.equal(ours(codes), theirs(codes))
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


@pytest.mark.parametrize("code", [7, -1])
def test_a_code_that_is_not_there_is_an_error(code: int) -> None:
    with pytest.raises(IndexError):
        Lookup(7, 3)(torch.tensor([code]))
