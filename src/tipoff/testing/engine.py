"""The contract of engines."""

from __future__ import annotations

import io

import torch
from torch import nn

from tipoff.data.batch import Batch
from tipoff.testing.promise import promise, same
from tipoff.train.engine import TorchEngine


def check_engine(engine: TorchEngine) -> None:
    """Where a step runs. `engine` has the methods of `TorchEngine`. Promises:

    - `prepare` and `to_device` bring a model and a batch to one device, and positions stay on the CPU;
    - a step inside `autocast` and `accumulate` moves the weights, which stay float32, along the gradient;
    - two halves accumulated give the gradient of the whole batch;
    - `gather` gives a list of states with the one handed in;
    - its state is a checkpoint's, and brings back the random numbers that come next.

    Raises `AssertionError` for a broken promise.

    >>> check_engine(TorchEngine("cpu"))
    """
    called = type(engine).__name__
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(6, 3, 5, 5, generator=g), torch.arange(6) % 2
    model = engine.prepare(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(36, 2)))
    batch = engine.to_device(Batch((x,), (y,), torch.arange(6)))
    places = {p.device.type for p in model.parameters()} | {t.device.type for t in (*batch.x, *batch.y)}
    promise(len(places) == 1, f"{called}: model and batch are on {', '.join(sorted(places))}.")
    promise(
        batch.items.device.type == "cpu", f"{called}.to_device moves the positions; they stay on the CPU."
    )
    promise(same(batch.x[0].cpu().float(), x), f"{called}.to_device changes the values.")

    def gradient(parts: list[slice]) -> list[torch.Tensor]:
        opt.zero_grad()
        for i, part in enumerate(parts):
            with engine.accumulate(model, last=i == len(parts) - 1):
                with engine.autocast():
                    loss = nn.functional.cross_entropy(model(batch.x[0][part]), batch.y[0][part])
                engine.backward(loss / len(parts))
        engine.unscale(opt)
        return [p.grad.detach().clone() for p in model.parameters() if p.grad is not None]

    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    halves = gradient([slice(0, 3), slice(3, 6)])
    engine.skip()
    whole = gradient([slice(0, 6)])
    before = [p.detach().clone() for p in model.parameters()]
    promise(len(whole) == len(before), f"{called}: some parameters got no gradient.")
    loose = 1e-5 if engine.precision == "float32" else 3e-2
    promise(
        all(torch.allclose(a, b, atol=loose) for a, b in zip(whole, halves, strict=True)),
        f"{called}: two accumulated halves give another gradient than the whole batch.",
    )
    engine.step(opt)
    for p, was, slope in zip(model.parameters(), before, whole, strict=True):
        promise(p.dtype is torch.float32, f"{called}: weights are {p.dtype}; they stay float32.")
        promise(
            torch.allclose(p, was - 0.1 * slope, atol=1e-6),
            f"{called}.step does not move the weights along the gradient.",
        )

    gathered = engine.gather({"n": torch.tensor(2.0)})
    promise(
        len(gathered) >= 1 and any(float(s["n"]) == 2.0 for s in gathered),
        f"{called}.gather loses the state.",
    )
    promise(isinstance(engine.is_main, bool), f"{called}.is_main is neither True nor False.")
    file = io.BytesIO()
    torch.save(engine.state_dict(), file)
    first_numbers = torch.rand(3)
    file.seek(0)
    engine.load_state_dict(torch.load(file, weights_only=True))
    promise(
        torch.equal(torch.rand(3), first_numbers),
        f"{called}: its state does not bring back the random numbers.",
    )
