"""Recommendations: for somebody known, for somebody new, without the training code."""

import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from tests.collab.films import films, people, ratings, truth
from tipoff.bundle.predictor import Predictor
from tipoff.collab import Recommender
from tipoff.collab.block import PairBlock
from tipoff.collab.fold_in import Prior, place, place_by_choice
from tipoff.collab.model import CollabModel
from tipoff.collab.targets import RatingBlock
from tipoff.data.plan import Plan
from tipoff.errors import DataError, UsageError


@pytest.fixture
def recommender(learn):
    return learn.recommender


def test_the_best_are_those_of_the_highest_predictions(learn, recommender):
    predicted = {item: learn.predict((7, item))[0] for item in recommender.items}
    best = recommender.recommend(7, 5, exclude_seen=False)
    assert [a["item"] for a in best] == sorted(predicted, key=lambda i: -predicted[i])[:5]
    assert [a["predicted"] for a in best] == pytest.approx([predicted[a["item"]] for a in best], abs=1e-3)


def test_what_somebody_rated_is_not_recommended(recommender):
    rated = set(ratings().query("user == 7")["title"])
    every = recommender.recommend(7, 1000)
    assert {a["item"] for a in every} == set(films()["title"]) - rated
    assert recommender.recommend(7, 3, exclude=[every[0]["item"]])[0]["item"] == every[1]["item"]


def test_users_get_their_own_kind(recommender):
    for user, kind in ((1, "Comedy"), (2, "Drama"), (3, "Horror")):
        assert all(a["item"].startswith(kind) for a in recommender.recommend(user, 3))


def test_numbers_as_text_are_the_same_users(recommender):
    assert recommender.recommend("7", 3) == recommender.recommend(7, 3)


def test_somebody_unknown_gets_what_most_people_like(recommender):
    popular = recommender.popular(5)
    assert recommender.recommend("nobody", 5) == popular == recommender.rate({}, 5)
    assert popular[0]["why"] == "liked by most people"
    by_mean = ratings().groupby("title")["rating"].mean().sort_values(ascending=False)
    assert len(set(by_mean.index[:12]) & {a["item"] for a in popular}) >= 3


def test_similar_items_have_the_highest_cosines(learn, recommender):
    item, names = "Horror, The 2", recommender.items
    factors = learn.model.weight(names).numpy()
    own = factors[names.index(item)]
    cosine = factors @ own / np.linalg.norm(factors, axis=1) / np.linalg.norm(own)
    order = [names[i] for i in np.argsort(-cosine) if names[i] != item]
    similar = recommender.similar(item, 4)
    assert [a["item"] for a in similar] == order[:4]
    assert all(a["item"].startswith("Horror") for a in similar)


def test_search_finds_every_word_in_any_case(recommender):
    assert recommender.search("the HORROR", 3)[0].startswith("Horror")
    assert recommender.search("drama 13") == ["Drama, The 13"]
    assert recommender.search("western") == []
    counts = ratings().groupby("title").size()
    found = recommender.search("comedy", 4)
    assert [counts[f] for f in found] == sorted(
        (counts[f] for f in counts.index if "Comedy" in f), reverse=True
    )[:4]


def test_predictions_say_what_is_unknown(recommender):
    assert recommender.predict(7, "Drama, The 1")["unknown"] == []
    assert recommender.predict("nobody", "nothing")["unknown"] == ["user", "title"]


# somebody new


def test_a_few_ratings_are_enough_to_see_the_taste(recommender):
    answers = recommender.rate({"Horror, The 2": 5, "Comedy, The 0": 1.5, "Drama, The 1": 2}, 5)
    assert all(a["item"].startswith("Horror") for a in answers)
    assert recommender.rate({"Horror, The 2": 5}, 1)[0]["why"] == "like Horror, The 2"
    assert recommender.rate({"Comedy, The 0": 1.2}, 1)[0]["why"] == "unlike Comedy, The 0"
    assert "Horror, The 2" not in [a["item"] for a in answers]


@pytest.mark.parametrize("y_range", [None, (0.0, 5.5)])
def test_the_point_is_the_most_likely_one(y_range):
    g = torch.Generator().manual_seed(0)
    points, x = torch.randn(50, 4, generator=g) * 0.5, torch.randn(6, 3, generator=g) * 0.7
    biases, stars = torch.randn(6, generator=g) * 0.2, torch.tensor([1.0, 5, 4, 2, 3, 5])
    prior, noise = Prior.of_points(points), 0.7
    found = place(x, biases, stars, prior, noise, y_range)

    at = prior.mean.clone().requires_grad_()
    opt = torch.optim.LBFGS([at], max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def cost() -> torch.Tensor:
        z = x.double() @ at[:-1] + at[-1] + biases
        predicted = z if y_range is None else 5.5 * z.sigmoid()
        off = at - prior.mean
        return ((stars - predicted) ** 2).sum() / noise / 2 + off @ prior.precision @ off / 2

    def step() -> torch.Tensor:
        opt.zero_grad()
        loss = cost()
        loss.backward()
        return loss

    opt.step(step)
    best = cost().item()
    with torch.no_grad():
        at.copy_(found.at)
    assert cost().item() <= best * 1.002
    assert torch.allclose(prior.mean.float() + found.pulls.sum(0), found.at, atol=1e-5)


def test_the_point_of_choices_is_the_most_likely_one():
    g = torch.Generator().manual_seed(0)
    x, biases = torch.randn(30, 3, generator=g), torch.randn(30, generator=g) * 0.3
    prior, taken = Prior.of_points(torch.randn(50, 4, generator=g)), torch.tensor([3, 7, 11])
    found = place_by_choice(x, biases, taken, prior)

    def cost(at: torch.Tensor) -> torch.Tensor:
        z = x.double() @ at[:-1] + biases
        off = at - prior.mean
        return -(z[taken] - z.logsumexp(0)).sum() + off @ prior.precision @ off / 2

    at = found.at.double().requires_grad_()
    slope = torch.autograd.grad(cost(at), at)[0]
    assert float(slope.norm()) < 0.05 and cost(at) < cost(prior.mean)


def test_the_bias_of_a_strict_rater_is_seen(recommender):
    item = recommender.items
    mild = recommender.rate(dict.fromkeys(item[:6], 4.5), 1)[0]["predicted"]
    strict = recommender.rate(dict.fromkeys(item[:6], 1.5), 1)[0]["predicted"]
    assert strict < mild


def test_newcomers_are_predicted_better_than_by_averages(learn, recommender):
    """Users of another draw, of whom three to ten ratings are known; averages are those of films and of their ratings."""
    exact, names = truth(people(30), films()), recommender.items
    column = [films()["title"].tolist().index(n) for n in names]
    means = ratings().groupby("title")["rating"].mean()
    rng = np.random.default_rng(9)
    for n, share in ((3, 0.95), (10, 0.75)):
        ours, theirs = [], []
        for row in exact:
            stars = np.clip(row[column] + 0.3 * rng.standard_normal(len(column)), 1, 5)
            given = rng.choice(len(names), n, replace=False)
            point = recommender.fold_in({names[i]: float(stars[i]) for i in given})
            rest = np.setdiff1d(np.arange(len(names)), given)
            scores = {
                a["item"]: a["predicted"]
                for a in recommender.rate({names[i]: float(stars[i]) for i in given}, 100)
            }
            assert point.at.shape == (21,)
            ours += [scores[names[i]] - stars[i] for i in rest]
            off = sum(stars[i] - means[names[i]] for i in given) / (n + 5)
            theirs += [means[names[i]] + off - stars[i] for i in rest]
        assert np.mean(np.square(ours)) < share**2 * np.mean(np.square(theirs))


def test_what_is_known_of_somebody_new_counts(informed):
    best = informed.recommend(features={"likes": "horror"}, n=4)
    assert all(a["item"].startswith("Horror") for a in best) and best[0]["why"] == "liked by people like you"
    with pytest.raises(DataError, match=r"no feature 'like'.*Did you mean 'likes'"):
        informed.recommend(features={"like": "horror"})


def test_a_model_without_features_says_so(recommender):
    with pytest.raises(UsageError, match="trained without user_features="):
        recommender.recommend(features={"age": 30})


@pytest.mark.parametrize(
    "given, words",
    [
        ({"Horor, The 2": 4}, "There is no title 'Horor, The 2'.*Did you mean 'Horror, The 2'"),
        ({"Horror, The 2": 9}, "the rating 9 lies outside of 1 to 5"),
        ({"Horror, The 2": "x"}, "'x' is not a rating"),
    ],
)
def test_a_rating_that_makes_no_sense_is_refused(recommender, given, words):
    with pytest.raises(DataError, match=words):
        recommender.rate(given)


# fast, and without the training code


def test_a_hundred_thousand_items_take_milliseconds():
    n = 100_000
    pairs = PairBlock(users=tuple(range(500)), items=tuple(f"item {i}" for i in range(n)))
    spec = CollabModel(501, n + 1, y_range=(0.0, 5.5), n_seen=0)
    predictor = Predictor(Plan((pairs,), (RatingBlock(1.0, 5.0),)), spec.build())
    recommender = Recommender(predictor)
    recommender.rate({"item 3": 4.0})  # names and factors are laid out once
    took = []
    for ask in (
        lambda: recommender.recommend(17, 10),
        lambda: recommender.rate({"item 3": 4.0, "item 9": 1.0}),
    ):
        began = time.perf_counter()
        for _ in range(5):
            assert len(ask()) == 10
        took.append((time.perf_counter() - began) / 5)
    assert max(took) < 0.25  # some milliseconds on a machine that is not busy


def test_recommending_imports_no_training_code(learn, tmp_path):
    file = learn.export(tmp_path / "films.tipoff")
    code = (
        "import sys; from tipoff.collab import Recommender\n"
        f"r = Recommender({str(file)!r}); r.rate({{'Horror, The 2': 5}}); r.recommend(7); r.search('drama')\n"
        "print([m for m in sys.modules if m.startswith(('tipoff.train', 'tipoff.learner', 'tipoff.callbacks', 'pandas'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_of_something_else_cannot_recommend(photos, tmp_path):
    from tipoff.data.target import CategoryBlock

    plan = Plan((CategoryBlock(vocab=("a", "b")),), (CategoryBlock(vocab=("a", "b")),))
    with pytest.raises(UsageError, match="cannot recommend"):
        Recommender(Predictor(plan, torch.nn.Identity()))
