"""What `tipoff train` reads from a CSV, as people write it."""

import pytest

from tipoff.cli.settings import Settings
from tipoff.cli.tasks.pictures.infer import infer
from tipoff.cli.tasks.recognise import task_for
from tipoff.data.table import read_table
from tipoff.errors import DataError
from tipoff.notes import listening
from tipoff.vision.loaders import ImageDataLoaders
from tipoff.vision.resize import Resize


@pytest.fixture
def table(photos, tmp_path):
    """Writes a CSV of the first photos of each class, its lines changed by `change`, beside links to them."""

    def write(change=lambda lines: lines, encoding="utf-8", name="t.csv"):
        for folder in ("red", "blue", "green"):
            if not (tmp_path / folder).exists():
                (tmp_path / folder).symlink_to(photos / folder, target_is_directory=True)
        lines = ["file,colour", *(f"{c}/{c}_{i}.jpg,{c}" for c in ("red", "blue") for i in range(4))]
        (tmp_path / name).write_bytes("\n".join(change(lines)).encode(encoding))
        return tmp_path / name

    return write


def found(file, target=None, **options):
    said: list[str] = []
    with listening(said.append):
        return infer(Settings(str(file), target=target, **options)), " ".join(said)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_seen(table, delimiter):
    read, _ = found(table(lambda lines: [line.replace(",", delimiter) for line in lines]))
    assert read.labels == ["red"] * 4 + ["blue"] * 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_seen(table, encoding):
    read, said = found(table(lambda lines: [line.replace(",red", ",rosé") for line in lines], encoding))
    assert read.labels[:4] == ["rosé"] * 4
    assert ("Windows-1252" in said) == (encoding == "cp1252")


def test_rows_keep_the_numbers_of_the_spreadsheet(table):
    def change(lines):
        return [*lines[:2], "red/red_1.jpg,", lines[3], "red/gone.jpg,red", *lines[5:]]

    with pytest.raises(DataError, match=r"1 of 7 files are missing: rows 5 .*gone\.jpg"):
        found(table(change))


def test_rows_without_a_name_or_a_label_are_left_out_and_said(table):
    read, said = found(table(lambda lines: [*lines, ",red", "red/red_5.jpg, "]))
    assert len(read.files) == 8
    assert "1 row of t.csv (10) without a file name" in said and "1 row of t.csv (11) without a label" in said


def test_a_file_named_twice_is_taken_once(table):
    read, said = found(table(lambda lines: [*lines, lines[1]]))
    assert len(read.files) == 8 and "(10) left out: the file is named before" in said


def test_a_file_with_two_labels_is_left_out(table):
    read, said = found(table(lambda lines: [*lines, "red/red_0.jpg,blue"]))
    assert len(read.files) == 7 and "2 rows of t.csv (2, 10) left out" in said and "red/red_0.jpg" in said


def test_a_split_column_follows_the_rows_that_are_left(table):
    def change(lines):
        return [
            "file,colour,is_valid",
            "red/red_9.jpg,,True",
            *(f"{v},{i % 4 == 0}" for i, v in enumerate(lines[1:])),
        ]

    read, _ = found(table(change))
    assert read.splitter(read.files)[1] == [0, 4]


def test_one_class_is_refused(table):
    with pytest.raises(DataError, match="one class, 'red'"):
        found(table(lambda lines: lines[:5]))


def test_labels_that_look_like_several_are_said(table):
    def change(lines):
        return [*lines, "green/green_0.jpg,red blue", "green/green_1.jpg,blue red"]

    assert "label_delim=' '" in found(table(change))[1]


def test_folders_that_are_not_used_are_said(photos, tmp_path):
    for part in ("train", "valid", "test"):
        (tmp_path / part).symlink_to(photos, target_is_directory=True)
    assert "not test/" in found(tmp_path)[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n1,2,3\n", "row 3 has 3 cells"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is no text"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, said):
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(DataError, match=f"t.csv.*{said}"):
        read_table(tmp_path / "t.csv")


def with_column(name, values):
    return lambda lines: [
        f"{lines[0]},{name}",
        *(f"{line},{v}" for line, v in zip(lines[1:], values, strict=True)),
    ]


PARTS = ["train", "train", "val", "test", "train", "train", "val", "test"]


@pytest.mark.parametrize("name", ["split", "Subset", "usage"])
def test_a_column_of_train_val_and_test_decides_the_split(table, name):
    read, said = found(table(with_column(name, PARTS)))
    _, valid = read.splitter(read.files)
    assert [read.files[i].name for i in valid] == ["red_2.jpg", "blue_2.jpg"] and len(read.files) == 6
    assert read.how_split == f"as the column {name} says" and "2 rows are not used" in said


def test_a_column_of_the_split_may_be_named_or_left_out(table):
    file = table(with_column("split", PARTS))
    assert "at random" in found(file, leave_out=["split"])[0].how_split
    patients = table(with_column("patient", "aabbccdd"))
    read, _ = found(patients, group="patient")
    train, valid = read.splitter(read.files)
    assert valid and not {"aabbccdd"[i] for i in train} & {"aabbccdd"[i] for i in valid}
    with pytest.raises(DataError, match="does not say which rows are for validation"):
        found(patients, valid_col="patient")


def test_excel_and_parquet_name_photos_too(table, tmp_path):
    import pandas as pd

    frame = pd.read_csv(table())
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    for name in ("t.xlsx", "t.parquet"):
        read, _ = found(tmp_path / name)
        assert read.labels == ["red"] * 4 + ["blue"] * 4


# a table with names of pictures among other columns -----------------------------------------------


def task(table, lines, **options):
    return task_for(Settings(str(table(lambda _: lines)), **options))


ROWS = [f"{i},{2 + i % 5},https://a.example/p/{i}.jpg?w=1" for i in range(40)]


def test_addresses_of_pictures_are_no_files(table):
    listing = ["price,rooms,picture_url", *ROWS]
    assert task(table, listing, target="price") == "tables"
    assert task(table, listing, target="price", leave_out=["picture_url"]) == "tables"
    assert task(table, listing, target="rooms") == "tables"
    assert task(table, listing) == "tables"


def test_names_of_pictures_beside_other_columns(table):
    listing = ["price,rooms,photo", *(f"{i * 7},{2 + i % 5},{i}.jpg" for i in range(40))]
    assert task(table, listing, target="price") == "tables"  # a number
    assert task(table, listing, target="rooms") == "tables"  # the files are not there
    assert task(table, listing) == "pictures"  # which says that they are missing
    there = ["rooms,colour,photo", *(f"{i},{c},{c}/{c}_{i}.jpg" for c in ("red", "blue") for i in range(4))]
    assert task(table, there, target="colour") == "pictures"
    assert task(table, there, target="colour", leave_out=["photo"]) == "tables"


@pytest.mark.parametrize("label", ["None", "NA", "null", "01"])
def test_a_label_is_the_word_that_is_written(table, photos, label):
    file = table(lambda lines: [line.replace(",red", f",{label}") for line in lines])
    assert found(file)[0].labels[:4] == [label] * 4
    with listening(lambda _: None):
        dls = ImageDataLoaders.from_csv(file.parent, file.name, item_tfms=Resize(16), valid_pct=0.5, seed=1)
    assert set(dls.vocab) == {label, "blue"}


def test_rows_below_a_title_keep_the_numbers_of_the_spreadsheet(table):
    with pytest.raises(DataError, match="1 of 8 files are missing: rows 4 "):
        found(table(lambda lines: ["Our photos", *lines[:2], "red/gone.jpg,red", *lines[3:]]))
