"""Cross-entropy in rows is PyTorch's."""

import pytest
import torch
from torch.nn import functional as F

from tipoff.nn.next_word import ROWS, next_word_loss


@pytest.mark.parametrize("n", [1, ROWS, 2 * ROWS + 5])
def test_the_loss_and_its_gradient_are_pytorchs(n):
    torch.manual_seed(0)
    logits = (torch.randn(n, 50) * 8).requires_grad_()
    y = torch.randint(0, 50, (n,))
    kept = logits.detach().clone()
    want = torch.autograd.grad(3 * F.cross_entropy(logits, y), logits)[0]
    loss = next_word_loss(logits, y)
    torch.testing.assert_close(loss, F.cross_entropy(logits, y))
    torch.testing.assert_close(torch.autograd.grad(3 * loss, logits)[0], want)
    assert torch.equal(logits, kept)


def test_in_bfloat16_sums_are_kept_in_float32():
    torch.manual_seed(0)
    logits = torch.randn(100, 5000).bfloat16().requires_grad_()
    y = torch.randint(0, 5000, (100,))
    loss = next_word_loss(logits, y)
    want = F.cross_entropy(logits.float(), y)
    torch.testing.assert_close(loss, want)
    got = torch.autograd.grad(loss, logits)[0].float()
    expected = torch.autograd.grad(want, logits)[0].float()
    assert float((got - expected).norm() / expected.norm()) < 0.01


def test_large_numbers_stay_finite():
    logits = torch.tensor([[1e4, -1e4], [-1e4, 1e4]], requires_grad=True)
    loss = next_word_loss(logits, torch.tensor([0, 0]))
    loss.backward()
    assert loss.item() == pytest.approx(1e4) and logits.grad.isfinite().all()
