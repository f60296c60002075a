"""`learn.save` and `learn.load`: what is restored, what is refused, and that a refusal changes nothing."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.train.train_parts import learner, loaders, network, weights
from tipoff.errors import BundleError
from tipoff.learner import Learner
from tipoff.notes import listening
from tipoff.train.optim import SGD


def split(model):
    return [list(model[:2].parameters()), list(model[2:].parameters())]


def make(path, n_out: int = 3, **kwargs) -> Learner:
    model = network()
    if n_out != 3:
        model[-1] = nn.Linear(8, n_out)
    return learner(model=model, splitter=split, path=path, **kwargs)


def test_a_new_learner_goes_on_as_the_old_one(tmp_path):
    old, new = make(tmp_path), make(tmp_path)
    old.fit(2, 0.01)
    old.save("s")
    new.load("s")
    for learn in (old, new):
        learn.fit(1, 0.01)
    assert torch.equal(weights(old), weights(new))


def test_without_the_optimizer_it_does_not(tmp_path):
    old, new = make(tmp_path), make(tmp_path)
    old.fit(2, 0.01)
    old.save("s")
    assert new.load("s", with_opt=False).opt is None


def test_stage_1_is_loaded_after_unfreeze(tmp_path):
    learn, said = make(tmp_path), []
    learn.freeze()
    learn.fit_one_cycle(1)
    learn.save("stage-1")
    then = weights(learn)
    learn.unfreeze()
    learn.fit_one_cycle(1)
    with listening(said.append):
        learn.load("stage-1")
    assert torch.equal(weights(learn), then)
    assert len(said) == 1 and "call learn.freeze_to(1) before learn.load" in said[0]
    learn.fit(1)  # by a new optimizer


def test_a_misfit_changes_nothing(tmp_path):
    make(tmp_path).save("s")
    five = make(tmp_path, 5)
    five.fit(1)
    before, opt = weights(five), five.opt
    with pytest.raises(BundleError, match=r"4\.weight is \(5, 8\) here and \(3, 8\) in the file"):
        five.load("s")
    assert torch.equal(weights(five), before) and five.opt is opt


def test_what_fits_is_loaded_without_strict_and_the_rest_is_named(tmp_path):
    three, five, said = make(tmp_path), make(tmp_path, 5), []
    three.fit(1)
    three.save("s")
    head = five.model[-1].weight.clone()
    with listening(said.append):
        five.load("s", strict=False)
    assert torch.equal(five.model[0].weight, three.model[0].weight)
    assert torch.equal(five.model[-1].weight, head)
    assert "4.weight" in said[0] and "4.bias" in said[0]


def test_an_optimizer_of_another_kind_is_left_out(tmp_path):
    adam, sgd, said = make(tmp_path), make(tmp_path, opt_func=SGD), []
    adam.fit(1)
    adam.save("s")
    with listening(said.append):
        sgd.load("s")
    assert "it is of FusedAdam, and this learner has SGD" in said[0] and sgd.opt is None
    sgd.fit(1)


@pytest.mark.parametrize("kind", ["plain", "parallel", "model", "state_dict", "safetensors"])
def test_files_of_others_are_read(tmp_path, kind):
    trained, learn = make(tmp_path), make(tmp_path)
    trained.fit(1)
    state = trained.model.state_dict()
    (tmp_path / "models").mkdir()
    if kind == "safetensors":
        save_file(state, tmp_path / "models" / "w.safetensors")
    else:
        wrapped = {
            "plain": state,
            "parallel": {f"module.{k}": v for k, v in state.items()},
            "model": {"model": state},
            "state_dict": {"state_dict": state},
        }[kind]
        torch.save(wrapped, tmp_path / "models" / "w.pth")
    assert torch.equal(weights(learn.load("w")), weights(trained))


def test_tied_weights_may_be_stored_once(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(6, 6), nn.Linear(6, 6)
            self.second.weight = self.first.weight

        def forward(self, x):
            return self.second(self.first(x))[:, :3]

    learn = learner(loaders(), Tied(), path=tmp_path)
    state = {k: v + 1 for k, v in learn.model.state_dict().items() if k != "second.weight"}
    save_file(state, tmp_path / "once.safetensors")
    learn.load(tmp_path / "once.safetensors")
    assert torch.equal(learn.model.second.weight, state["first.weight"])


@pytest.mark.parametrize("what", ["missing", "damaged", "objects", "checkpoint", "nothing"])
def test_what_is_no_file_of_weights_is_said(tmp_path, what):
    file = tmp_path / "w.pth"
    if what == "damaged":
        file.write_bytes(b"no weights")
    if what == "objects":
        torch.save(network(), file)
    if what == "checkpoint":
        torch.save({"run": {}, "meta": {}}, file)
    if what == "nothing":
        torch.save({}, file)
    said = {
        "missing": r"There is no file .*w\.pth",
        "damaged": "cannot be read as weights",
        "objects": r"torch\.save\(model\.state_dict\(\), file\)",
        "checkpoint": r"learn\.resume",
        "nothing": "does not hold weights",
    }
    with pytest.raises(BundleError, match=said[what]):
        make(tmp_path).load(tmp_path / "w")
