"""Transformers of the `transformers` library, by the JSON text of their configuration, as encoders and language models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from inspect import signature
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from tipoff.errors import ArchError, UsageError
from tipoff.nn.dropout import Dropout
from tipoff.nn.language import TextClassifier
from tipoff.optional import need
from tipoff.text.attention import attend_faster
from tipoff.text.config_check import check_config
from tipoff.text.spec import TextModel
from tipoff.text.weights import Pretrained

# B batch, T steps, C channels

Pool = Literal["mean", "last"]
# dropping attention weights, for which there are no fast kernels, takes a fifth of a training step; nothing is dropped
# there unless `config` says so
ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")
# configurations within a configuration that belong to a model of texts
PARTS_OF_TEXT = {
    "attn_config", "decoder_config", "encoder_config", "esmfold_config", "ffn_config", "global_config", "patcher_config",
}  # fmt: skip
NOT_KEPT = ("_name_or_path", "transformers_version", "architectures", "auto_map", "dtype", "torch_dtype")


@cache
def _library() -> Any:
    lib: Any = need("transformers", "a transformer by name", "tipoff[text]")
    lib.logging.set_verbosity_error()
    lib.logging.disable_progress_bar()
    return lib


def config_of(found: Pretrained) -> Any:
    """The configuration in the folder. Code that comes with a model is never run."""
    try:
        config = _library().AutoConfig.from_pretrained(found.folder, trust_remote_code=False)
    except Exception as e:
        raise ArchError(f"{found.source} is no model that transformers knows: {str(e)[:300]}") from None
    if getattr(config, "is_encoder_decoder", False):
        raise ArchError(
            f"{found.source} translates between texts; an encoder or a decoder alone was expected."
        )
    return config


def written(config: Any) -> str:
    """A configuration as JSON text: what differs from the defaults of its kind."""
    values = {k: v for k, v in config.to_diff_dict().items() if k not in NOT_KEPT}
    return json.dumps({"model_type": config.model_type, **values}, sort_keys=True)


def _read(text: str) -> Any:
    values = check_config(text)
    if not _reads_texts_alone(kind := values["model_type"]):
        raise UsageError(f"transformers has no model of the kind {kind[:60]!r} that reads nothing but texts.")
    try:
        return _library().AutoConfig.for_model(values.pop("model_type"), **values)
    except Exception as e:
        raise UsageError(f"No transformer has this configuration: {text[:200]} ({str(e)[:200]})") from None


def _reads_texts_alone(kind: str) -> bool:
    """Whether a model of this kind reads texts and nothing else; one that sees or hears may fetch parts of it from the hub."""
    lib = _library()
    auto = lib.models.auto.modeling_auto
    tasks = ("CAUSAL_LM", "MASKED_LM", "SEQUENCE_CLASSIFICATION")
    known = any(kind in getattr(auto, f"MODEL_FOR_{task}_MAPPING_NAMES") for task in tasks)
    return known and set(lib.CONFIG_MAPPING[kind].sub_configs) <= PARTS_OF_TEXT


def reads_left_to_right(config: Any) -> bool:
    """Whether each position only knows those before it, as in GPT-2: then the last one has read everything."""
    lib = _library()
    causal = lib.models.auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    masked = lib.models.auto.modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return config.model_type in causal and config.model_type not in masked


def n_positions(config: Any) -> int | None:
    """How many tokens it can read; None where there is no bound."""
    n = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if not isinstance(n, int) or n <= 0:
        return None
    return n - config.pad_token_id - 1 if config.model_type in AFTER_PADDING else n


AFTER_PADDING = (
    "camembert",
    "data2vec-text",
    "mpnet",
    "roberta",
    "xlm-roberta",
)  # their positions begin behind the padding's


class PooledTransformer(nn.Module):
    """(B, T) word numbers, padded behind -> (B, C): the mean over real words, or the last of them."""

    def __init__(self, body: nn.Module, pad_idx: int, pool: Pool, limit: int | None) -> None:
        super().__init__()
        self.body, self.pad_idx, self.pool, self.limit = body, pad_idx, pool, limit

    def forward(self, words: Tensor) -> Tensor:
        words = words[:, : self.limit]
        real = words != self.pad_idx
        real[:, 0] |= ~real.any(1)  # a text of nothing but padding
        x: Tensor = self.body(input_ids=words, attention_mask=real.long()).last_hidden_state
        if self.pool == "last":
            steps = torch.arange(1, words.shape[1] + 1, device=words.device)
            return x[torch.arange(len(x), device=x.device), (real * steps).argmax(1)]
        weight = real.unsqueeze(-1).to(x.dtype)
        return (x * weight).sum(1) / weight.sum(1)


@dataclass(frozen=True)
class TransformerClassifier(TextModel):
    """A transformer, pooled over its words, and linear layers: `lin_ftrs` wide, with dropout `ps` before each."""

    config: str
    n_out: int
    pad_idx: int = 0
    pool: Pool = "mean"
    lin_ftrs: tuple[int, ...] = ()
    ps: float = 0.1
    y_range: tuple[float, float] | None = None
    checkpointing: bool = False

    def __post_init__(self) -> None:
        check_config(self.config)
        if not all(0 < n < 2**31 for n in (self.n_out, *self.lin_ftrs)) or len(self.lin_ftrs) > 32:
            raise UsageError(f"No head is of these sizes: n_out={self.n_out}, lin_ftrs={self.lin_ftrs}.")

    def build(self) -> TextClassifier:
        """The network with random weights; nothing is downloaded."""
        config = _read(self.config)
        return self._with_head(_empty(_library().AutoModel, config), config)

    def build_pretrained(self, found: Pretrained) -> TextClassifier:
        """The network with a pretrained body."""
        config = _read(self.config)
        return self._with_head(_loaded(_library().AutoModel, found, config), config)

    def _with_head(self, body: nn.Module, config: Any) -> TextClassifier:
        from tipoff.nn.layers import SigmoidRange

        if self.checkpointing:
            body.gradient_checkpointing_enable()  # type: ignore[operator]
        widths = [config.hidden_size, *self.lin_ftrs, self.n_out]
        layers: list[nn.Module] = []
        for i in range(len(widths) - 1):
            act = [nn.ReLU()] if i < len(self.lin_ftrs) else []
            layers += [nn.Dropout(self.ps), nn.Linear(widths[i], widths[i + 1]), *act]
        if self.y_range is not None:
            layers.append(SigmoidRange(*self.y_range))
        _drop_faster(body)
        attend_faster(body)
        pooled = PooledTransformer(body, self.pad_idx, self.pool, n_positions(config))
        return TextClassifier(pooled, nn.Sequential(*layers))

    def splitter(self, net: nn.Module) -> list[list[nn.Parameter]]:
        """The embeddings, each layer, the head."""
        return [*groups_of(net[0].body), list(net[1].parameters())]  # type: ignore[index]


class CausalModel(nn.Module):
    """A language model of `transformers`: (B, T) word numbers -> (B, T, V). Every call is a text of its own."""

    def __init__(self, body: nn.Module, n_out: int, limit: int | None) -> None:
        super().__init__()
        self.body, self.n_out, self.limit = body, n_out, limit

    def forward(self, words: Tensor) -> Tensor:
        out: Tensor = self.body(input_ids=words, use_cache=False).logits
        return out[..., : self.n_out]  # some have rows to spare

    @property
    def keeps_past(self) -> bool:
        """Whether `go_on` can be asked; models without attention keep something else."""
        return "past_key_values" in signature(self.body.forward).parameters

    def go_on(self, words: Tensor, past: Any = None) -> tuple[Tensor, Any]:  # (B, T) -> (B, T, V)
        """What `forward` says of `words` after those that `past` holds, and what the next word is after."""
        out = self.body(input_ids=words, past_key_values=past, use_cache=True)
        return out.logits[..., : self.n_out], out.past_key_values


@dataclass(frozen=True)
class TransformerLM(TextModel):
    """A language model of `transformers` that reads from left to right."""

    config: str
    n_out: int
    checkpointing: bool = False

    learner: ClassVar[str] = "LMLearner"  # of tipoff.text.learner

    def __post_init__(self) -> None:
        check_config(self.config)

    def build(self) -> CausalModel:
        """The network with random weights."""
        config = _read(self.config)
        return self._made(_empty(_library().AutoModelForCausalLM, config), config)

    def build_pretrained(self, found: Pretrained) -> CausalModel:
        """The network with its weights."""
        config = _read(self.config)
        return self._made(_loaded(_library().AutoModelForCausalLM, found, config), config)

    def _made(self, body: Any, config: Any) -> CausalModel:
        if self.checkpointing:
            body.gradient_checkpointing_enable()
        _drop_faster(body)
        attend_faster(body)
        return CausalModel(body, self.n_out, n_positions(config))

    def splitter(self, net: nn.Module) -> list[list[nn.Parameter]]:
        """The embeddings and what shares weights with them last, after each layer, as for the other language models."""
        first, *rest = groups_of(net.body)  # type: ignore[arg-type]
        return [*rest, first]


def _drop_faster(body: nn.Module) -> None:
    for m in list(body.modules()):
        for name, child in m.named_children():
            if type(child) is nn.Dropout:
                setattr(m, name, Dropout(child.p))


def _options(config: Any) -> dict[str, Any]:
    """A pooling layer of the model's own would never be used."""
    kind = _library().MODEL_MAPPING[type(config)]
    return {"add_pooling_layer": False} if "add_pooling_layer" in signature(kind.__init__).parameters else {}


def _empty(kind: Any, config: Any) -> Any:
    """A network with random weights; code that a configuration names is never run, nor is it asked for."""
    options = _options(config) if kind is _library().AutoModel else {}
    return kind.from_config(config, trust_remote_code=False, **options)


def _loaded(kind: Any, found: Pretrained, config: Any) -> Any:
    options = _options(config) if kind is _library().AutoModel else {}
    try:
        body = kind.from_pretrained(
            found.folder,
            config=config,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            **options,
        )
    except Exception as e:
        raise ArchError(f"The weights of {found.source} cannot be read: {str(e)[:300]}") from None
    return body.train()


def groups_of(body: nn.Module) -> list[list[nn.Parameter]]:
    """What is not in a layer (embeddings, a last norm), then each layer from the input on."""
    lists = [m for m in body.modules() if isinstance(m, nn.ModuleList)]
    layers = max(lists, key=lambda m: sum(p.numel() for p in m.parameters()), default=nn.ModuleList())
    inside = {id(p) for p in layers.parameters()}
    outside = [p for p in body.parameters() if id(p) not in inside]
    return [outside, *(list(layer.parameters()) for layer in layers)]
