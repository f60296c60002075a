"""The API of models of tables and of ratings, over real HTTP."""

import csv
import io
import json

import httpx2 as httpx
import pandas as pd
import pytest
import torch

from tests.people import people
from tests.serve.running import running
from tests.serve.tables import COLUMNS
from tipoff.bundle.predictor import load_predictor
from tipoff.data.target import MultiCategoryBlock
from tipoff.errors import BundleError
from tipoff.serve.model import open_model
from tipoff.serve.settings import Settings
from tipoff.tabular import TabularDataLoaders, tabular_learner

ROW = {"job": "judge", "age": 70, "hours": 38.5, "city": "Oslo"}


@pytest.fixture(scope="module")
def url(row_model):
    with running([row_model]) as address:
        yield address


@pytest.fixture(scope="module")
def films(pair_model):
    with running([pair_model]) as address:
        yield address


def ask(url, rows, **more):
    return httpx.post(f"{url}/predict", json=rows, timeout=30, **more)


def upload(url, text, name="new.csv", **headers):
    body = text if isinstance(text, bytes) else text.encode()
    return httpx.post(f"{url}/predict", files={"file": (name, body)}, headers=headers, timeout=30)


# rows -----------------------------------------------------------------------------------------------


def test_a_row_is_answered_as_in_python(url, row_file):
    answer = ask(url, ROW).json()["answers"][0]
    wanted = load_predictor(row_file)(ROW)
    assert answer["label"] == wanted["label"] == ">50K" and answer["row"] == 1 and "file" not in answer
    assert answer["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-6)
    assert answer["sentence"].startswith(">50K") and answer["milliseconds"] > 0


def test_rows_are_answered_in_their_order(url):
    rows = [ROW, {**ROW, "age": 19, "job": "cook"}, ROW]
    got = ask(url, rows).json()["answers"]
    assert [(a["row"], a["label"]) for a in got] == [(1, ">50K"), (2, "<=50K"), (3, ">50K")]


def test_a_table_gets_an_answer_a_row_with_the_number_of_the_row(url):
    got = upload(url, people(5)[list(ROW)].to_csv(index=False)).json()["answers"]
    assert [(a["file"], a["row"]) for a in got] == [("new.csv", i) for i in range(2, 7)]


def test_a_table_comes_back_as_a_table_with_its_cells_as_they_were(url):
    rows = people(30, seed=3)[list(ROW)].assign(code="007")
    reply = upload(url, rows.to_csv(index=False), accept="text/csv")
    assert reply.headers["content-type"].startswith("text/csv") and reply.headers["x-rows"] == "30"
    made = list(csv.DictReader(io.StringIO(reply.text)))
    assert [m["code"] for m in made] == ["007"] * 30
    assert list(made[0])[-int(reply.headers["x-columns"]) :] == [
        "label",
        "probability",
        "sure",
        "<=50K",
        ">50K",
    ]
    by_json = upload(url, rows.to_csv(index=False)).json()["answers"]
    assert [m["label"] for m in made] == [a["label"] for a in by_json]
    assert json.loads(reply.headers["x-notes"]) == ["ignored a column that the model does not know: code"]


@pytest.mark.parametrize("write", [
    lambda f: f.to_csv(index=False, sep=";", decimal=",").encode(),
    lambda f: f.to_csv(index=False, sep="\t").encode("utf-16"),
    lambda f: b"\xef\xbb\xbf" + f.to_csv(index=False).encode(),
])  # fmt: skip
def test_a_table_from_any_spreadsheet_is_read(url, write):
    rows = people(8, seed=4)[list(ROW)]
    got = [a["label"] for a in upload(url, write(rows)).json()["answers"]]
    assert got == [a["label"] for a in ask(url, rows.to_dict("records")).json()["answers"]]


def test_why_adds_up_to_the_difference_from_the_typical_row(url, row_model):
    typical = {c["name"]: c["typical"] for c in row_model.about.columns}
    answer = ask(url, ROW, params={"why": True}).json()["answers"][0]
    start = ask(url, typical).json()["answers"][0]["probabilities"][">50K"]
    total = sum(w["share"] for w in answer["why"])
    assert total == pytest.approx(answer["probability"] - start, abs=1e-3)
    assert {w["column"] for w in answer["why"]} <= set(ROW) and "why" not in ask(url, ROW).json()["answers"][
        0
    ]


def test_what_is_unknown_is_said(url):
    said = ask(url, {**ROW, "job": "wizard", "shoes": 44}).json()
    assert said["answers"][0]["label"] and len(said["notes"]) == 2
    assert "'wizard' was not in training" in " ".join(said["notes"]) and "shoes" in " ".join(said["notes"])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROW, "age": "many"}, "Column age, row 1: 'many' is not a number"),
        ({**ROW, "age": [1]}, "Column age, row 1: [1] is no value"),
        ({"job": "cook"}, "lack the columns 'age', 'hours', 'city'"),
        ([], "holds no rows"),
        ([ROW, 7], "Row 2 is 7; a row is an object"),
        ({**ROW, "city": "x" * 20_000}, "the value is too long"),
    ],
)
def test_a_wrong_row_is_named_with_its_column(url, row, said):
    reply = ask(url, row)
    assert reply.status_code == 422 and said in reply.json()["answers"][0]["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": ', "The body is not JSON"),
        (b"[" * 5000, "The body is not JSON"),
        (b'{"age": NaN}', "not a number of JSON"),
        (b"null", "neither a row in JSON"),
        (b'"x"', "neither a row in JSON"),
    ],
)
def test_what_is_no_json_is_refused(url, body, said):
    reply = httpx.post(f"{url}/predict", content=body)
    assert reply.status_code == 422 and said in reply.json()["answers"][0]["error"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "new.csv",
            "job,age,hours,city\ncook,30,40,Oslo\ncook,many,40,Oslo\n",
            "Column age, row 3 of new.csv: 'many'",
        ),
        ("new.csv", "job,age,hours,city\n", "new.csv has a header and no rows"),
        ("new.csv", "job,age\ncook,30\ncook,30,40\n", "row 3 has 3 cells"),
        ("new.csv", b"\x89PNG\r\n\x1a\n\0\0", "no text, so it is no CSV"),
        ("new.xlsx", b"PK\3\4", "save it as CSV"),
        ("new.parquet", b"PAR1", "save it as CSV"),
    ],
)
def test_a_wrong_table_is_named_with_its_row(url, name, data, said):
    reply = upload(url, data, name)
    assert reply.status_code == 422 and said in reply.json()["answers"][0]["error"]


def test_rows_that_would_fill_the_memory_are_refused(url):
    reply = ask(url, [{f"c{i}": 1} for i in range(9_000)])
    assert (
        reply.status_code == 422
        and "9,000 rows of 9,000 different columns" in reply.json()["answers"][0]["error"]
    )
    reply = upload(url, "a," * 200_000 + "\n1\n")
    assert reply.status_code == 422 and "more than 10,000 columns" in reply.json()["answers"][0]["error"]


def test_a_bad_table_does_not_harm_another(url):
    good = people(3)[list(ROW)].to_csv(index=False)
    files = [("file", ("a.csv", b"job\ncook\n")), ("file", ("b.csv", good.encode()))]
    reply = httpx.post(f"{url}/predict", files=files)
    bad, *rest = reply.json()["answers"]
    assert reply.status_code == 200 and bad["file"] == "a.csv" and "error" in bad
    assert [(a["file"], a["row"]) for a in rest] == [("b.csv", 2), ("b.csv", 3), ("b.csv", 4)]


def test_a_table_that_is_too_large_is_refused(row_model):
    with running([row_model], Settings(max_upload=0.001)) as url:
        assert upload(url, people(200).to_csv(index=False)).status_code == 413


def test_the_reference_describes_the_columns(url):
    body = httpx.get(f"{url}/openapi.json").json()["paths"]["/predict"]["post"]["requestBody"]["content"]
    row, several = body["application/json"]["schema"]["oneOf"]
    assert several["items"] == row and set(row["properties"]) == set(ROW) == set(row["required"])
    assert (
        row["properties"]["age"]["type"] == ["number", "null"]
        and "18 to 79" in row["properties"]["age"]["description"]
    )
    assert set(body["application/json"]["example"]) == set(ROW)
    assert httpx.get(f"{url}/docs").status_code == 200


def test_numbers_are_answered_with_their_value(number_model):
    with running([number_model]) as url:
        answer = ask(url, ROW, params={"why": True}).json()["answers"][0]
        made = upload(url, people(4)[list(ROW)].to_csv(index=False), accept="text/csv")
    assert answer["value"] > 40_000 and answer["sentence"] == f"{answer['value']:,.0f}" and answer["why"]
    assert pd.read_csv(io.StringIO(made.text)).columns[-1] == "value"
    assert "on average" in json.loads(made.headers["x-summary"])


def labels_model(tmp_path):
    """Which of two things people are, at once."""
    frame = people().assign(old=lambda f: f.age > 50, tired=lambda f: f.hours > 45)
    dls = TabularDataLoaders.from_df(
        frame, **COLUMNS, y_names=["old", "tired"], y_block=MultiCategoryBlock, seed=1, device="cpu"
    )
    learn = tabular_learner(dls, arch="mlp", layers=[32], lr=0.01)
    with learn.no_bar():
        learn.fit_one_cycle(8)
    return open_model(learn.export((tmp_path / "labels.tipoff").absolute()), 1)


def test_several_labels_are_answered(tmp_path):
    with running([labels_model(tmp_path)]) as url:
        answer = ask(url, {**ROW, "hours": 55}, params={"why": True}).json()["answers"][0]
        made = upload(url, people(9)[list(ROW)].to_csv(index=False), accept="text/csv")
        assert httpx.get(url).status_code == 200 == httpx.get(f"{url}/card").status_code
    assert set(answer["labels"]) == {"old", "tired"} and answer["sentence"] == "old, tired"
    assert list(pd.read_csv(io.StringIO(made.text)).columns[-3:]) == ["labels", "old", "tired"]


def test_a_model_of_several_columns_of_different_kinds_is_refused(tmp_path):
    dls = TabularDataLoaders.from_df(people(), **COLUMNS, y_names=["rich", "income"], seed=1, device="cpu")
    learn = tabular_learner(dls, arch="mlp", layers=[8], loss_func=lambda pred, *ys: pred.mean())
    file = learn.export((tmp_path / "two.tipoff").absolute())
    with pytest.raises(BundleError, match=r"several columns \(rich, income\)"):
        open_model(file, 1)


def test_models_of_every_kind_live_in_one_server(row_model, number_model, pair_model, model):
    with running([row_model, number_model, pair_model, model]) as url:
        assert {m["name"] for m in httpx.get(f"{url}/models").json()} == {
            "rich",
            "income",
            "films",
            "colours",
        }
        for address in ("/", "/docs", "/rich/", "/income/card", "/films/", "/films/items?q=a", "/colours/"):
            assert httpx.get(url + address).status_code == 200, address
        assert ask(f"{url}/rich", ROW).json()["answers"][0]["label"] == ">50K"
        assert ask(f"{url}/films", {"n": 1}).json()["answers"][0]["recommendations"]


def test_serving_tables_does_not_load_the_training_code(row_file, tmp_path):
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from tipoff.serve.model import open_model\n"
        f"model = open_model(Path({str(row_file)!r}), 1); sample = model.read({json.dumps(ROW).encode()!r}, 'x')\n"
        "model.answer([sample], True)\n"
        "print([m for m in ('tipoff.learner', 'tipoff.train', 'tipoff.callbacks', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ratings --------------------------------------------------------------------------------------------


def test_somebody_new_gets_recommendations_with_why(films):
    asked = {"ratings": {"B film 1": 5, "B film 2": 5, "A film 1": 1}, "n": 4}
    answer = ask(films, asked).json()["answers"][0]
    items = answer["recommendations"]
    assert len(items) == 4 and items[0]["item"].startswith("B") and all(i["why"] for i in items)
    assert not set(asked["ratings"]) & {i["item"] for i in items} and answer["few"]


def test_a_user_gets_the_recommendations_of_python(films, pair_model):
    with torch.inference_mode():
        wanted = pair_model.recommender.recommend(2, 5)
    for user in (2, "2"):
        got = ask(films, {"user": user, "n": 5}).json()["answers"][0]["recommendations"]
        assert [g["item"] for g in got] == [w["item"] for w in wanted]


def test_without_ratings_the_popular_ones_come(films):
    answer = ask(films, {}).json()["answers"][0]
    assert (
        len(answer["recommendations"]) == 10 and answer["recommendations"][0]["why"] == "liked by most people"
    )


def test_titles_are_found_by_their_words(films):
    found = httpx.get(f"{films}/items", params={"q": "film b", "n": 3}).json()
    assert len(found) == 3 and all(f.startswith("B film") for f in found)
    assert httpx.get(f"{films}/items", params={"q": "zzz"}).json() == []


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"user": "zoe"}, "There is no user 'zoe' among the 40"),
        ({"ratings": {"C film": 5}}, "There is no title 'C film'"),
        ({"ratings": {"B film 1": 11}}, "the rating 11 lies outside of 1 to 5"),
        ({"ratings": {"B film 1": "good"}}, "it is a number"),
        ({"ratings": {"B film 1": 5}, "user": 2}, "both user and ratings"),
        ({"ratings": [1]}, "an object of titles and numbers"),
        ({"n": 0}, "n is 0; it is a number from 1 to 100"),
        ({"films": 1}, "The question has 'films'"),
        ([1], "The question is [1]"),
    ],
)
def test_wrong_questions_are_refused_with_a_sentence(films, question, said):
    reply = ask(films, question)
    assert reply.status_code == 422 and said in reply.json()["answers"][0]["error"]


# what was left without an answer ----------------------------------------------------------------------

TABLE = "job,age,hours,city\njudge,70,38.5,Oslo\ncook,19,20,Rome\n"


@pytest.mark.parametrize(
    "kind", ["text/csv", "text/csv; charset=utf-8", "application/octet-stream", "text/plain"]
)
def test_a_csv_may_be_the_body_without_a_name(url, kind):
    reply = httpx.post(f"{url}/predict", content=TABLE.encode(), headers={"Content-Type": kind})
    assert reply.status_code == 200, reply.text
    assert [(a["row"], a["label"], "file" in a) for a in reply.json()["answers"]] == [
        (2, ">50K", False), (3, "<=50K", False),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "foo/", "..\\"])
def test_a_file_of_a_form_may_lack_its_name(url, name):
    body = (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{TABLE}\r\n--x--\r\n'
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = httpx.post(f"{url}/predict", content=body.encode(), headers=kind)
    assert reply.status_code == 200 and [a["row"] for a in reply.json()["answers"]] == [2, 3]


@pytest.mark.parametrize(
    "body", [rb'{"job": "\ud800", "age": 1, "hours": 2, "city": "x"}', rb'{"\ud800": 1}', rb'["\ud800"]']
)
def test_half_of_a_surrogate_pair_is_refused_in_a_sentence(url, body):
    reply = httpx.post(f"{url}/predict", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422 and reply.json()["answers"][0]["error"]


@pytest.mark.parametrize(
    "body",
    [
        '{"ratings": {"film 1": %s}}' % ("9" * 400),
        '{"ratings": {"film 1": NaN}}',
        '{"ratings": {"film 1": -Infinity}}',
        '{"ratings": {"film 1": 1e400}}',
        '{"ratings": {"\\ud800": true}}',
        '{"ratings": {"\\ud800": 5}}',
        '{"user": %s}' % ("9" * 400),
        '{"user": "\\ud800"}',
        '{"n": %s}' % ("9" * 4000),
        '{"\\ud800": 5}',
    ],
    ids=lambda s: s[:30],
)  # fmt: skip
def test_odd_questions_about_ratings_are_refused_in_a_sentence(films, body):
    reply = httpx.post(
        f"{films}/predict", content=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert reply.status_code in (200, 422)
    (answer,) = reply.json()["answers"]
    assert len(answer["error"]) < 400


def test_columns_named_alike_are_refused_before_they_are_read(url):
    reply = upload(url, ",".join(["a"] * 5000) + "\n1\n")
    assert (
        reply.json()["answers"][0]["error"]
        == "new.csv has 5,000 columns called 'a'; their names must differ."
    )
