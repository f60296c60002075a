"""Interpretation of tables: confusion, the worst rows, embeddings on a plane."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from tipoff.errors import UsageError
from tipoff.interpret import (
    ClassificationInterpretation,
    Interpretation,
    embedding_map,
    partial_dependence,
)
from tipoff.interpret.embeddings import components
from tipoff.tabular import TabularDataLoaders, tabular_learner


def test_the_confusion_matrix_is_of_the_validation_rows(classifier):
    interp = ClassificationInterpretation.from_learner(classifier)
    probs, y = classifier.get_preds()
    assert (interp.confusion_matrix() == confusion_matrix(y, probs.argmax(1))).all()
    assert interp.plot_confusion_matrix(show=False) is not None
    assert {a for a, _, _ in interp.most_confused()} <= {"yes", "no"}


def test_the_worst_rows_are_a_table(classifier):
    interp = ClassificationInterpretation.from_learner(classifier)
    table = interp.plot_top_losses(5)
    assert list(table.columns[:4]) == ["said", "probability", "is", "loss"]
    assert table.loss.is_monotonic_decreasing and len(table) == 5 and "rich" not in table.columns
    assert (table.said != table["is"]).all() and (table.probability > 0.5).all()
    truth = classifier.dls.valid_ds.frame.loc[table.index]
    assert (truth.rich == table["is"]).all() and (truth.hours == table.hours).all()


def test_the_worst_rows_of_numbers_too(regressor):
    interp = Interpretation.from_learner(regressor)
    table = interp.top_losses_table(3)
    assert list(table.columns[:3]) == ["said", "is", "loss"]
    assert isinstance(table.said.iloc[0], float)
    losses, at, rows = interp.top_losses(3, items=True)
    assert rows[0].hours == table.hours.iloc[0] and losses.tolist() == pytest.approx(table.loss.tolist())


def test_components_are_those_of_scikit_learn():
    x = torch.randn(12, 5, dtype=torch.float64)
    places, explained = components(x, 3)
    pca = PCA(3)
    theirs = pca.fit_transform(x.numpy())
    signs = np.sign((places.numpy() * theirs).sum(0))
    np.testing.assert_allclose(places.numpy(), theirs * signs, atol=1e-12)
    np.testing.assert_allclose(explained.numpy(), pca.explained_variance_ratio_, atol=1e-12)


def test_the_categories_are_placed_by_their_embeddings(classifier):
    found = embedding_map(classifier, "job")
    weight = classifier.model.embeds[0].weight.detach()[1:]
    assert found.names == ("cook", "nurse", "pilot")
    assert torch.allclose(
        torch.pdist(embedding_map(classifier, "job", 3).places), torch.pdist(weight.double())
    )
    counts = classifier.dls.train_ds.frame.job.value_counts()
    assert dict(zip(found.names, found.counts.tolist())) == counts.to_dict()
    figure = found.plot(show=False)
    assert {t.get_text() for t in figure.axes[0].texts} <= {"cook", "nurse", "pilot"}
    assert isinstance(found.table(), pd.DataFrame)


def test_by_answers_alike_are_those_that_lead_to_the_same(regressor):
    found = embedding_map(regressor, "job", 1, by="answers")
    cook, nurse, pilot = found.places.flatten().tolist()
    assert (cook < nurse < pilot or pilot < nurse < cook) and found.explained[0] > 0.9
    lines = partial_dependence(regressor, "job", values=found.names, n_rows=300).lines.T
    full = embedding_map(regressor, "job", 2, by="answers").places
    assert torch.allclose(torch.pdist(full), torch.pdist(lines), rtol=1e-6)


def test_a_network_with_members_is_compared_by_answers(df):
    dls = TabularDataLoaders.from_df(
        df, cat_names=["job", "town"], cont_names=["age"], y_names="rich", valid_pct=0.4, seed=1
    )
    learn = tabular_learner(dls)
    assert embedding_map(learn, "job").by == "answers"
    assert embedding_map(learn, "age_na").by == "weights"
    assert embedding_map(tabular_learner(dls, arch="mlp"), "job").by == "weights"


def test_a_column_without_embedding_is_said(classifier):
    with pytest.raises(UsageError, match="'age' is no category of the model; these are: job, town, age_na"):
        embedding_map(classifier, "age")
