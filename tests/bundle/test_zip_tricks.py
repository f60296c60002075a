"""What a zip can be made to say: each is refused with a sentence, or means nothing."""

import os
import stat
import struct
import zipfile

import pytest

from tests.bundle.bundle_parts import OWN, answers, zipped
from tipoff.bundle.container import MAX_DIRECTORY_BYTES
from tipoff.bundle.file import read
from tipoff.errors import BundleError


def refused(path, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        read(path, OWN)


def patched(raw: bytes, name: bytes, local: dict[int, bytes], central: dict[int, bytes]) -> bytes:
    """The zip with fields of one member changed, at offsets into its local and central headers."""
    out = bytearray(raw)
    for sign, at_name, fields in ((b"PK\3\4", 30, local), (b"PK\1\2", 46, central)):
        start = raw.index(sign)
        while raw[start + at_name : start + at_name + len(name)] != name:
            start = raw.index(sign, start + 4)
        for at, value in fields.items():
            out[start + at : start + at + len(value)] = value
    return bytes(out)


def test_a_member_there_twice(good, tmp_path):
    path = zipped(tmp_path / "x", good)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("spec.json", b"{}")
    refused(path, "each once")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt", "a/../../spec.json", "x" * 60000]
)
def test_names_that_point_elsewhere_mean_nothing_and_nothing_is_unpacked(good, tmp_path, name):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = zipped(inner / "x.tipoff", {**good, name: b"evil"})
    before = sorted(tmp_path.rglob("*"))
    assert answers(path).shape == (1, 3)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_needed_member_under_such_a_name_is_missing(good, tmp_path):
    files = {("../" + k if k == "spec.json" else k): v for k, v in good.items()}
    refused(zipped(tmp_path / "x", files), r"lacks spec\.json")


def test_a_symbolic_link_is_only_bytes(good, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_bytes(good["spec.json"])
    path = tmp_path / "x"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in good.items():
            info = zipfile.ZipInfo(name)
            if name == "spec.json":
                info.create_system, info.external_attr, data = 3, (stat.S_IFLNK | 0o777) << 16, bytes(secret)
            archive.writestr(info, data)
    refused(path, "not JSON")


def test_sizes_that_are_a_lie(good_file):
    raw = good_file.read_bytes()
    for size in (2**32 - 2, 2**31, len(raw) + 1):
        huge = struct.pack("<L", size)
        good_file.write_bytes(patched(raw, b"model.safetensors", {18: huge, 22: huge}, {20: huge, 24: huge}))
        refused(good_file, r"model\.safetensors claims [\d,]+ bytes in a file of")
    good_file.write_bytes(patched(raw, b"model.safetensors", {}, {24: struct.pack("<L", 5)}))
    refused(good_file, "claims 5 bytes")


def test_a_bomb_is_refused_because_it_is_compressed(good, tmp_path):
    bomb = {**good, "card.md": bytes(1 << 20)}
    refused(zipped(tmp_path / "x", bomb, compression=zipfile.ZIP_DEFLATED), "is compressed")


@pytest.mark.parametrize("method", [8, 9, 12, 14, 99])
def test_a_way_of_compression_that_is_not_plain_storing(good_file, method):
    field = struct.pack("<H", method)
    good_file.write_bytes(patched(good_file.read_bytes(), b"spec.json", {8: field}, {10: field}))
    refused(good_file, "compressed")


def test_the_two_headers_of_a_member_disagree(good_file):
    raw = good_file.read_bytes()
    good_file.write_bytes(patched(raw, b"spec.json", {30: b"card.json"}, {}))
    refused(good_file, "not a whole model file")


def test_an_encrypted_member(good_file):
    raw = good_file.read_bytes()
    good_file.write_bytes(patched(raw, b"spec.json", {6: b"\1\0"}, {8: b"\1\0"}))
    refused(good_file, "encrypted")
    good_file.write_bytes(patched(raw, b"spec.json", {6: b"\1\0"}, {}))  # only the inner header says so
    assert answers(good_file).shape == (1, 3)


def test_a_comment(good, tmp_path):
    path = zipped(tmp_path / "x", good)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\5\6" + bytes(30)
    refused(path, "comment")


def test_extra_members_of_a_later_version_are_left_alone(good, tmp_path):
    assert answers(zipped(tmp_path / "x", {**good, "thumbnails/1.jpg": b"?", "vocab.txt": b"a"})).shape == (
        1,
        3,
    )


def test_very_many_members_are_refused_before_their_list_is_read(good, tmp_path, monkeypatch):
    path = zipped(tmp_path / "x", {**good, **{f"{i:0200}": b"" for i in range(2000)}})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    refused(path, r"its list of members has [\d,]+ bytes")
    assert MAX_DIRECTORY_BYTES < 1 << 20


def test_many_members(good, tmp_path):
    refused(zipped(tmp_path / "x", {**good, **{str(i): b"" for i in range(100)}}), "holds 104 members")


def test_records_of_large_files_in_a_small_one(good_file):
    raw = good_file.read_bytes()
    end = raw[-22:]
    zip64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 4, 4, 2**40, len(raw) - 22)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(raw) - 22, 1)
    good_file.write_bytes(raw[:-22] + zip64 + locator + end)
    refused(good_file, "out of place")


def test_too_large_a_spec_is_refused_unread(good, tmp_path):
    refused(
        zipped(tmp_path / "x", {**good, "spec.json": bytes((16 << 20) + 1)}), r"spec\.json claims 16,777,217"
    )


# the folder form


@pytest.fixture
def folder(good, tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    for name, data in good.items():
        (path / name).write_bytes(data)
    return path


def test_the_folder_form_reads_the_same(folder, good_file):
    assert answers(folder).equal(answers(good_file))


def test_a_folder_with_a_folder_in_the_place_of_a_file(folder):
    (folder / "spec.json").unlink()
    (folder / "spec.json").mkdir()
    refused(folder, "not a plain file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of Unix")
def test_a_pipe_is_not_waited_for(folder, tmp_path):
    (folder / "card.md").unlink()
    os.mkfifo(folder / "card.md")
    refused(folder, "not a plain file")
    os.mkfifo(tmp_path / "pipe.tipoff")
    refused(tmp_path / "pipe.tipoff", "not a plain file")


def test_a_huge_file_in_a_folder_is_refused_unread(folder):
    with open(folder / "check.safetensors", "wb") as file:
        file.truncate(1 << 40)  # a hole, which takes no room on the disk
    refused(folder, "at most 268,435,456 bytes")


def test_a_folder_of_something_else(tmp_path):
    refused(tmp_path, r"lacks spec\.json")


def test_a_file_that_may_not_be_read(folder, monkeypatch):
    def denied(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    refused(folder, "cannot be read: Permission denied")
