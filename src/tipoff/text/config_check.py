"""What the configuration of a transformer may say in a model file: nothing of foreign code, and no size without bound."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from reprlib import repr as short
from typing import Any

from tipoff.errors import UsageError

MAX_NUMBER = 1 << 25  # the largest that a published model has is 20 million
MAX_COUNT = 1 << 17  # of heads, experts, labels: what is counted one by one
MAX_LAYERS = 1000
MAX_WIDTH = 1 << 18
MAX_SINUSOIDS = 1 << 22  # some networks compute positions × channels in a loop of Python's

# "x-y/z" among the attention kernels is a repository that is downloaded and run
KERNELS = ("eager", "sdpa", "flash_attention_2", "flex_attention", "grouped_mm", "batched_mm", "tipoff_sdpa")
# in a model file there is no code, and weights come from the file alone
FOREIGN = (
    "auto_map", "custom_pipelines", "use_pretrained_backbone", "use_timm_backbone", "backbone", "trust_remote_code",
    "quantization_config", "kernel_config", "use_kernels",
)  # fmt: skip

_LAYERS = re.compile(r"(^|_)(n|num|number_of)_.*(layers?|blocks?)\b|^(n_)?layers?$|_layers$|(^|_)depths?$")
_COUNT = re.compile(r"^(n|num|number_of)_|(^|_)(heads|experts)$")
_SIZES = ("n_positions", "n_ctx", "n_embd", "n_inner", "n_words")  # of GPT-2 and XLM: no counts, for all their names
_WIDTH = re.compile(r"hidden_size|_dim$|^dim$|n_embd|d_model|d_ff|ffn|intermediate|n_inner|embedding_size")


def check_config(text: str) -> dict[str, Any]:
    """The configuration in a JSON text. Raises `UsageError` for one that names code or sizes that no network has.

    >>> check_config('{"model_type": "bert", "num_hidden_layers": 2}')["model_type"]
    'bert'
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise UsageError(f"The configuration of a transformer is not JSON: {e}.") from None
    if not isinstance(values, dict) or not isinstance(values.get("model_type"), str):
        raise UsageError(
            f"The configuration of a transformer is an object with a model_type, not {short(values)}."
        )
    said = list(_walk(values))
    for key, value in said:
        _check_code(key, value)
        if type(value) is int:
            _check_size(key, value)
    if values.get("chunk_size_feed_forward"):
        raise UsageError(
            f"chunk_size_feed_forward is {short(values['chunk_size_feed_forward'])}; texts of any length are only read with 0."
        )
    _check_sinusoids(said)
    return values


def _walk(values: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with its value, of configurations within a configuration too; members of a list have its key."""
    if isinstance(values, dict):
        for k, v in values.items():
            yield k, v
            yield from _walk(v, k)
    elif isinstance(values, list):
        for v in values:
            yield key, v
            yield from _walk(v, key)


def _check_code(key: str, value: Any) -> None:
    if (key in FOREIGN and value) or (key == "model_type" and str(value).startswith("timm")):
        raise UsageError(
            f"The configuration of the transformer has {key}={short(value)}, which is code or weights from elsewhere; a model file holds none."
        )
    if "_implementation" in key:
        for name in value.values() if isinstance(value, dict) else [value]:
            if name is not None and name not in KERNELS:
                raise UsageError(
                    f"The configuration of the transformer asks for the kernel {short(name)} ({key}), which is code from elsewhere; "
                    "those of PyTorch are 'sdpa' and 'eager'."
                )


def _check_size(key: str, value: int) -> None:
    top = MAX_NUMBER
    if _LAYERS.search(key) and "_per_layer" not in key:
        top = MAX_LAYERS
    elif _COUNT.search(key) and key not in _SIZES:
        top = MAX_COUNT
    elif _WIDTH.search(key):
        top = MAX_WIDTH
    if abs(value) > top:
        raise UsageError(
            f"The configuration of the transformer has {key}={short(value)}; no network is of this size (at most {top:,})."
        )


def _check_sinusoids(said: list[tuple[str, Any]]) -> None:
    if not any(key.startswith("sinusoidal") and value for key, value in said):
        return
    whole = [(key, value) for key, value in said if type(value) is int]
    n_positions = max((v for k, v in whole if "position" in k), default=1)
    width = max((v for k, v in whole if _WIDTH.search(k)), default=1024)
    if n_positions * width > MAX_SINUSOIDS:
        raise UsageError(
            f"The configuration of the transformer asks for sinusoids of {n_positions:,} positions × {width:,} numbers; no network "
            "is of this size."
        )
