"""What is where: a learner, its loss and its data on one device. "meta" stands for another one: it has shapes and no numbers."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tipoff.data import DataLoaders
from tipoff.data.batch import Batch
from tipoff.data.target import RegressionBlock
from tipoff.learner import Learner
from tipoff.nn.losses import BCELossFlat, CrossEntropyLossFlat
from tipoff.train.engine import TorchEngine

META = torch.device("meta")


def loaders() -> DataLoaders:
    torch.manual_seed(0)
    pairs = [(torch.randn(4), torch.tensor(i % 2)) for i in range(24)]
    return DataLoaders(pairs[:16], pairs[16:], bs=8)


def places(module: nn.Module) -> set[torch.device]:
    return {t.device for t in (*module.parameters(), *module.buffers())}


@pytest.fixture
def learn() -> Learner:
    loss = CrossEntropyLossFlat(weight=torch.tensor([1.0, 2.0]))
    return Learner(loaders(), nn.Linear(4, 2), loss_func=loss)


def test_network_loss_and_engine_follow_the_data(learn):
    with learn.no_bar():
        learn.fit(1, 1e-2)
    learn.dls = loaders().to(META)
    assert places(learn.model) == places(learn.loss_func) == {META} == {learn.engine.device}
    assert learn.opt is None, "its state was on the other device"


def test_a_precision_chosen_after_the_data_were_moved_brings_the_network_along(learn):
    learn.dls.to(META)
    learn.to_bf16()
    assert places(learn.model) == {META} and learn.engine.precision == "bfloat16"


def test_data_on_the_same_device_change_nothing(learn):
    with learn.no_bar():
        learn.fit(1, 1e-2)
    opt, engine = learn.opt, learn.engine
    learn.dls = loaders()
    assert learn.opt is opt and learn.engine is engine


def test_a_loss_that_is_given_later_is_brought_along(learn):
    learn.dls.to(META)
    learn.to_fp32()
    learn.loss_func = nn.CrossEntropyLoss(weight=torch.ones(2))
    assert places(learn.loss_func) == {META}


def test_a_batch_goes_without_its_positions():
    batch = Batch((torch.ones(2, 3),), (torch.ones(2),), torch.arange(2)).to(META)
    assert batch.x[0].device == batch.y[0].device == META and batch.items.device.type == "cpu"


def test_a_checkpoint_of_another_machine_is_taken():
    state = TorchEngine().state_dict() | {"cuda": [torch.zeros(16, dtype=torch.uint8)] * 9, "scaler": {}}
    following = torch.rand(3)
    TorchEngine("cpu", "bfloat16").load_state_dict(state)
    assert torch.equal(torch.rand(3), following)


def test_the_loss_of_probabilities_is_computed_in_float32_under_autocast():
    prob, y = torch.rand(50).requires_grad_(), (torch.rand(50) > 0.5).float()
    with torch.autocast("cpu", torch.bfloat16):
        loss = BCELossFlat()(prob, y)
    assert loss.dtype is torch.float32 and torch.equal(loss, F.binary_cross_entropy(prob, y))
    with torch.autocast("cpu", torch.bfloat16):
        half = BCELossFlat()(prob.bfloat16(), y)
    assert torch.equal(half, F.binary_cross_entropy(prob.bfloat16().float(), y))


def test_prices_are_not_said_in_half_precision():
    block = RegressionBlock(shift=(180_000.0,), scale=(30_000.0,))
    out = block.activation(torch.zeros(2, 1, dtype=torch.float16))
    assert out.tolist() == [[180_000.0]] * 2
