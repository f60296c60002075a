"""Cells of the course about tables, typed as they are there, with only their import changed."""

import inspect

import matplotlib
import pytest

matplotlib.use("Agg")

import tipoff.tabular.all as face
from tests.tabular.adults import adults


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """Runs cells in one namespace, as a notebook does, with `path` a folder that holds adult.csv."""
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    adults().to_csv(tmp_path / "adult.csv", index=False)
    space: dict[str, object] = {}
    exec("from tipoff.tabular.all import *", space)
    space["path"] = face.Path(tmp_path)

    def run(cell: str) -> dict[str, object]:
        exec(inspect.cleandoc(cell), space)
        return space

    yield run
    plt.close("all")


def test_every_name_is_there_and_none_is_hidden():
    import builtins

    names = face.__all__
    assert sorted(set(names)) == sorted(names) and all(hasattr(face, n) for n in names)
    imported = {n for n, v in vars(face).items() if not n.startswith("_") and not inspect.ismodule(v)}
    assert imported - {"TYPE_CHECKING", "missing"} <= {*names} and not {n for n in names if hasattr(builtins, n)}


def test_the_walk_through_adult(cells, capsys):
    out = cells("""
        path.ls()
        df = pd.read_csv(path/'adult.csv')
        df.head()
        dls = TabularDataLoaders.from_csv(path/'adult.csv', path=path, y_names="salary",
            cat_names = ['workclass', 'education', 'marital-status', 'occupation', 'relationship', 'race'],
            cont_names = ['age', 'fnlwgt', 'education-num'],
            procs = [Categorify, FillMissing, Normalize])
        splits = RandomSplitter(valid_pct=0.2)(range_of(df))
        to = TabularPandas(df, procs=[Categorify, FillMissing,Normalize],
                           cat_names = ['workclass', 'education', 'marital-status', 'occupation', 'relationship', 'race'],
                           cont_names = ['age', 'fnlwgt', 'education-num'],
                           y_names='salary',
                           splits=splits)
        two = to.xs.iloc[:2]
        dls = to.dataloaders(bs=64)
        dls.show_batch()
        learn = tabular_learner(dls, metrics=accuracy)
        learn.fit_one_cycle(1)
        learn.show_results()
        row, clas, probs = learn.predict(df.iloc[0])
        row.show()
        clas, probs
        test_df = df.copy()
        test_df.drop(['salary'], axis=1, inplace=True)
        dl = learn.dls.test_dl(test_df)
        preds = learn.get_preds(dl=dl)
        X_train, y_train = to.train.xs, to.train.ys.values.ravel()
        X_test, y_test = to.valid.xs, to.valid.ys.values.ravel()
    """)
    assert out["two"].shape == (2, 10) and len(out["probs"]) == 2 and int(out["clas"]) in (0, 1)
    assert out["preds"][0].shape == (400, 2) and out["preds"][1] is None
    assert len(out["X_train"]) == len(out["y_train"]) == 320 and len(out["X_test"]) == 80
    text = capsys.readouterr().out
    assert "salary_pred" in text and "workclass" in text and "<=50K" in text


def test_the_columns_are_split_and_trees_are_fed(cells):
    out = cells("""
        df = pd.read_csv(path/'adult.csv', low_memory=False)
        dep_var = 'salary'
        cont,cat = cont_cat_split(df, 1, dep_var=dep_var)
        splits = RandomSplitter(seed=42)(df)
        procs = [Categorify, FillMissing]
        to = TabularPandas(df, procs, cat, cont, y_names=dep_var, splits=splits)
        n = len(to.train),len(to.valid)
        to.show(3)
        to.items.head(3)
        names = to.classes['workclass']
        xs,y = to.train.xs,to.train.y
        valid_xs,valid_y = to.valid.xs,to.valid.y
        from sklearn.ensemble import RandomForestClassifier
        m = RandomForestClassifier(n_jobs=1, n_estimators=10).fit(xs, y)
        score = m.score(valid_xs, valid_y)
        save_pickle(path/'to.pkl', to)
        to = load_pickle(path/'to.pkl')
    """)
    assert out["n"] == (320, 80) and out["names"][0] == "#na#" and out["score"] > 0.5
    assert len(out["to"].train.xs) == 320


def test_prices_by_date_with_a_network(cells):
    """Chapter 9: the auctions of bulldozers, here of ages."""
    out = cells("""
        df = pd.read_csv(path/'adult.csv')
        df['saledate'] = pd.date_range('2004-01-01', periods=len(df))
        df['price'] = np.log(df.age)
        df = add_datepart(df, 'saledate')
        parts = ' '.join(o for o in df.columns if o.startswith('sale'))
        cond = (df.saleYear<2005)
        train_idx = np.where( cond)[0]
        valid_idx = np.where(~cond)[0]
        splits = (list(train_idx),list(valid_idx))
        cont_nn,cat_nn = cont_cat_split(df[['price', 'age', 'education', 'saleElapsed']], max_card=9000, dep_var='price')
        cont_nn.append('age'); cat_nn.remove('age')
        procs_nn = [Categorify, FillMissing, Normalize]
        to_nn = TabularPandas(df, procs_nn, cat_nn, cont_nn, splits=splits, y_names='price')
        dls = to_nn.dataloaders(64)
        y = to_nn.train.y
        y.min(),y.max()
        learn = tabular_learner(dls, y_range=(2,5), layers=[50,25], n_out=1, loss_func=F.mse_loss)
        learn.lr_find(num_it=20)
        learn.fit_one_cycle(3, 1e-2)
        preds,targs = learn.get_preds()
        err = float(((preds-targs)**2).mean().sqrt())
    """)
    assert "saleYear saleMonth saleWeek saleDay" in out["parts"] and out["preds"].shape == out["targs"].shape
    assert float(out["preds"].min()) >= 2 and float(out["preds"].max()) <= 5 and out["err"] < 0.5


def test_the_titanic_with_a_framework(cells):
    out = cells("""
        df = pd.read_csv(path/'adult.csv')
        df['Survived'] = (df.salary == '>50K').astype(int)
        df['Alone'] = df.relationship == 'Not-in-family'
        splits = RandomSplitter(seed=42)(df)
        dls = TabularPandas(
            df, splits=splits,
            procs = [Categorify, FillMissing, Normalize],
            cat_names=["sex","education-num","race"],
            cont_names=['age', 'Alone', 'hours-per-week'],
            y_names="Survived", y_block = CategoryBlock(),
        ).dataloaders(path=".")
        learn = tabular_learner(dls, metrics=accuracy, layers=[10,10])
        learn.lr_find(suggest_funcs=(slide, valley), num_it=20)
        learn.fit(2, lr=0.03)
        tst_df = df.drop(columns='Survived')
        tst_dl = learn.dls.test_dl(tst_df)
        preds,_ = learn.get_preds(dl=tst_dl)
        tst_df['Survived'] = (preds[:,1]>0.5).int()
        def ensemble():
            learn = tabular_learner(dls, metrics=accuracy, layers=[10,10])
            with learn.no_bar(),learn.no_logging(): learn.fit(1, lr=0.03)
            return learn.get_preds(dl=tst_dl)[0]
        learns = [ensemble() for _ in range(2)]
        ens_preds = torch.stack(learns).mean(0)
    """)
    assert out["ens_preds"].shape == (400, 2) and out["tst_df"].Survived.isin([0, 1]).all()


def test_new_rows_under_the_steps_become_batches(cells, capsys):
    out = cells("""
        df = pd.read_csv(path/'adult.csv')
        to = TabularPandas(df, procs=[Categorify, FillMissing, Normalize], cat_names=['workclass'], cont_names=['age'],
                           y_names='salary', splits=RandomSplitter(seed=1)(range_of(df)))
        dls = to.dataloaders(bs=64)
        learn = tabular_learner(dls)
        test_df = df.drop(columns='salary')
        to_tst = to.new(test_df)
        to_tst.process()
        tst_dl = dls.valid.new(to_tst)
        tst_dl.show_batch()
        tst_preds,_ = learn.get_preds(dl=tst_dl)
        expected,_ = learn.get_preds(dl=dls.test_dl(test_df))
        names = dls.train_ds.cont_names
    """)
    assert out["names"] == ["age"] and len(out["tst_preds"]) == len(out["df"])
    assert (out["tst_preds"] == out["expected"]).all()


def test_a_column_becomes_a_tensor_of_its_own(cells, recwarn):
    out = cells("""
        df = pd.read_csv(path/'adult.csv')
        t = tensor(df.age.values)
        t[0] = -1
    """)
    assert out["df"].age.iloc[0] != -1
    assert not [w for w in recwarn if "not writable" in str(w.message)]
