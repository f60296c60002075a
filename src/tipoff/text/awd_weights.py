"""Pretrained AWD-LSTMs and GPTs: from a model file of ours, from files of fastai's, or from where fastai keeps its own."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tipoff.data.fetch import fetch
from tipoff.data.store import cache_folder
from tipoff.errors import ArchError
from tipoff.text.weights import need_network

URL = (
    "https://s3.amazonaws.com/fast-ai-modelzoo/wt103-{way}.tgz"  # Howard and Ruder 2018; fastai's, Apache-2.0
)
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class LanguageWeights:
    """The tensors of a `LanguageModel` by our names, the tokens that its rows belong to, and where it comes from."""

    state: dict[str, Tensor] = field(repr=False)
    vocab: Sequence[str] = field(repr=False)
    source: str
    licence: str


def find_language_weights(
    files: Any, model_dir: Path, arch: str = "awd_lstm", backwards: bool = False
) -> LanguageWeights:
    """Of `files`: a model file of tipoff, or fastai's pair of weights (.pth) and vocabulary (.pkl, .json or .txt).

    Without files, fastai's model of Wikipedia from the cache or its server. Raises `ArchError` where there is none.
    """
    if files is None:
        return _fastais(arch, backwards)
    names = [files] if isinstance(files, (str, Path)) else list(files)
    if len(names) == 1:
        return _of_bundle(_place(Path(names[0]), model_dir, ".tipoff"))
    weights, vocab = (_place(Path(n), model_dir, e) for n, e in zip(names, (".pth", ".pkl"), strict=True))
    return LanguageWeights(
        from_fastai(_read_state(weights)), read_vocab(vocab), str(weights), "as you know it"
    )


def _place(name: Path, model_dir: Path, ending: str) -> Path:
    name = name if name.suffix else name.with_suffix(ending)
    for file in (name, model_dir / name):
        if file.exists():
            return file
    raise ArchError(f"There is no file {name}, neither here nor in {model_dir}.")


def _of_bundle(path: Path) -> LanguageWeights:
    from tipoff.bundle.file import read

    bundle = read(path)
    tokens = getattr(bundle.plan.inputs[0], "tokens", None)
    if tokens is None or not getattr(bundle.plan.inputs[0], "is_lm", False):
        raise ArchError(f"{path} is not a language model; export one: language_model_learner(...).export().")
    licence = str(bundle.facts.get("licence") or "as stated in its card")
    return LanguageWeights(bundle.weights, tokens.names, path.name, licence)


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as e:
        raise ArchError(f"{path} holds no weights that can be read safely: {str(e)[:300]}") from None
    made: dict[str, Tensor] = state.get("model", state)
    return made


def from_fastai(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of fastai's language model, or of its encoder alone, under our names.

    fastai keeps the recurrent weights before weight drop as `weight_hh_l0_raw`, and tied weights under every name.
    """
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        raw = name.replace(".module", "").replace("_raw", "")
        if "encoder_dp" in name or name == "1.decoder.weight":
            continue
        if name.endswith(".module.weight_hh_l0") and name.replace(".module", "") + "_raw" in state:
            continue
        out[raw.replace("1.decoder.", "1.")] = value
    return out


def read_vocab(path: Path) -> list[str]:
    """A list of tokens from .json, .txt (one a line) or a pickle of plain strings; a pickle of anything else is refused."""
    if path.suffix == ".json":
        return [str(t) for t in json.loads(path.read_text(encoding="utf-8"))]
    if path.suffix == ".txt":
        return path.read_text(encoding="utf-8").splitlines()
    try:
        return [str(t) for t in _PlainUnpickler(io.BytesIO(path.read_bytes())).load()]
    except Exception as e:
        raise ArchError(f"{path} holds no plain list of tokens: {str(e)[:200]}") from None


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}; only lists of strings are read")


def _fastais(arch: str, backwards: bool) -> LanguageWeights:
    way = "bwd" if backwards else "fwd"
    if arch != "awd_lstm":
        raise ArchError(
            f"There are no published weights of {arch!r}. Train one and give its model file as pretrained_fnames=, or "
            "begin with random weights: pretrained=False."
        )
    folder = cache_folder() / "weights" / f"wt103-{way}"
    if not (folder / f"lstm_{way}.pth").exists():
        url = URL.format(way=way)
        try:
            need_network(url)
            _unpack(fetch(url, folder.with_suffix(".tgz"), max_bytes=MAX_BYTES), folder)
        except Exception as e:
            raise ArchError(
                f"fastai's AWD-LSTM of Wikipedia is not in {folder} and cannot be fetched ({e}). Give a language model as "
                "pretrained_fnames= (a model file of tipoff, or fastai's weights and vocabulary), or begin with random "
                "weights: pretrained=False."
            ) from None
    return LanguageWeights(
        from_fastai(_read_state(folder / f"lstm_{way}.pth")),
        read_vocab(folder / "itos_wt103.pkl"),
        f"WikiText-103, {'backwards, ' * backwards}from fastai",
        "Apache-2.0",
    )


def _unpack(archive: Path, folder: Path) -> None:
    """The weights and the vocabulary of fastai's archive, by the ends of their names; nothing else is written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            name = Path(member.name).name
            if member.isfile() and name.endswith((".pth", ".pkl")) and member.size <= MAX_BYTES:
                source = tar.extractfile(member)
                assert source is not None
                (folder / name).write_bytes(source.read())
    archive.unlink()


def matched(have: LanguageWeights, vocab: Sequence[str]) -> tuple[dict[str, Tensor], int]:
    """The weights with one row for each token of `vocab`; tokens that were not known get the mean of all rows.

    Also how many were known. As fastai's `match_embeds`.
    """
    if list(have.vocab) == list(vocab):  # several rows may fill up under one name
        return dict(have.state), len(vocab)
    at = {t: i for i, t in enumerate(have.vocab)}
    old = torch.tensor([at.get(t, -1) for t in vocab])
    state = dict(have.state)
    for name in ("0.encoder.weight", "1.weight", "1.bias"):
        if name in state:
            rows = state[name][old.clamp(min=0)]
            rows[old < 0] = state[name].mean(0)
            state[name] = rows
    return state, int((old >= 0).sum())
