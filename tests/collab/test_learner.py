"""Learning from ratings whose truth is known, and the model file."""

import numpy as np
import pandas as pd
import pytest
import torch

from tests.collab.films import films, people, ratings, truth
from tipoff.bundle.file import read
from tipoff.bundle.predictor import load_predictor, verify
from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.collab import CollabDataLoaders, CollabLearner, average_baseline, collab_learner
from tipoff.collab.choose import default_members
from tipoff.errors import UsageError
from tipoff.learner import load_learner
from tipoff.nn.losses import L1LossFlat
from tipoff.notes import listening
from tipoff.testing import check_learner
from tipoff.train.callback import Callback


def rmse(learn, dl=None) -> float:
    preds, targets = learn.get_preds(dl=dl)
    return float((preds - targets).square().mean().sqrt())


def test_it_finds_the_tastes_that_made_the_ratings(learn):
    """The whim is 0.3, and averages are off by 0.9: tastes are not a sum of who and what."""
    assert rmse(learn) < 0.45 < 0.8 < average_baseline(learn.dls)["rmse"]
    exact = truth(people(), films())
    u, i = np.nonzero(np.ones_like(exact))
    pairs = pd.DataFrame({"user": people()["user"].to_numpy()[u], "title": films()["title"].to_numpy()[i]})
    guessed = learn.get_preds(dl=learn.dls.test_dl(pairs))[0][:, 0].numpy()
    assert np.corrcoef(guessed, exact[u, i])[0, 1] > 0.95


def test_averages_are_those_of_a_slow_loop(learn):
    frame = ratings()
    rows = frame.iloc[learn.dls.train_ds.rows]
    mean, by_user, by_item = rows["rating"].mean(), {}, {}
    for _ in range(10):
        for name, into, other, key, damp in (
            ("title", by_item, by_user, "user", 5),
            ("user", by_user, by_item, "title", 10),
        ):
            rest = rows["rating"] - mean - rows[key].map(lambda k, other=other: other.get(k, 0.0))
            into.update((rest.groupby(rows[name]).sum() / (rows.groupby(name).size() + damp)).to_dict())
    held = frame.iloc[learn.dls.valid_ds.rows]
    guess = mean + held["user"].map(by_user).fillna(0) + held["title"].map(by_item).fillna(0)
    low, high = frame["rating"].min(), frame["rating"].max()
    expected = float(((guess.clip(low, high) - held["rating"]) ** 2).mean() ** 0.5)
    assert average_baseline(learn.dls)["rmse"] == pytest.approx(expected, abs=1e-4)


def test_it_keeps_the_contract_of_learners():
    torch.manual_seed(0)
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu")
    check_learner(collab_learner(dls, n_factors=10), item=(3, "Drama, The 1"))


def test_with_layers_it_keeps_the_contract_too():
    torch.manual_seed(0)
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu")
    learn = collab_learner(dls, use_nn=True, layers=[16, 8], emb_szs={"title": 5}, config={"ps": 0.1})
    assert [e.embedding_dim for e in learn.model.embeds] == [23, 5]
    check_learner(learn, item=(3, "Drama, The 1"))


def test_a_loss_of_ones_own_goes_to_every_member():
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu")
    learn = collab_learner(dls, n_factors=10, loss_func=L1LossFlat(), metrics="rmse")
    with learn.no_bar():
        learn.fit(1)
    preds, targets, losses = learn.get_preds(with_loss=True)
    assert torch.allclose(
        losses, (preds - targets).abs()[:, 0], atol=0.3
    )  # predictions are kept within the ratings
    assert learn.validate()[0] == pytest.approx(float(losses.mean()))


def test_rates_grow_with_the_root_of_the_batch_size():
    small, large = (CollabDataLoaders.from_df(ratings(), seed=1, bs=bs, device="cpu") for bs in (64, 256))
    a, b = collab_learner(small), collab_learner(large)
    assert (a.lr, a.wd) == (5e-3, 0.1) and b.lr == pytest.approx(1e-2) and b.wd == pytest.approx(0.2)
    assert collab_learner(large, lr=0.3, wd=0.0).lr == 0.3


def test_rates_typed_for_small_batches_are_noticed(said):
    dls = CollabDataLoaders.from_df(ratings(400, 100, 0.4), seed=1, device="cpu")
    learn = collab_learner(dls, n_factors=5)
    with learn.no_bar():
        learn.fit(0)
        learn.fine_tune(0, freeze_epochs=0)
        assert said == []
        learn.fit_one_cycle(0, 5e-3, wd=0.1)
    assert len(said) == 1 and "goes with bs=64, or here with 1.6 times as much" in said[0]


def test_the_range_is_a_little_beyond_the_ratings():
    frame = ratings()
    frame["rating"] = frame["rating"].round().clip(1, 5)
    dls = CollabDataLoaders.from_df(frame, seed=1, device="cpu")
    assert collab_learner(dls).model.y_range == (0.0, 5.5)
    assert collab_learner(dls, y_range=None).model.y_range is None
    assert [default_members(n) for n in (50, 40, 12, 3)] == [10, 8, 2, 1]


def test_a_rating_outside_of_the_range_is_refused_with_its_row():
    frame = ratings()
    frame.loc[11, "rating"] = 5.9
    dls = CollabDataLoaders.from_df(frame, seed=1, device="cpu")
    with pytest.raises(UsageError, match=r"y_range is 0 to 5\.5, and there is the rating 5\.9 \(row 11\)"):
        collab_learner(dls, y_range=(0, 5.5))


def test_what_does_not_go_together_is_refused():
    dls = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu", item_features=films())
    with pytest.raises(UsageError, match="Features go with the dot product"):
        collab_learner(dls, use_nn=True)
    plain = CollabDataLoaders.from_df(ratings(), seed=1, device="cpu")
    with pytest.raises(UsageError, match="Did you mean 'title'"):
        collab_learner(plain, use_nn=True, emb_szs={"titel": 4})
    with pytest.raises(UsageError, match="config has 'dropout'"):
        collab_learner(plain, config={"dropout": 0.1})


def test_films_that_nobody_rated_are_known_by_their_kind(informed, learn):
    every = ratings()
    new = every[every["title"].isin(films()["title"][48:]) & (every["user"] <= 90)]
    average = float(((new["rating"] - every["rating"].mean()) ** 2).mean() ** 0.5)
    assert rmse(informed, informed.dls.test_dl(new, with_labels=True)) < 0.6 * average


def test_people_without_ratings_are_known_by_what_they_like(informed):
    every = ratings()
    new = every[(every["user"] > 90) & ~every["title"].isin(films()["title"][48:])]
    by_film = new["title"].map(every.groupby("title")["rating"].mean())
    average = float(((new["rating"] - by_film) ** 2).mean() ** 0.5)
    assert rmse(informed, informed.dls.test_dl(new, with_labels=True)) < 0.7 * average


def test_the_highest_and_the_lowest_biases(learn):
    names, bias = learn.dls.classes["title"], learn.model.i_bias.weight[:, 0].detach()
    best = learn.extremes(3)
    assert [name for name, _ in best] == [
        names[i] for i in (bias[1:].argsort(descending=True)[:3] + 1).tolist()
    ]
    assert learn.extremes(1, lowest=True)[0][1] == pytest.approx(float(bias[1:].min()))


def test_the_picture_of_the_factors_names_the_items(learn):
    figure = learn.plot_items(n=12, show=False)
    texts = {t.get_text() for t in figure.axes[0].texts}
    assert len(texts) == 12 and texts <= set(films()["title"])


def test_results_are_shown_as_a_table(learn, capsys):
    learn.show_results(max_n=3)
    assert "title" in capsys.readouterr().out


# the model file


def test_the_file_answers_as_the_learner_does(learn, tmp_path):
    file = learn.export(tmp_path / "films.tipoff")
    again, pair = load_learner(file), (7, "Horror, The 2")
    assert isinstance(again, CollabLearner) and again.predict(pair)[0] == pytest.approx(
        learn.predict(pair)[0]
    )
    assert load_predictor(file)(pair)["value"] == pytest.approx(learn.predict(pair)[0], abs=1e-5)
    assert again.recommend(7, 5) == learn.recommend(7, 5)
    assert again.dls.classes == learn.dls.classes
    held = ratings().iloc[learn.dls.valid_ds.rows]
    assert rmse(again, again.dls.test_dl(held, with_labels=True)) == pytest.approx(rmse(learn), abs=1e-5)
    assert torch.equal(again.model.weight(["Horror, The 2"]), learn.model.weight(["Horror, The 2"]))
    assert verify(read(file)) < 1e-5


def test_somebody_unknown_is_answered_as_average_and_that_is_said(learn, tmp_path, said):
    answer = load_predictor(learn.export(tmp_path / "films.tipoff"))
    film = "Drama, The 1"
    value = answer((999, film))["value"]
    assert said == ["user 999 is not in the training data: answered as for an average user"]
    mean = ratings().query("title == @film")["rating"].mean()
    assert value == pytest.approx(mean, abs=0.4)
    assert answer((7, "?"))["value"] == pytest.approx(ratings().query("user == 7")["rating"].mean(), abs=0.5)


def test_what_is_no_pair_is_refused(learn):
    from tipoff.errors import DataError

    with pytest.raises(DataError, match="'Drama' is no pair of a user and an item"):
        learn.predict("Drama")


def noisy(seed=0):
    """A learner of ratings that are noise: what it learns by heart makes it worse."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "user": rng.integers(0, 30, 400),
            "item": rng.integers(0, 20, 400),
            "rating": rng.integers(1, 6, 400),
        }
    ).drop_duplicates(["user", "item"])
    torch.manual_seed(0)
    return collab_learner(CollabDataLoaders.from_df(frame, seed=1, bs=32, device="cpu"), wd=0.0, lr=0.05)


def test_fit_auto_keeps_the_best_epoch_and_stops_when_there_is_no_progress():
    learn = noisy()
    with listening(list().append), learn.no_bar():
        learn.fit_auto(epochs=20)
    losses = [row[1] for row in learn.recorder.values]
    assert len(losses) < 20 and losses[-1] > min(losses)
    assert learn.validate()[0] == pytest.approx(min(losses), rel=1e-5)


def test_an_interrupted_fit_auto_goes_on_to_the_same_best_epoch(tmp_path):
    whole, cut, heard = noisy(), noisy(), []

    class Cut(Callback):
        order = 95

        def after_epoch(self, run):
            if run.epoch == 4:
                raise KeyboardInterrupt

    with listening(heard.append):
        with whole.no_bar():
            whole.fit_auto(epochs=9)
        with cut.no_bar(), pytest.raises(KeyboardInterrupt):
            cut.fit_auto(epochs=9, cbs=[SaveCheckpoint(tmp_path / "c.pt"), Cut()])
        again = noisy()
        with again.no_bar():
            again.resume(tmp_path / "c.pt")
    assert any("epochs is restored: epoch" in text for text in heard)
    one, other = whole.model.state_dict(), again.model.state_dict()
    assert all(one[k].equal(other[k]) for k in one)
