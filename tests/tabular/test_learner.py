"""A learner for tables as a user meets it."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from tests.tabular.conftest import CATS, CONTS, people
from tipoff.bundle.predictor import load_predictor
from tipoff.callbacks import Callback, KeepBest, SaveCheckpoint
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import UsageError
from tipoff.learner.state import load_learner
from tipoff.rng import set_seed
from tipoff.tabular import TabularDataLoaders, TabularLearner, get_emb_sz, tabular_config, tabular_learner
from tipoff.testing import check_learner

SMALL = {"layers": [16], "n_members": 4, "n_bins": 8, "cont_size": 4}


def loaders(df=None, y="salary", **kwargs):
    df = people() if df is None else df
    options = {"cat_names": CATS, "cont_names": CONTS, "valid_pct": 0.25, "seed": 1, **kwargs}
    return TabularDataLoaders.from_df(df, y_names=y, **options)


def learner(dls=None, **kwargs) -> TabularLearner:
    set_seed(0)
    kwargs = (SMALL if kwargs.get("arch") != "mlp" else {}) | {"precision": "float32", **kwargs}
    return tabular_learner(loaders() if dls is None else dls, **kwargs)


def prices(n=300) -> pd.DataFrame:
    df = people(n)
    r = np.random.default_rng(1)
    age = df.age.fillna(40)
    return df.assign(price=200_000 + 3_000 * age + r.normal(0, 5_000, n), rooms=2 + age / 20)


@pytest.mark.parametrize("arch", ["tabm", "mlp"])
@pytest.mark.parametrize("y", ["salary", "price"])
def test_the_contract_of_learners(arch, y):
    df = prices()
    learn = learner(loaders(df, y), arch=arch, path=".")
    check_learner(learn, df.iloc[0])


def test_it_learns_what_follows_from_the_columns():
    learn = learner(metrics="accuracy")
    with learn.no_bar():
        learn.fit_auto(epochs=15)
    assert learn.validate()[1] > 0.85


def test_the_loss_in_training_is_the_mean_of_the_members_losses():
    learn = learner()
    x, y = learn.dls.train.dataset.batch(torch.arange(9), 0)[:2]
    learn.model.train()
    objective, batch = learn.objective(), learn.dls.train.dataset.batch(torch.arange(9), 0)
    pred = objective.predict(learn.model, batch)
    assert pred.shape == (9, 4, 2)
    each = [F.cross_entropy(pred[:, k], batch.y[0]) for k in range(4)]
    assert torch.allclose(objective.loss(pred, batch), torch.stack(each).mean())
    learn.model.eval()
    whole = learn.model(*batch.x)
    assert torch.allclose(objective.loss(whole, batch), F.cross_entropy(whole, batch.y[0]))
    assert torch.allclose(
        whole.exp().sum(-1) / 4, torch.ones(9)
    )  # logarithms of probabilities, but for a constant


def test_a_row_is_predicted_as_fastai_gives_it(capsys):
    df = people()
    learn = learner()
    row, clas, probs = learn.predict(df.iloc[3])
    assert row.salary.iloc[0] == learn.dls.vocab[int(clas)] and probs.sum() == pytest.approx(1)
    row.show()
    assert "salary" in capsys.readouterr().out
    assert learn.predict({"job": "cook", "smokes": True, "age": 30, "height": 1.8}).decoded in ("high", "low")
    everyone = learn.get_preds(dl=learn.dls.test_dl(df))[0]
    assert torch.allclose(everyone[3], probs, atol=1e-5)


def test_results_are_a_table_with_the_answer_beside_the_truth(capsys):
    learn = learner()
    frame = learn.show_results(max_n=4, show=False)
    assert len(frame) == 4 and {"job", "age", "salary", "salary_pred"} <= set(frame.columns)
    learn.show_results(max_n=2)
    assert "salary_pred" in capsys.readouterr().out


def test_a_file_brings_back_the_learner_and_its_answers(tmp_path):
    learn, df = learner(), people()
    file = learn.export(tmp_path / "people.tipoff")
    again = load_learner(file)
    assert isinstance(again, TabularLearner)
    row, _, probs = again.predict(df.iloc[0])
    assert torch.allclose(probs, learn.predict(df.iloc[0])[2], atol=1e-6)
    assert load_predictor(file)(df.iloc[0])["label"] == row.salary.iloc[0]
    new = again.get_preds(dl=again.dls.test_dl(df))[0]
    assert torch.allclose(new, learn.get_preds(dl=learn.dls.test_dl(df))[0], atol=1e-6)


def test_the_file_says_how_good_its_weights_are_not_those_of_the_last_epoch(tmp_path):
    learn = learner(metrics="accuracy")
    with learn.no_bar():
        learn.fit_auto(epochs=4)
    facts = load_learner(learn.export(tmp_path / "x.tipoff")).facts["figures"]
    assert facts == pytest.approx(dict(zip(["valid_loss", "accuracy"], learn.validate())))


def test_training_stops_by_itself_and_keeps_the_best_epoch(capsys):
    learn = learner()
    learn.fit_auto(epochs=40, lr=0.05, patience=3)  # a rate at which 225 rows are soon learned by heart
    losses = [v[1] for v in learn.recorder.values]
    assert len(losses) < 40 and "has not improved for 3 epochs" in capsys.readouterr().out
    assert learn.validate()[0] == pytest.approx(min(losses), abs=1e-5)


def test_a_budget_in_minutes_is_kept_to(said):
    learn = learner()
    with learn.no_bar():
        learn.fit_auto(minutes=0.002)
    assert 1 <= len(learn.recorder.values) <= 60 and any("0.002 minutes" in s for s in said)


def test_the_smaller_the_table_the_more_epochs():
    few, many = learner(loaders(people(40))), learner(loaders(people(3000), bs=8))
    assert few.default_epochs() > many.default_epochs() >= 1


class Stop(Callback):
    def __init__(self, at):
        self.at = at

    def after_step(self, run):
        if run.n_steps == self.at:
            raise KeyboardInterrupt


def test_a_training_that_was_cut_off_goes_on_bit_for_bit(tmp_path):
    def fresh():
        return learner(ps=0.2, path=tmp_path)

    whole = fresh()
    with whole.no_bar():
        whole.fit_auto(epochs=6, lr=0.05, patience=2)
    cut, file = fresh(), tmp_path / "models" / "checkpoint.pt"
    steps = len(cut.dls.train) * 2 + 3
    with cut.no_bar(), pytest.raises(KeyboardInterrupt):
        cut.fit_auto(epochs=6, lr=0.05, patience=2, cbs=[SaveCheckpoint(file, every_steps=1), Stop(steps)])
    resumed = fresh()
    with resumed.no_bar():
        resumed.resume()
    assert len(resumed.recorder.values) == len(whole.recorder.values)
    for a, b in zip(whole.model.parameters(), resumed.model.parameters()):
        assert torch.equal(a, b)


def test_calibration_keeps_the_answers_and_the_promise():
    learn = learner()
    with learn.no_bar():
        learn.fit_auto(epochs=3)
    before = learn.get_preds(with_decoded=True)[2]
    made = learn.calibrate()
    assert torch.equal(learn.get_preds(with_decoded=True)[2], before) and made.n_sure_right <= made.n_sure
    assert learn.target.temperature == made.temperature


# arguments


def test_sizes_of_embeddings_by_rule_and_by_hand():
    dls = loaders()
    assert get_emb_sz(dls) == [
        (4, 3),
        (3, 3),
        (3, 3),
    ]  # three jobs, yes and no, whether the age was missing; and #na#
    assert get_emb_sz(dls, {"job": 7})[0] == (4, 7)
    assert learner(dls, emb_szs={"job": 7}).model.embeds[0].embedding_dim == 7
    assert learner(dls, emb_szs=[(4, 2), (3, 2), (3, 2)]).model.embeds[2].embedding_dim == 2
    with pytest.raises(UsageError, match="jobs.*Did you mean 'job'"):
        learner(dls, emb_szs={"jobs": 7})
    with pytest.raises(UsageError, match="the table has"):
        learner(dls, emb_szs=[(9, 2)])


def test_fastais_arguments_reach_its_network():
    config = tabular_config(ps=[0.1, 0.2], embed_p=0.3, use_bn=False)
    net = learner(arch="mlp", layers=[9, 7], config=config).model
    drops = [m.p for m in net.modules() if isinstance(m, torch.nn.Dropout)]
    assert drops == [0.3, 0.1, 0.2] and net.layers[0][0].out_features == 9
    with pytest.raises(UsageError, match="embed_pp.*Did you mean 'embed_p'"):
        tabular_config(embed_pp=1)
    with pytest.raises(UsageError, match="tabm has no 'use_bn'"):
        learner(arch="tabm", use_bn=False)
    with pytest.raises(UsageError, match="arch is 'tabn'.*Did you mean 'tabm'"):
        learner(arch="tabn")


def test_a_config_of_fastais_brings_its_network(said):
    net = tabular_learner(loaders(), config=tabular_config(ps=[0.1, 0.2], embed_p=0.04)).model
    assert type(net).__name__ == "TabularModel" and any("arch='mlp'" in s for s in said)
    assert type(tabular_learner(loaders(), layers=[8, 8], ps=0.2).model).__name__ == "TabM"


def test_a_rate_fits_the_network_unless_given():
    assert (
        learner(loaders(bs=64), arch="mlp").lr == 0.001
        and learner(loaders(bs=16)).lr == 0.00175
        and learner(lr=0.2).lr == 0.2
    )


# numbers, labels


@pytest.mark.parametrize("arch", ["tabm", "mlp"])
def test_numbers_are_learned_as_deviations_and_answered_in_their_unit(arch):
    learn = learner(loaders(prices(), "price"), arch=arch, metrics=["mae", "r2_score"])
    with learn.no_bar():
        learn.fit_auto(epochs=15, lr=0.01)
    loss, mae, r2 = learn.validate()
    preds, y = learn.get_preds()
    assert mae == pytest.approx(float((preds - y).abs().mean()), rel=1e-4) and r2 > 0.5
    y_train = learn.dls.train.dataset.ys[0]
    assert loss == pytest.approx(float(((preds - y) / y_train.std(correction=0)).square().mean()), rel=1e-3)
    assert 150_000 < learn.predict(prices().iloc[0]).decoded < 500_000


def test_numbers_stay_within_their_range():
    learn = learner(loaders(prices(), "price"), y_range=(250_000, 300_000))
    preds = learn.get_preds()[0]
    assert preds.min() >= 250_000 and preds.max() <= 300_000
    with pytest.raises(UsageError, match="y_range is for numbers"):
        learner(y_range=(0, 1))


def test_several_numbers_at_once():
    learn = learner(loaders(prices(), ["price", "rooms"]), metrics="mae")
    with learn.no_bar():
        learn.fit_auto(epochs=2)
    row, numbers, _ = learn.predict(prices().iloc[0])
    assert numbers.shape == (2,) and row.price.iloc[0] == pytest.approx(float(numbers[0]))
    assert {"price_pred", "rooms_pred"} <= set(learn.show_results(show=False).columns)


def test_several_labels_at_once():
    df = people().assign(old=lambda d: d.age.fillna(0) > 50, tall=lambda d: d.height > 1.7)
    learn = learner(loaders(df, ["old", "tall"], y_block=MultiCategoryBlock), metrics="accuracy_multi")
    with learn.no_bar():
        learn.fit_auto(epochs=20)
    assert learn.validate()[1] > 0.8 and set(learn.predict(df.iloc[0]).decoded) <= {"old", "tall"}


def test_a_loss_of_ones_own_sees_numbers_in_their_unit():
    learn = learner(loaders(prices(), "price"), loss_func=torch.nn.L1Loss(), metrics="mae")
    with learn.no_bar():
        learn.fit_auto(epochs=1)
    loss, mae = learn.validate()
    assert loss == pytest.approx(mae, rel=1e-4) and loss > 1000


def test_weights_of_classes_and_smoothing_are_those_of_the_target():
    block = CategoryBlock(smoothing=0.1)
    learn = learner(loaders(y_block=block))
    assert learn.target.smoothing == 0.1 and np.isfinite(learn.validate()[0])


def test_regression_block_with_logs_in_a_table():
    learn = learner(loaders(prices(), "price", y_block=RegressionBlock(log=True)), metrics="rmspe")
    with learn.no_bar():
        learn.fit_auto(epochs=10)
    assert learn.validate()[1] < 0.2 and learn.get_preds()[0].min() > 0


def test_best_weights_are_kept_in_memory():
    learn = learner()
    best = KeepBest()
    with learn.no_bar():
        learn.fit(5, 0.05, cbs=best)
    assert learn.validate()[0] == pytest.approx(min(v[1] for v in learn.recorder.values), abs=1e-5)
    assert best.epoch == int(np.argmin([v[1] for v in learn.recorder.values]))


def test_an_error_names_the_loaders_it_needs():
    from tipoff.data import DataLoaders

    with pytest.raises(UsageError, match=re.escape("TabularDataLoaders.from_df")):
        tabular_learner(DataLoaders(device="cpu"))
