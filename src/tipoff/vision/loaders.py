"""Image classification data from folders, names, tables and lists, in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from PIL import Image

from tipoff.checked import checked
from tipoff.data.datablock import DataBlock, as_block, as_tuple
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.frame import as_frame
from tipoff.data.items import IMAGE_EXTENSIONS, get_image_files, need_images
from tipoff.data.labels import ColReader, RegexLabeller, parent_label
from tipoff.data.splits import ColSplitter, GrandparentSplitter, RandomSplitter, Splitter, need_one_split
from tipoff.data.table import read_table
from tipoff.data.target import CategoryBlock, MultiCategoryBlock, RegressionBlock
from tipoff.errors import DataError, did_you_mean, need_folder, some
from tipoff.near import keywords_of, names_keywords
from tipoff.notes import note
from tipoff.vision.block import ImageBlock
from tipoff.vision.resize import Resize

if TYPE_CHECKING:
    from pandas import DataFrame

DEFAULT_SIZE = 224


def _sizes_differ(files: Sequence[Any], n: int = 200) -> bool:
    """Whether the first pictures that open are of different sizes, by their headers."""
    seen = set()
    for file in list(files)[:n]:
        try:
            with Image.open(file) as image:
                seen.add(image.size)
        except Exception:
            continue
        if len(seen) > 1:
            return True
    return False


_MORE = (
    *("item_tfms", "batch_tfms", "img_cls"),
    *(n for n in keywords_of(DataBlock.dataloaders) if n not in ("source", "path")),
)


class ImageDataLoaders(DataLoaders):
    """`DataLoaders` of pictures and their labels; each `from_...` is a `DataBlock` with its questions answered.

    Common arguments: `valid_pct` and `seed` of a random split; `item_tfms` (`Resize(224)` where pictures are of
    different sizes and nothing is given), `batch_tfms`, `bs`, `val_bs`, `shuffle`, `device`, `num_workers`.
    """

    @classmethod
    def _from_block(
        cls,
        source: Any,
        path: str | Path,
        files: Sequence[Any],
        splitter: Splitter,
        *,
        get_y: Any,
        get_x: Any = None,
        get_items: Callable[[Any], Any] | None = None,
        y_block: Any = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        img_cls: Any = None,
        **kwargs: Any,
    ) -> Self:
        if item_tfms is None and _sizes_differ(files):
            item_tfms = Resize(DEFAULT_SIZE)
            note(f"the pictures have different sizes: item_tfms=Resize({DEFAULT_SIZE})", once=True)
        block = DataBlock(
            (ImageBlock(cls=img_cls), CategoryBlock() if y_block is None else y_block),
            get_items=get_items,
            splitter=splitter,
            get_x=get_x,
            get_y=get_y,
            item_tfms=item_tfms,
            batch_tfms=batch_tfms,
        )
        return cls._from(block.dataloaders(source, path=path, **kwargs))

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_folder(
        cls,
        path: str | Path,
        train: str = "train",
        valid: str = "valid",
        valid_pct: float | None = None,
        seed: int | None = None,
        vocab: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures in class folders, in `train` and `valid` folders or, with `valid_pct`, split at random.

        Raises `DataError` that says what folders there are when neither fits.
        """
        root = need_folder(path)
        files = need_images(root)
        if valid_pct is None:
            missing = [name for name in (train, valid) if not (root / name).is_dir()]
            if missing:
                folders = sorted({f.parent.name for f in files if f.parent != root})
                found = (
                    f"found class folders {some(folders)}"
                    if folders
                    else f"found {len(files)} pictures without folders"
                )
                neither = f"neither {train}/ nor {valid}/" if len(missing) == 2 else f"no {missing[0]}/"
                raise DataError(
                    f"There is {neither} in {root}; {found}. Pass valid_pct=0.2 to split at random."
                )
            splitter = GrandparentSplitter(train_name=train, valid_name=valid)
            files = get_image_files(root, folders=[train, valid])
        else:
            need_one_split(train, valid, valid_pct)
            splitter = RandomSplitter(valid_pct, seed)
        y_block = CategoryBlock(vocab=tuple(vocab)) if vocab is not None else None
        return cls._from_block(
            files, root, files, splitter, get_y=parent_label, y_block=y_block, seed=seed, **kwargs
        )

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_path_func(
        cls,
        path: str | Path,
        fnames: Sequence[Path],
        label_func: Callable[[Path], Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures `fnames`, labelled by a function of their path."""
        files = [Path(f) for f in fnames]
        return cls._from_block(
            files, path, files, RandomSplitter(valid_pct, seed), get_y=label_func, seed=seed, **kwargs
        )

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_name_func(
        cls,
        path: str | Path,
        fnames: Sequence[Path],
        label_func: Callable[[str], Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures `fnames`, labelled by a function of their name (without the folder)."""
        return cls.from_path_func(path, fnames, lambda f: label_func(f.name), valid_pct, seed, **kwargs)

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_path_re(
        cls,
        path: str | Path,
        fnames: Sequence[Path],
        pat: str,
        valid_pct: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures labelled by the first group of a regular expression on their path."""
        files = [Path(f) for f in fnames]
        _check_pattern(pat, [f.as_posix() for f in files])
        return cls.from_path_func(path, files, RegexLabeller(pat), valid_pct, seed, **kwargs)

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_name_re(
        cls,
        path: str | Path,
        fnames: Sequence[Path],
        pat: str,
        bs: int = 64,
        valid_pct: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures labelled by the first group of a regular expression on their name."""
        _check_pattern(pat, [Path(f).name for f in fnames])
        return cls.from_name_func(path, fnames, RegexLabeller(pat), valid_pct, seed, bs=bs, **kwargs)

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_df(
        cls,
        df: DataFrame,
        path: str | Path = ".",
        valid_pct: float = 0.2,
        seed: int | None = None,
        fn_col: str | int = 0,
        folder: str | Path | None = None,
        suff: str = "",
        label_col: str | int | Sequence[str | int] = 1,
        label_delim: str | None = None,
        y_block: Any = None,
        valid_col: str | int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures named in column `fn_col`, below `path/folder`, with their labels in `label_col`.

        Several labels in one cell are divided at `label_delim`; columns of numbers become a regression when
        `y_block=RegressionBlock`. `valid_col` marks the validation rows, instead of a random split.
        """
        df = as_frame(df)
        for col in (fn_col, *as_tuple(label_col), *(() if valid_col is None else (valid_col,))):
            if isinstance(col, str) and col not in df.columns:
                raise DataError(
                    f"There is no column {col!r}; there are {some(df.columns, 12)}.{did_you_mean(col, map(str, df.columns))}"
                )
            if isinstance(col, int) and col >= len(df.columns):
                raise DataError(
                    f"There is no column {col} (counted from 0); there are {len(df.columns)}: {some(df.columns, 12)}."
                )
        root = Path(path) / (folder or "")
        names = df.iloc[:, fn_col] if isinstance(fn_col, int) else df[fn_col]
        files = [root / f"{name}{suff}" for name in names]
        missing = [i for i, f in enumerate(files) if not f.exists()]
        if missing:
            there = sorted(p.name for p in root.iterdir())[:2000] if root.is_dir() else []
            near = did_you_mean(files[missing[0]].name, there)
            rows = some((df.index[i] for i in missing), 8)
            ending = (
                ""
                if Path(str(names.iloc[0])).suffix.lower() in IMAGE_EXTENSIONS or suff
                else " Is suff='.jpg' missing?"
            )
            raise DataError(
                f"{len(missing)} of {len(files)} files are not in {root}: rows {rows}. The first is {files[missing[0]].name}."
                f"{near}{ending}"
            )
        if y_block is None:
            many = isinstance(label_col, (list, tuple)) and len(label_col) > 1
            y_block = MultiCategoryBlock() if many or label_delim else CategoryBlock()
        else:
            y_block = as_block(y_block, "y_block")
        splitter = RandomSplitter(valid_pct, seed) if valid_col is None else ColSplitter(valid_col)
        label = ColReader(label_col, label_delim=label_delim)
        return cls._from_block(
            df,
            path,
            files,
            splitter,
            get_x=ColReader(fn_col, pref=root, suff=suff),
            get_y=(lambda row: [float(v) for v in as_tuple(label(row))])
            if isinstance(y_block, RegressionBlock)
            else label,
            y_block=y_block,
            seed=seed,
            **kwargs,
        )

    @classmethod
    @checked
    @names_keywords(from_df)
    def from_csv(
        cls,
        path: str | Path,
        csv_fname: str | Path = "labels.csv",
        header: int | Literal["infer"] | None = "infer",
        delimiter: str | None = None,
        quoting: int = 0,
        **kwargs: Any,
    ) -> Self:
        """As `from_df`, from the file `path/csv_fname`."""
        need_folder(path)
        df = read_table(Path(path) / csv_fname, delimiter, header=header, quoting=quoting)
        return cls.from_df(df, path=path, **kwargs)

    @classmethod
    @checked
    @names_keywords(*_MORE)
    def from_lists(
        cls,
        path: str | Path,
        fnames: Sequence[Any],
        labels: Sequence[Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        y_block: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Pictures `fnames` with their `labels`, in the same order."""
        if len(fnames) != len(labels):
            raise DataError(f"There are {len(fnames)} files and {len(labels)} labels; they must be as many.")
        if y_block is None and len(labels):
            first = labels[0]
            many = isinstance(first, (list, tuple, set))
            y_block = (
                MultiCategoryBlock()
                if many
                else RegressionBlock()
                if isinstance(first, float)
                else CategoryBlock()
            )
        files = [Path(f) if isinstance(f, str) else f for f in fnames]
        pairs = list(zip(files, labels, strict=True))
        return cls._from_block(
            pairs,
            path,
            files,
            RandomSplitter(valid_pct, seed),
            get_x=_first,
            get_y=_second,
            y_block=y_block,
            seed=seed,
            **kwargs,
        )


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0] if isinstance(pair, tuple) else pair


def _second(pair: tuple[Any, Any]) -> Any:
    return pair[1]


def _check_pattern(pat: str, names: Sequence[str]) -> None:
    label = RegexLabeller(pat)
    failed = []
    for name in names:
        try:
            label(name)
        except DataError as e:
            if "no group" in str(e):
                raise
            failed.append(name)
    if failed:
        raise DataError(
            f"The pattern {pat!r} matches {len(names) - len(failed)} of {len(names)} names. It does not match "
            f"{some(map(repr, failed), 3)}."
        )
