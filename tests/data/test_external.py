"""Data sets from the web: whole or not at all, and only into their own folder."""

import io
import tarfile
import zipfile

import pytest

from tests.web import cut_off, drips, endless, fails, redirect, silent, web  # noqa: F401
from tipoff.data.external import URLs, untar_data
from tipoff.data.fetch import TooLarge, Unreachable, fetch
from tipoff.data.unpack import unpack
from tipoff.errors import DataError
from tipoff.notes import listening

BODY = bytes(range(256)) * 400


def tar(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


def quick(url, file, **more):
    return fetch(url, file, pause=0.01, **{"timeout": 0.3, **more})


def left_behind(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


# one file ------------------------------------------------------------------------------------


def test_a_file_arrives_whole(web, tmp_path):
    web.pages["/a.bin"] = BODY
    assert quick(web("/a.bin"), tmp_path / "a.bin").read_bytes() == BODY
    assert left_behind(tmp_path) == ["a.bin"]


def test_a_connection_that_ends_early_is_gone_on_with(web, tmp_path):
    web.pages["/a.bin"] = cut_off(BODY, 5000)
    assert quick(web("/a.bin"), tmp_path / "a").read_bytes() == BODY
    assert web.asked["/a.bin"] == 2


def test_a_later_call_goes_on_where_an_earlier_one_failed(web, tmp_path):
    web.pages["/a.bin"] = cut_off(BODY, 5000, times=1)
    with pytest.raises(Unreachable, match="ended after 5,000 of 102,400"):
        quick(web("/a.bin"), tmp_path / "a", tries=1)
    assert (tmp_path / "a.part").stat().st_size == 5000
    assert quick(web("/a.bin"), tmp_path / "a").read_bytes() == BODY


def test_a_part_of_a_file_that_changed_since_is_not_gone_on_with(web, tmp_path):
    web.pages["/a.bin"] = cut_off(BODY, 5000, times=9)
    with pytest.raises(Unreachable):
        quick(web("/a.bin"), tmp_path / "a", tries=1)
    web.pages["/a.bin"] = BODY[::-1]
    assert quick(web("/a.bin"), tmp_path / "a").read_bytes() == BODY[::-1]


def test_a_server_in_trouble_is_asked_again(web, tmp_path):
    web.pages["/a"] = fails(503, 2, then=BODY)
    assert quick(web("/a"), tmp_path / "a").read_bytes() == BODY


def test_a_missing_file_is_not_asked_for_again(web, tmp_path):
    with pytest.raises(Unreachable, match="404"):
        quick(web("/nowhere"), tmp_path / "a")
    assert web.asked["/nowhere"] == 1 and left_behind(tmp_path) == []


def test_a_redirection_is_followed_and_a_circle_is_not(web, tmp_path):
    web.pages["/new"] = BODY
    web.pages["/old"] = redirect("/new")
    web.pages["/circle"] = redirect("/circle")
    assert quick(web("/old"), tmp_path / "a").read_bytes() == BODY
    with pytest.raises(Unreachable):
        quick(web("/circle"), tmp_path / "b", tries=1)


@pytest.mark.parametrize("page", [silent(2), drips])
def test_a_slow_server_is_given_up(web, tmp_path, page):
    web.pages["/slow"] = page
    with pytest.raises(Unreachable, match=r"timed out|longer than"):
        quick(web("/slow"), tmp_path / "a", timeout=0.2, max_seconds=0.3, tries=1)


@pytest.mark.parametrize("page", [BODY, endless])
def test_a_body_larger_than_allowed_is_refused(web, tmp_path, page):
    web.pages["/big"] = page
    with pytest.raises(TooLarge):
        quick(web("/big"), tmp_path / "a", max_bytes=50_000)
    assert "a" not in left_behind(tmp_path)


def test_only_addresses_of_the_web_are_taken(tmp_path):
    with pytest.raises(DataError, match="http"):
        fetch("file:///etc/passwd", tmp_path / "a")


# archives ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [tar({"pets/a/1.txt": b"1"}), tar({"pets/a/1.txt": b"1"}, "w:xz"), zipped({"pets/a/1.txt": b"1"})],
    ids=["gz", "xz", "zip"],  # not their bytes, which hold the time: workers must collect the same tests
)
def test_an_archive_of_one_folder_is_unpacked_without_that_level(tmp_path, data):
    (tmp_path / "x.tgz").write_bytes(data)
    assert (unpack(tmp_path / "x.tgz", tmp_path / "x") / "a" / "1.txt").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../out.txt", "/abs.txt", "a/../../out.txt", "..\\out.txt", "C:\\out.txt"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_names_that_lead_out_are_refused_and_nothing_stays(tmp_path, name, make):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.tgz").write_bytes(make({"good.txt": b"1", name: b"2"}))
    with pytest.raises(DataError, match="leads out"):
        unpack(tmp_path / "in" / "x.tgz", tmp_path / "in" / "x")
    assert left_behind(tmp_path) == ["x.tgz"]


def test_links_are_left_out_and_said(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as t:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        t.addfile(link)
        info = tarfile.TarInfo("a.txt")
        info.size = 1
        t.addfile(info, io.BytesIO(b"1"))
    heard = []
    with listening(heard.append):
        folder = unpack(tmp_path / "x.tar", tmp_path / "x")
    assert left_behind(folder) == ["a.txt"]
    assert heard == ["1 links and special files of x.tar were left out"]


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_bomb_is_refused_and_nothing_stays(tmp_path, make):
    (tmp_path / "x.tgz").write_bytes(make({"zeros": bytes(3_000_000)}))
    with pytest.raises(DataError, match="unpacks to more than 1,000,000 bytes"):
        unpack(tmp_path / "x.tgz", tmp_path / "x", max_bytes=1_000_000)
    assert left_behind(tmp_path) == ["x.tgz"]


@pytest.mark.parametrize("cut", [10, 200, -20])
@pytest.mark.parametrize("make", [tar, zipped])
def test_a_truncated_archive_is_refused_and_nothing_stays(tmp_path, make, cut):
    import random

    noise = random.Random(0).randbytes(5000)
    (tmp_path / "x.tgz").write_bytes(make({"a/1.bin": noise, "a/2.bin": noise})[:cut])
    with pytest.raises(DataError):
        unpack(tmp_path / "x.tgz", tmp_path / "x")
    assert left_behind(tmp_path) == ["x.tgz"]


def test_a_page_instead_of_an_archive_is_told(tmp_path):
    (tmp_path / "x.tgz").write_text("<!DOCTYPE html><html>please log in</html>")
    with pytest.raises(DataError, match="it is an HTML page"):
        unpack(tmp_path / "x.tgz", tmp_path / "x")


# untar_data ----------------------------------------------------------------------------------


def test_a_data_set_is_downloaded_once(web, tmp_path):
    web.pages["/pets.tgz"] = tar({"pets/images/a.txt": b"1"})
    path = untar_data(web("/pets.tgz"), base=tmp_path)
    assert path == tmp_path / "data" / "pets" and left_behind(path) == ["a.txt"]
    assert untar_data(web("/pets.tgz"), base=tmp_path) == path and web.asked["/pets.tgz"] == 1


def test_the_folder_is_that_of_the_environment(web, tmp_path, monkeypatch):
    monkeypatch.setenv("TIPOFF_HOME", str(tmp_path / "home"))
    web.pages["/pets.tgz"] = tar({"a.txt": b"1"})
    assert untar_data(web("/pets.tgz")) == tmp_path / "home" / "data" / "pets"


def test_force_download_makes_it_anew(web, tmp_path):
    web.pages["/pets.tgz"] = tar({"a.txt": b"1"})
    untar_data(web("/pets.tgz"), base=tmp_path)
    web.pages["/pets.tgz"] = tar({"a.txt": b"2"})
    path = untar_data(web("/pets.tgz"), base=tmp_path, force_download=True)
    assert (path / "a.txt").read_bytes() == b"2"
    assert sorted(p.name for p in path.parent.iterdir()) == ["pets"]


def test_a_bad_new_archive_leaves_the_old_folder(web, tmp_path):
    web.pages["/pets.tgz"] = tar({"a.txt": b"1"})
    path = untar_data(web("/pets.tgz"), base=tmp_path)
    web.pages["/pets.tgz"] = b"<html>gone</html>"
    with pytest.raises(DataError, match="HTML page"):
        untar_data(web("/pets.tgz"), base=tmp_path, force_download=True)
    assert (path / "a.txt").read_bytes() == b"1"


def test_an_archive_put_there_by_hand_needs_no_network(tmp_path):
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "pets.tgz").write_bytes(tar({"a.txt": b"1"}))
    assert left_behind(untar_data("http://127.0.0.1:1/pets.tgz", base=tmp_path)) == ["a.txt"]


def test_without_a_network_it_says_how_to_do_it_by_hand(tmp_path):
    with pytest.raises(DataError) as e:
        untar_data("http://127.0.0.1:1/pets.tgz", base=tmp_path)
    said = str(e.value)
    assert "http://127.0.0.1:1/pets.tgz" in said and str(tmp_path / "archive" / "pets.tgz") in said


def test_addresses_are_of_archives():
    urls = [v for k, v in vars(URLs).items() if k[0].isupper()]
    assert len(urls) > 30 and all(u.startswith("https://") and u.endswith((".tgz", ".zip")) for u in urls)
