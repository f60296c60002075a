"""tipoff's Adam is torch's: the same numbers, the same state, whatever happens between two steps."""

from typing import Any

import pytest
import torch
from torch import nn

from tipoff.train.adam import FusedAdam
from tipoff.train.optim import Adam

OPTIONS: dict[str, Any] = {"lr": 1e-2, "betas": (0.9, 0.99), "eps": 1e-5, "weight_decay": 0.1}


def parameters() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((4, 3), (3,), (2, 2), ())]


def groups(params: list[nn.Parameter]) -> list[dict[str, Any]]:
    return [{"params": params[:2]}, {"params": params[2:], "weight_decay": 0.0}]


def torchs(params: list[nn.Parameter], decoupled: bool = True) -> torch.optim.Optimizer:
    made = torch.optim.AdamW if decoupled else torch.optim.Adam
    return made(groups(params), **OPTIONS, fused=True)


def give_gradients(params: list[nn.Parameter], seed: int, leave_out: int | None = None) -> None:
    generator = torch.Generator().manual_seed(seed)
    for i, p in enumerate(params):
        p.grad = None if i == leave_out else torch.randn(p.shape, generator=generator)


def step_both(ours: Any, theirs: Any, a: list[nn.Parameter], b: list[nn.Parameter], n: int = 3) -> None:
    """The same steps of both; one parameter has no gradient at first, as a layer that is not reached."""
    for i in range(n):
        for opt, params in ((ours, a), (theirs, b)):
            give_gradients(params, i, leave_out=1 if i == 0 else None)
            for group in opt.param_groups:
                group["lr"], group["betas"] = 1e-2 / (i + 1), (0.9 - 0.02 * i, 0.99)
            opt.step()


def same(a: list[nn.Parameter], b: list[nn.Parameter]) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


@pytest.mark.parametrize("decoupled", [True, False])
def test_steps_are_those_of_torch_to_the_bit(decoupled: bool) -> None:
    a, b = parameters(), parameters()
    step_both(FusedAdam(groups(a), **OPTIONS, decoupled_weight_decay=decoupled), torchs(b, decoupled), a, b)
    assert same(a, b)


def test_state_is_that_of_torch_and_either_reads_the_other() -> None:
    a, b = parameters(), parameters()
    ours, theirs = FusedAdam(groups(a), **OPTIONS), torchs(b)
    step_both(ours, theirs, a, b)
    read_by_ours, read_by_theirs = FusedAdam(groups(a), lr=1.0), torchs(b)
    read_by_ours.load_state_dict(theirs.state_dict())
    read_by_theirs.load_state_dict(ours.state_dict())
    assert read_by_ours.state[a[1]]["step"] == 2  # one step fewer than the others
    step_both(read_by_ours, read_by_theirs, a, b)
    assert same(a, b)


def test_counts_of_a_loaded_state_are_its_own() -> None:
    a = parameters()
    opt = FusedAdam(groups(a), **OPTIONS)
    give_gradients(a, 0)
    opt.step()
    saved = opt.state_dict()
    other = FusedAdam(groups(a), **OPTIONS)
    other.load_state_dict(saved)
    other.step()
    assert [float(opt.state[p]["step"]) for p in a] == [1.0] * 4
    assert [float(other.state[p]["step"]) for p in a] == [2.0] * 4


def test_scaled_gradients_that_overflow_are_not_a_step() -> None:
    a, b = parameters(), parameters()
    for params, opt in ((a, FusedAdam(groups(a), **OPTIONS)), (b, torchs(b))):
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        for seed in range(3):
            scaler.scale(torch.ones(()))  # the scaler makes its scale when it is first asked
            give_gradients(params, seed)
            if seed == 1:
                params[0].grad[0, 0] = torch.inf  # type: ignore[index]
            scaler.step(opt)
            scaler.update()
        assert float(opt.state[params[0]]["step"]) == 2
    assert same(a, b)


def test_zero_grad_forgets_gradients_or_fills_them_with_zeros() -> None:
    a = parameters()
    opt = FusedAdam(groups(a), **OPTIONS)
    give_gradients(a, 0)
    opt.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad.any() for p in a)
    opt.zero_grad()
    assert all(p.grad is None for p in a)


def test_a_closure_is_called_with_gradients_on() -> None:
    weight = nn.Parameter(torch.ones(2))
    opt = FusedAdam([weight])

    def closure() -> torch.Tensor:
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert opt.step(closure).item() == 2.0


def test_parameters_of_two_types_are_left_to_torch() -> None:
    mixed = [nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2, dtype=torch.float64))]
    assert isinstance(Adam(mixed), torch.optim.AdamW)
    assert isinstance(Adam(mixed[:1]), FusedAdam)
