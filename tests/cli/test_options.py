"""Every option of `tipoff train`, for every layout of data: it has the effect that it promises, or it is refused in words."""

from dataclasses import fields, replace

import pandas as pd
import pytest

from tests.cli.test_cli import refused, tipoff, words
from tests.people import people, ratings
from tests.sentences import in_folders, sentences
from tipoff.cli.options import check_options
from tipoff.cli.settings import Settings
from tipoff.cli.tasks import task_named
from tipoff.cli.tasks.recognise import task_for
from tipoff.errors import TipoffError
from tipoff.notes import listening

BASE = {  # layout -> what is always given
    "photos": {"pretrained": False, "arch": "timm/test_resnet", "size": 32},
    "photo table": {"pretrained": False, "arch": "timm/test_resnet", "size": 32},
    "table": {"target": "rich"},
    "texts": {"pretrained": False},
    "text table": {"target": "label", "pretrained": False},
    "ratings": {},
    "clicks": {},
}
SHOPS = {"shop": [f"s{i // 20}" for i in range(120)], "part": ["train", "train", "valid"] * 40}
DAYS = {"day": pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d"), **SHOPS}


@pytest.fixture(scope="module")
def data(photos, tmp_path_factory):
    """layout -> path; each table has a day, a shop and a part beside what is usual."""
    home = tmp_path_factory.mktemp("options")
    names = sorted(f.relative_to(photos) for f in photos.rglob("*.jpg"))
    shown = pd.DataFrame(
        {"file": map(str, names), "label": [n.parts[0] for n in names], "dark": [i % 2 for i in range(36)]}
    )
    shown_at = photos.parent / f"{photos.name}_table"
    shown_at.mkdir()
    for name in names:
        (shown_at / name.name).write_bytes((photos / name).read_bytes())
    shown.assign(
        file=[n.name for n in names],
        day=DAYS["day"][:36],
        part=SHOPS["part"][:36],
        shop=[i % 6 for i in range(36)],
    ).to_csv(shown_at / "list.csv", index=False)
    tables = {
        "table": people(120)[["job", "age", "hours", "rich"]].assign(**DAYS, other=["a", "b"] * 60),
        "text table": sentences(120).assign(**DAYS, other=["a", "b"] * 60),
        "ratings": ratings(12).head(120).assign(other=1),
        "clicks": ratings(12).head(120)[["user", "title"]].assign(late=range(120, 0, -1), day=range(120)),
    }
    tables["ratings"] = tables["ratings"].assign(part=SHOPS["part"])
    tables["clicks"]["part"] = SHOPS["part"]
    for name, frame in tables.items():
        frame.to_csv(home / f"{name}.csv", index=False)
    return {
        "photos": photos,
        "photo table": shown_at / "list.csv",
        "texts": in_folders(home / "texts", 40),
        **{name: home / f"{name}.csv" for name in tables},
    }


def prepared(data, layout, **given):
    """The learner that the command makes, and what it noted."""
    noted = []
    with listening(noted.append):
        usual = {} if layout in ("photos", "texts") or "valid_col" in given else {"leave_out": ("part",)}
        settings = Settings(str(data[layout]), **{**BASE[layout], **usual, **given})
        settings = replace(settings, task=task_for(settings))
        check_options(settings)
        return task_named(settings.task).prepare(settings)


def held_out(learn):
    """What the validation items are, in whatever form they are kept."""
    data = learn.dls.valid.dataset
    if hasattr(data, "x"):
        return data.x.tolist()
    return list(data.frame.index) if hasattr(data, "frame") else [str(v) for v in data.columns[0]]


def named(text):
    return lambda learn: text in learn.facts["arch"]


def predicts(target):
    return lambda learn: target in learn.facts["task"] or target in str(learn.dls.plan.inputs[0])


def batches_of(n):
    return lambda learn: learn.dls.train.bs == n


def validates(share):
    return lambda learn: learn.dls.valid.n / (learn.dls.valid.n + learn.dls.train.n) == pytest.approx(share, abs=0.02)  # fmt: skip


def sized(learn):
    return tuple(learn.dls.one_batch()[0].shape[-2:]) == (48, 48)


def from_scratch(learn):
    return "licence" not in learn.facts


def without(column):
    return lambda learn: column not in [c.name for c in learn.dls.plan.inputs[0].columns]


ALL = tuple(BASE)
TABLES = ("photo table", "table", "text table")
# option -> {layout: (value, the effect that is checked, or a part of the refusal)}
CASES = {
    "target": {
        "photos": ("label", "--target names a column of a CSV"),
        "photo table": ("dark", lambda learn: list(learn.dls.vocab) == ["0", "1"]),
        "table": ("job", predicts("job")),
        "texts": ("label", "--target names a column"),
        "text table": ("other", lambda learn: list(learn.target.names) == ["a", "b"]),
        "ratings": ("other", "there is nothing to predict"),
        "clicks": ("late", predicts("late")),
    },
    "group": {
        "photos": ("shop", "--group names a column"),
        **{name: ("shop", validates(1 / 6)) for name in TABLES},
        "texts": ("shop", "--group, --time"),
        "ratings": ("user", "--group and --kind are for tables"),
        "clicks": ("user", "--group and --kind are for tables"),
    },
    "time": {
        "photos": ("day", "--time names a column"),
        **{name: ("day", validates(0.2)) for name in TABLES},
        "texts": ("day", "--group, --time"),
        "ratings": ("other", "--time is for tables and clicks"),
        "clicks": ("late", None),
    },
    "leave_out": {
        "photos": (("shop",), "--leave-out names a column"),
        "photo table": (("part",), validates(1 / 6)),
        "table": (("part", "age"), without("age")),
        "texts": (("shop",), "--group, --time"),
        "text table": (("part", "other"), validates(0.2)),
        "ratings": (("part",), validates(0.2)),
        "clicks": (("part",), validates(12 / 120)),
    },
    "valid_col": {
        "photos": ("part", "--valid-col names a column"),
        **{name: ("part", validates(1 / 3)) for name in (*TABLES, "ratings", "clicks")},
        "texts": ("part", "--group, --time"),
    },
    "kind": {
        "photos": ("number", "--kind number is for tables"),
        "photo table": ("number", "--kind number is for tables"),
        "table": ("number", "--kind number: Column rich"),
        "texts": ("number", "--kind number is for tables"),
        "text table": ("number", "--no-pretrained is not for tables"),  # and without that, as above
        "ratings": ("class", "pass --target"),
        "clicks": ("class", "--kind"),
    },
    "sheet": {
        "photos": ("June", "--sheet"),
        "texts": ("June", "--sheet"),
        **{name: ("June", "--sheet is for Excel files") for name in (*TABLES, "ratings", "clicks")},
    },
    "arch": {
        "photos": ("timm/test_vit", named("test_vit")),
        "photo table": ("timm/test_vit", named("test_vit")),
        "table": ("mlp", named("mlp")),
        "texts": ("awd_lstm", named("awd_lstm")),
        "text table": ("awd_lstm", named("awd_lstm")),
        "ratings": ("nn", named("layers")),
        "clicks": ("nn", named("layers")),
    },
    "size": {
        "photos": (48, sized),
        "photo table": (48, sized),
        **{name: (48, "--size is not for") for name in ALL[2:]},
    },
    "bs": {name: (9, batches_of(9)) for name in ALL},
    "seed": {name: (7, None) for name in ALL},
    "pretrained": {
        "photos": (False, from_scratch),
        "photo table": (False, from_scratch),
        "texts": (False, from_scratch),
        "text table": (False, from_scratch),
        **{name: (False, "--no-pretrained is not for") for name in ("table", "ratings", "clicks")},
    },
}
ELSEWHERE = {"path", "task", "minutes", "epochs", "out", "quiet"}  # the same for all, and tested below


def test_the_table_names_every_option_and_layout():
    assert {f.name for f in fields(Settings)} == {*CASES, *ELSEWHERE}
    assert all(set(cases) == set(BASE) for cases in CASES.values())


@pytest.mark.parametrize(
    ("option", "layout"), [(option, layout) for option, cases in CASES.items() for layout in cases]
)
def test_an_option_is_honoured_or_refused(option, layout, data):
    value, effect = CASES[option][layout]
    if isinstance(effect, str):
        with pytest.raises(TipoffError) as refusal:
            prepared(data, layout, **{option: value})
        assert effect in str(refusal.value)
        return
    learn = prepared(data, layout, **{option: value})
    if effect is not None:
        assert effect(learn)
    elif layout != "clicks" or option == "time":
        assert held_out(learn) != held_out(prepared(data, layout))


@pytest.mark.parametrize("layout", ALL)
def test_epochs_are_as_many_as_asked(layout, data, tmp_path):
    options = {"--arch": "timm/test_resnet", "--size": 32} if "photo" in layout else {}
    if "photo" in layout or "text" in layout:
        options["--no-pretrained"] = ""
    given = [part for pair in options.items() for part in pair if part != ""]
    target = ["--target", BASE[layout]["target"]] if "target" in BASE[layout] else []
    out = tmp_path / "m"
    assert tipoff("train", data[layout], *given, *target, "--epochs", 1, "-q", "--out", out) == 0
    from tipoff.bundle.file import read

    assert read(out.with_suffix(".tipoff")).facts["epochs"] == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--minutes", 1, "--epochs", 1), "--minutes or --epochs, not both"),
        (("--seed", -1), "--seed is -1"),
        (("--group", "job", "--time", "since"), "each say how to split"),
        (("--kind", "text"), "--kind is class or number"),
        (("--minutes", 0), "--minutes is 0"),
        (("--epochs", -1), "--epochs is -1"),
    ],
)
def test_values_that_say_nothing_are_refused(options, expected, data, capsys):
    assert expected in words(refused(capsys, "train", data["table"], "--target", "rich", *options))
