"""Public data sets by name: download, unpack, and the folder they are in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from tipoff.checked import checked
from tipoff.data.fetch import Unreachable, fetch
from tipoff.data.unpack import unpack
from tipoff.errors import DataError
from tipoff.notes import note

_S3 = "https://s3.amazonaws.com/fast-ai-"
_IMAGE, _NLP, _SAMPLE = f"{_S3}imageclas/", f"{_S3}nlp/", f"{_S3}sample/"
_LOCAL, _COCO = f"{_S3}imagelocal/", f"{_S3}coco/"


class URLs:
    """Addresses of the data sets that fast.ai's course uses. Their terms are their authors'."""

    ADULT_SAMPLE = f"{_SAMPLE}adult_sample.tgz"
    BIWI_SAMPLE = f"{_SAMPLE}biwi_sample.tgz"
    CIFAR = f"{_SAMPLE}cifar10.tgz"
    COCO_SAMPLE = f"{_COCO}coco_sample.tgz"
    COCO_TINY = f"{_COCO}coco_tiny.tgz"
    HUMAN_NUMBERS = f"{_SAMPLE}human_numbers.tgz"
    IMDB_SAMPLE = f"{_SAMPLE}imdb_sample.tgz"
    ML_SAMPLE = f"{_SAMPLE}movie_lens_sample.tgz"
    ML_100k = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
    MNIST_SAMPLE = f"{_SAMPLE}mnist_sample.tgz"
    MNIST_TINY = f"{_SAMPLE}mnist_tiny.tgz"
    MNIST_VAR_SIZE_TINY = f"{_IMAGE}mnist_var_size_tiny.tgz"
    PLANET_SAMPLE = f"{_SAMPLE}planet_sample.tgz"
    PLANET_TINY = f"{_SAMPLE}planet_tiny.tgz"
    CALTECH_101 = f"{_IMAGE}caltech_101.tgz"
    CARS = f"{_IMAGE}stanford-cars.tgz"
    CIFAR_100 = f"{_IMAGE}cifar100.tgz"
    CUB_200_2011 = f"{_IMAGE}CUB_200_2011.tgz"
    FLOWERS = f"{_IMAGE}oxford-102-flowers.tgz"
    FOOD = f"{_IMAGE}food-101.tgz"
    MNIST = f"{_IMAGE}mnist_png.tgz"
    PETS = f"{_IMAGE}oxford-iiit-pet.tgz"
    IMAGENETTE = f"{_IMAGE}imagenette2.tgz"
    IMAGENETTE_160 = f"{_IMAGE}imagenette2-160.tgz"
    IMAGENETTE_320 = f"{_IMAGE}imagenette2-320.tgz"
    IMAGEWOOF = f"{_IMAGE}imagewoof2.tgz"
    IMAGEWOOF_160 = f"{_IMAGE}imagewoof2-160.tgz"
    IMAGEWOOF_320 = f"{_IMAGE}imagewoof2-320.tgz"
    IMDB = f"{_NLP}imdb.tgz"
    AG_NEWS = f"{_NLP}ag_news_csv.tgz"
    WIKITEXT = f"{_NLP}wikitext-103.tgz"
    WIKITEXT_TINY = f"{_NLP}wikitext-2.tgz"
    YELP_REVIEWS = f"{_NLP}yelp_review_full_csv.tgz"
    BIWI_HEAD_POSE = f"{_LOCAL}biwi_head_pose.tgz"
    CAMVID = f"{_LOCAL}camvid.tgz"
    CAMVID_TINY = f"{_LOCAL}camvid_tiny.tgz"
    LSUN_BEDROOMS = f"{_IMAGE}bedroom.tgz"
    PASCAL_2007 = f"{_LOCAL}pascal_2007.tgz"
    PASCAL_2012 = f"{_LOCAL}pascal_2012.tgz"


def home() -> Path:
    """Where data sets are kept: `TIPOFF_HOME`, or .tipoff in the user's folder."""
    return Path(os.environ.get("TIPOFF_HOME") or Path.home() / ".tipoff")


@checked
def untar_data(
    url: str,
    archive: str | Path | None = None,
    data: str | Path | None = None,
    c_key: str = "data",
    force_download: bool = False,
    base: str | Path | None = None,
) -> Path:
    """The folder of the data set at `url`, downloaded and unpacked the first time.

    Archives are kept in `archive`, folders in `data`; by default `archive/` and `c_key` below `base`, which is
    `home()`. With `force_download` both are made anew. Raises `DataError` that says how to put the file there
    by hand where there is no network, and for an archive that is damaged or hostile; nothing half-done stays.

    >>> path = untar_data(URLs.PETS)  # doctest: +SKIP
    """
    name = PurePosixPath(urlsplit(url).path).name
    if not name:
        raise DataError(f"{url} names no file.")
    root = Path(base) if base is not None else home()
    folder = (Path(data) if data is not None else root / c_key) / _stem(name)
    file = (Path(archive) if archive is not None else root / "archive") / name
    if folder.exists() and not force_download:
        return folder
    if force_download or not file.exists():
        note(f"downloading {url} to {file}")
        try:
            fetch(url, file)
        except Unreachable as e:
            raise DataError(
                f"{e} Without a network here, download it with a browser elsewhere, put it at {file}, and call "
                "this again."
            ) from None
    old = None
    if folder.exists():
        old = folder.with_name(f".{folder.name}-old-{os.getpid()}")
        folder.rename(old)
    try:
        unpack(file, folder)
    except DataError:
        if old is not None:
            old.rename(folder)
        raise
    if old is not None:
        shutil.rmtree(old)
    return folder


def _stem(name: str) -> str:
    for ending in (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip"):
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name
