"""Cells of the lesson on ratings, typed as they are there, with only their import changed."""

import inspect
import subprocess
import sys

import matplotlib
import pytest

matplotlib.use("Agg")

import tipoff.collab.all as face
from tests.collab.films import ratings
from tipoff.errors import DataError


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """Runs cells in one namespace, as a notebook does, with `ratings` made up."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    exec("from tipoff.collab import *\nfrom tipoff.tabular.all import *", space)
    space["ratings"] = ratings()

    def run(cell: str) -> dict[str, object]:
        exec(inspect.cleandoc(cell), space)
        return space

    run("""
        dls = CollabDataLoaders.from_df(ratings, item_name='title', bs=64)
        dls.show_batch()
        n_users  = len(dls.classes['user'])
        n_movies = len(dls.classes['title'])
    """)
    yield run
    plt.close("all")


def test_every_name_is_there_and_none_is_hidden():
    import builtins

    names = face.__all__
    assert sorted(set(names)) == sorted(names) and all(hasattr(face, n) for n in names)
    assert not {n for n in names if hasattr(builtins, n)}


def test_the_star_import_needs_no_all_and_the_plain_import_stays_cheap():
    code = (
        "import sys, tipoff.collab\n"
        "assert not {'pandas', 'matplotlib.pyplot', 'tipoff.learner'} & set(sys.modules)\n"
        "from tipoff.collab import *\n"
        "print(collab_learner.__name__, pd.__name__, Embedding.__name__, L.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["collab_learner", "pandas", "Embedding", "L"]


def test_a_dot_product_from_scratch(cells):
    out = cells("""
        user_factors = torch.randn(n_users, 5)
        one_hot_3 = one_hot(3, n_users).float()
        same = torch.allclose(user_factors.t() @ one_hot_3, user_factors[3])
        class DotProduct(Module):
            def __init__(self, n_users, n_movies, n_factors, y_range=(0,5.5)):
                self.user_factors = Embedding(n_users, n_factors)
                self.movie_factors = Embedding(n_movies, n_factors)
                self.y_range = y_range

            def forward(self, x):
                users = self.user_factors(x[:,0])
                movies = self.movie_factors(x[:,1])
                return sigmoid_range((users * movies).sum(dim=1), *self.y_range)
        x,y = dls.one_batch()
        model = DotProduct(n_users, n_movies, 10)
        learn = Learner(dls, model, loss_func=MSELossFlat())
        learn.fit_one_cycle(5, 5e-3)
        class T(Module):
            def __init__(self): self.a = nn.Parameter(torch.ones(3))
        n = len(L(T().parameters()))
        class T(Module):
            def __init__(self): self.a = nn.Linear(1, 3, bias=False)
        kind = type(T().a.weight)
    """)
    assert out["same"] and out["x"].shape[1] == 2 and out["n"] == 1
    losses = [v[1] for v in out["learn"].recorder.values]
    assert losses[-1] < losses[0]
    assert out["kind"].__name__ == "Parameter"


def test_own_parameters_their_biases_and_principal_components(cells):
    out = cells("""
        def create_params(size):
            return nn.Parameter(torch.zeros(*size).normal_(0, 0.01))
        class DotProductBias(Module):
            def __init__(self, n_users, n_movies, n_factors, y_range=(0,5.5)):
                self.user_factors = create_params([n_users, n_factors])
                self.user_bias = create_params([n_users])
                self.movie_factors = create_params([n_movies, n_factors])
                self.movie_bias = create_params([n_movies])
                self.y_range = y_range

            def forward(self, x):
                users = self.user_factors[x[:,0]]
                movies = self.movie_factors[x[:,1]]
                res = (users*movies).sum(dim=1)
                res += self.user_bias[x[:,0]] + self.movie_bias[x[:,1]]
                return sigmoid_range(res, *self.y_range)
        model = DotProductBias(n_users, n_movies, 10)
        learn = Learner(dls, model, loss_func=MSELossFlat())
        learn.fit_one_cycle(5, 5e-3, wd=0.1)
        movie_bias = learn.model.movie_bias.squeeze()
        idxs = movie_bias.argsort()[:5]
        worst = [dls.classes['title'][i] for i in idxs]
        g = ratings.groupby('title')['rating'].count()
        top_movies = g.sort_values(ascending=False).index.values[:1000]
        top_idxs = tensor([learn.dls.classes['title'].o2i[m] for m in top_movies])
        movie_w = learn.model.movie_factors[top_idxs].cpu().detach()
        movie_pca = movie_w.pca(3)
        fac0,fac1,fac2 = movie_pca.t()
        idxs = list(range(50))
        X = fac0[idxs]
        Y = fac2[idxs]
        plt.figure(figsize=(12,12))
        plt.scatter(X, Y)
        for i, x, y in zip(top_movies[idxs], X, Y):
            plt.text(x,y,i, color=np.random.rand(3)*0.7, fontsize=11)
        plt.show()
    """)
    assert len(out["worst"]) == 5 and out["movie_pca"].shape == (60, 3)


def test_collab_learner_and_what_it_learned(cells):
    out = cells("""
        learn = collab_learner(dls, n_factors=50, y_range=(0, 5.5))
        learn.fit_one_cycle(5, 5e-3, wd=0.1)
        learn.model
        movie_bias = learn.model.i_bias.weight.squeeze()
        idxs = movie_bias.argsort(descending=True)[:5]
        best = [dls.classes['title'][i] for i in idxs]
        movie_factors = learn.model.i_weight.weight
        idx = dls.classes['title'].o2i['Horror, The 2']
        distances = nn.CosineSimilarity(dim=1)(movie_factors, movie_factors[idx][None])
        idx = distances.argsort(descending=True)[1]
        near = dls.classes['title'][idx]
        g = ratings.groupby('title')['rating'].count()
        top_movies = g.sort_values(ascending=False).index.values[:1000]
        movie_bias = learn.model.bias(top_movies, is_item=True)
        mean_ratings = ratings.groupby('title')['rating'].mean()
        movie_ratings = [(b, i, mean_ratings.loc[i]) for i,b in zip(top_movies,movie_bias)]
        item0 = lambda o:o[0]
        sorted(movie_ratings, key=item0)[:15]
        movie_w = learn.model.weight(top_movies, is_item=True)
        movie_pca = movie_w.pca(3)
        fac0,fac1,fac2 = movie_pca.t()
        movie_comp = [(f, i) for f,i in zip(fac0, top_movies)]
        first = sorted(movie_comp, key=itemgetter(0), reverse=True)[:10]
        learn.save('dotprod')
    """)
    assert out["near"].startswith("Horror") and len(out["best"]) == 5 and len(out["first"]) == 10


def test_layers_by_hand_and_by_collab_learner(cells):
    out = cells("""
        embs = get_emb_sz(dls)
        class CollabNN(Module):
            def __init__(self, user_sz, item_sz, y_range=(0,5.5), n_act=100):
                self.user_factors = Embedding(*user_sz)
                self.item_factors = Embedding(*item_sz)
                self.layers = nn.Sequential(
                    nn.Linear(user_sz[1]+item_sz[1], n_act),
                    nn.ReLU(),
                    nn.Linear(n_act, 1))
                self.y_range = y_range

            def forward(self, x):
                embs = self.user_factors(x[:,0]),self.item_factors(x[:,1])
                x = self.layers(torch.cat(embs, dim=1))
                return sigmoid_range(x, *self.y_range)
        model = CollabNN(*embs)
        learn = Learner(dls, model, loss_func=MSELossFlat())
        learn.fit_one_cycle(2, 5e-3, wd=0.01)
        learn = collab_learner(dls, use_nn=True, y_range=(0, 5.5), layers=[100,50])
        learn.fit_one_cycle(2, 5e-3, wd=0.1)
        learn = collab_learner(dls, y_range=(0.5,5.5))
        learn.fine_tune(2)
        learn.show_results()
    """)
    assert out["embs"] == [(121, 23), (61, 16)]


def test_a_row_of_the_table_is_answered(cells):
    out = cells("""
        learn = collab_learner(dls, y_range=(0, 5.5))
        row = ratings.iloc[0]
        of_row = learn.predict(row)[0]
        of_pair = learn.predict((row.user, row.title))[0]
    """)
    assert out["of_row"] == out["of_pair"]
    with pytest.raises(DataError, match="lacks title; it has user"):
        cells("learn.predict({'user': 1})")


def test_ratings_without_a_line_of_names(cells, tmp_path):
    lines = [f"{user}\t{item}\t{user % 5 + 1}\t88" for user in range(100, 120) for item in range(7)]
    (tmp_path / "u.data").write_text("\n".join(lines))
    out = cells("bare = CollabDataLoaders.from_csv('u.data', seed=1)")
    assert out["bare"].train.n + out["bare"].valid.n == len(lines)
    assert out["bare"].cat_names == ["user", "item"]
