"""Pictures from the web into a clean folder."""

import csv
import io

import pytest
from PIL import Image

from tests.conftest import picture
from tests.web import cut_off, endless, fails, redirect, silent, web  # noqa: F401
from tipoff.errors import DataError, UsageError
from tipoff.notes import listening
from tipoff.vision import gather
from tipoff.vision.gather import download_images, resize_images, verify_images


def encoded(seed: int = 0, form: str = "JPEG", size=(48, 40), **more) -> bytes:
    out = io.BytesIO()
    picture((200, 50, 40), seed, size).save(out, form, **more)
    return out.getvalue()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    from functools import partial

    from tipoff.data.fetch import fetch

    monkeypatch.setattr(gather, "fetch", partial(fetch, pause=0.01))


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_pictures_get_the_ending_of_what_they_are(web, tmp_path):
    web.pages |= {"/a": encoded(0), "/b.jpg": encoded(1, "PNG"), "/c.png": encoded(2, "WEBP")}
    got = download_images(tmp_path, urls=[web("/a"), web("/b.jpg"), web("/c.png")], timeout=1)
    assert [p.name for p in got] == ["00000000.jpg", "00000001.png", "00000002.webp"]


def test_what_is_no_picture_is_dropped_with_the_reason(web, tmp_path):
    web.pages |= {
        "/good.jpg": encoded(0),
        "/page.jpg": b"<html>buy this photo</html>",
        "/half.jpg": encoded(1)[:500],
        "/same.jpg": encoded(0),
        "/slow.jpg": silent(3),
        "/error.jpg": fails(500, 99),
        "/circle.jpg": redirect("/circle.jpg"),
    }
    paths = [
        "/good.jpg",
        "/page.jpg",
        "/half.jpg",
        "/same.jpg",
        "/slow.jpg",
        "/none.jpg",
        "/error.jpg",
        "/circle.jpg",
    ]
    heard = []
    with listening(heard.append):
        got = download_images(tmp_path, urls=[web(p) for p in paths], timeout=0.2, n_workers=8)
    assert len(got) == 1
    why = {u.rsplit("/", 1)[1]: w for u, w in got.dropped}
    assert "HTML page" in why["page.jpg"] and "404" in why["none.jpg"] and "500" in why["error.jpg"]
    assert "damaged" in why["half.jpg"] and "timed out" in why["slow.jpg"]
    assert heard == [f"1 pictures in {tmp_path}, 7 dropped: {tmp_path / 'downloads.csv'} says why"]
    assert len(names(tmp_path)) == 2


def test_the_same_bytes_are_kept_once(web, tmp_path):
    web.pages |= {"/a.jpg": encoded(0), "/b.jpg": encoded(0)}
    got = download_images(tmp_path, urls=[web("/a.jpg"), web("/b.jpg")], timeout=1, n_workers=1)
    assert [p.name for p in got] == ["00000000.jpg"] and "same bytes as 00000000.jpg" in got.dropped[0][1]


def test_a_huge_body_is_dropped(web, tmp_path, monkeypatch):
    monkeypatch.setattr(gather, "MAX_BYTES", 100_000)
    web.pages["/big.jpg"] = endless
    got = download_images(tmp_path, urls=[web("/big.jpg")], timeout=1)
    assert got == [] and "100,000 bytes" in got.dropped[0][1]


def test_a_second_call_fetches_only_what_is_missing(web, tmp_path):
    web.pages |= {"/a.jpg": encoded(0), "/b.jpg": fails(404, 1, then=encoded(1))}
    urls = [web("/a.jpg"), web("/b.jpg")]
    assert len(download_images(tmp_path, urls=urls, timeout=1)) == 1
    assert len(download_images(tmp_path, urls=urls, timeout=1)) == 2
    assert web.asked == {"/a.jpg": 1, "/b.jpg": 2}
    with open(tmp_path / "downloads.csv") as file:
        assert [r["why"] for r in csv.DictReader(file)] == ["", ""]


def test_a_picture_that_is_cut_off_is_gone_on_with(web, tmp_path):
    web.pages["/a.jpg"] = cut_off(encoded(0), 300)
    assert len(download_images(tmp_path, urls=[web("/a.jpg")], timeout=1)) == 1


def test_names_can_be_kept(web, tmp_path):
    web.pages |= {
        "/x/black%20bear.jpg": encoded(0),
        "/y/black%20bear.jpg": encoded(1),
        "/..%2f..%2fetc.jpg": encoded(2),
    }
    urls = [web(p) for p in web.pages]
    download_images(tmp_path, urls=urls, timeout=1, preserve_filename=True, n_workers=1)
    assert names(tmp_path) == ["black bear.jpg", "black bear_1.jpg", "downloads.csv", "etc.jpg"]


def test_addresses_can_come_from_a_file(web, tmp_path):
    web.pages |= {"/a.jpg": encoded(0), "/b.jpg": encoded(1), "/c.jpg": encoded(2)}
    (tmp_path / "urls.txt").write_text("\n".join([web("/a.jpg"), "", web("/b.jpg"), web("/c.jpg")]))
    got = download_images(tmp_path / "bears", url_file=tmp_path / "urls.txt", max_pics=2, timeout=1)
    assert len(got) == 2


def test_one_of_urls_and_url_file_is_needed(tmp_path):
    with pytest.raises(UsageError, match="one of them"):
        download_images(tmp_path)


def test_verify_gives_those_that_cannot_be_decoded(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(0))
    (tmp_path / "b.jpg").write_bytes(encoded(0)[:400])
    (tmp_path / "c.jpg").write_text("")
    bad = verify_images(sorted(tmp_path.iterdir()))
    assert [p.name for p in bad] == ["b.jpg", "c.jpg"]
    assert "empty" in bad.dropped[1][1]


def test_resize_makes_the_longer_side_at_most_max_size(tmp_path):
    for i, size in enumerate([(100, 50), (50, 100), (20, 10)]):
        (tmp_path / f"{i}.jpg").write_bytes(encoded(i, size=size))
    resize_images(tmp_path, max_size=40, dest=tmp_path)
    assert [Image.open(tmp_path / f"{i}.jpg").size for i in range(3)] == [(40, 20), (20, 40), (20, 10)]
    assert names(tmp_path) == ["0.jpg", "1.jpg", "2.jpg"]


def test_resize_turns_as_exif_says_and_keeps_folders(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "in" / "red").mkdir(parents=True)
    (tmp_path / "in" / "red" / "a.jpg").write_bytes(encoded(0, size=(80, 40), exif=exif))
    resize_images(tmp_path / "in", max_size=40, recurse=True, dest=tmp_path / "out")
    image = Image.open(tmp_path / "out" / "red" / "a.jpg")
    assert image.size == (20, 40) and not image.getexif().get(0x0112)


def test_resize_leaves_what_cannot_be_read_and_says_so(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(0))
    (tmp_path / "b.jpg").write_bytes(b"not a picture")
    heard = []
    with listening(heard.append):
        got = resize_images(tmp_path, max_size=20, dest=tmp_path)
    assert [p.name for p in got] == ["a.jpg"] and (tmp_path / "b.jpg").read_bytes() == b"not a picture"
    assert "1 of 2 pictures could not be resized" in heard[0]


def test_resize_goes_on_where_it_was(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(encoded(0))
    (tmp_path / "out" / "a.jpg").write_bytes(b"done before")
    resize_images(tmp_path / "in", max_size=20, dest=tmp_path / "out")
    assert (tmp_path / "out" / "a.jpg").read_bytes() == b"done before"


def test_resize_of_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        resize_images(tmp_path / "nowhere", max_size=20)


def test_the_code_of_the_docs_page_runs(web, tmp_path, monkeypatch):
    from tests.data.test_external import tar
    from tests.test_docs import BLOCK, ROOT
    from tipoff.data.external import URLs

    monkeypatch.chdir(tmp_path)
    web.pages |= {
        "/a.jpg": encoded(0),
        "/b.jpg": encoded(1),
        "/pets.tgz": tar({"pets/images/a.jpg": encoded(2)}),
    }
    monkeypatch.setattr(URLs, "PETS", web("/pets.tgz"))
    space = {"addresses": {"black": [web("/a.jpg"), web("/none.jpg")], "brown": [web("/b.jpg")]}}
    for found in BLOCK.finditer((ROOT / "docs/howto/photos-from-the-web.md").read_text()):
        exec(found[1], space)
    assert sorted(p.name for p in tmp_path.rglob("*.jpg")) == ["00000000.jpg", "00000000.jpg", "a.jpg"]
