"""Language models and text classifiers as values: built from a few words, with fastai's names and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from torch import nn

from tipoff.arguments import need_number
from tipoff.errors import UsageError, did_you_mean
from tipoff.nn.awd_lstm import AWD_LSTM, awd_lstm_groups
from tipoff.nn.gpt import GPT
from tipoff.nn.language import (
    LanguageModel,
    LinearDecoder,
    PoolingLinearClassifier,
    SentenceEncoder,
    TextClassifier,
)
from tipoff.spec import Spec
from tipoff.text.spec import TextModel

awd_lstm_lm_config: dict[str, Any] = {
    "emb_sz": 400, "n_hid": 1152, "n_layers": 3, "pad_token": 1, "bidir": False, "output_p": 0.1,
    "hidden_p": 0.15, "input_p": 0.25, "embed_p": 0.02, "weight_p": 0.2, "tie_weights": True, "out_bias": True,
}  # fmt: skip
awd_lstm_clas_config: dict[str, Any] = {
    "emb_sz": 400, "n_hid": 1152, "n_layers": 3, "pad_token": 1, "bidir": False, "output_p": 0.4,
    "hidden_p": 0.3, "input_p": 0.4, "embed_p": 0.05, "weight_p": 0.5,
}  # fmt: skip
gpt_lm_config: dict[str, Any] = {
    "emb_sz": 384, "n_layers": 6, "n_heads": 6, "pad_token": 1, "output_p": 0.1, "hidden_p": 0.1, "input_p": 0.1,
    "checkpointing": False, "tie_weights": True, "out_bias": False,
}  # fmt: skip
gpt_clas_config: dict[str, Any] = {
    "emb_sz": 384, "n_layers": 6, "n_heads": 6, "pad_token": 1, "output_p": 0.2, "hidden_p": 0.1, "input_p": 0.1,
    "checkpointing": False,
}  # fmt: skip


@dataclass(frozen=True)
class AWDSpec(Spec):
    """An `AWD_LSTM`; the fields are its arguments."""

    vocab_sz: int
    emb_sz: int = 400
    n_hid: int = 1152
    n_layers: int = 3
    pad_token: int = 1
    hidden_p: float = 0.2
    input_p: float = 0.6
    embed_p: float = 0.1
    weight_p: float = 0.5
    bidir: bool = False

    def __post_init__(self) -> None:
        _sane(self)
        if self.bidir and (self.n_hid % 2 or self.emb_sz % 2):
            raise UsageError(
                f"Both directions share n_hid={self.n_hid} and emb_sz={self.emb_sz}: even numbers."
            )

    def build(self) -> AWD_LSTM:
        return AWD_LSTM(**{f.name: getattr(self, f.name) for f in fields(self)})

    def groups(self, net: AWD_LSTM) -> list[list[nn.Parameter]]:
        """The parameters of each layer."""
        return awd_lstm_groups(net)


@dataclass(frozen=True)
class GPTSpec(Spec):
    """A `GPT`; the fields are its arguments."""

    vocab_sz: int
    emb_sz: int = 384
    n_layers: int = 6
    n_heads: int = 6
    pad_token: int = 1
    input_p: float = 0.1
    hidden_p: float = 0.1
    checkpointing: bool = False

    def __post_init__(self) -> None:
        _sane(self)
        if self.emb_sz % (2 * self.n_heads):
            raise UsageError(f"emb_sz={self.emb_sz} is no even multiple of n_heads={self.n_heads}.")

    def build(self) -> GPT:
        return GPT(**{f.name: getattr(self, f.name) for f in fields(self)})

    def groups(self, net: GPT) -> list[list[nn.Parameter]]:
        """The parameters of each layer; those of the last norm are with the last."""
        made = [list(layer.parameters()) for layer in net.layers]
        return [*made[:-1], [*made[-1], *net.norm.parameters()]]


def _sane(spec: Any) -> None:
    """Refuse sizes that no network has, before anything is allocated."""
    for f in fields(spec):
        value = getattr(spec, f.name)
        if f.name.endswith("_p"):
            if not 0 <= value < 1:
                raise UsageError(f"{f.name}={value}: a share of what is dropped lies in [0, 1).")
        elif isinstance(value, int) and not isinstance(value, bool):
            top = 1000 if f.name in ("n_layers", "n_heads") else 2**31 - 1
            if not (0 if f.name == "pad_token" else 1) <= value <= top:
                raise UsageError(f"{f.name}={value}: no network is of this size.")
    if spec.pad_token >= spec.vocab_sz:
        raise UsageError(f"pad_token={spec.pad_token} is not among {spec.vocab_sz} tokens.")


@dataclass(frozen=True)
class LanguageSpec(TextModel):
    """An encoder and a decoder to its tokens."""

    encoder: AWDSpec | GPTSpec
    n_out: int
    output_p: float = 0.1
    tie_weights: bool = True
    out_bias: bool = True

    learner: ClassVar[str] = "LMLearner"  # of tipoff.text.learner

    def __post_init__(self) -> None:
        if self.n_out != self.encoder.vocab_sz:
            raise UsageError(f"The decoder has {self.n_out} tokens, the encoder {self.encoder.vocab_sz}.")

    def build(self) -> LanguageModel:
        """The network with random weights."""
        decoder = LinearDecoder(
            self.n_out, self.encoder.emb_sz, self.output_p, self.tie_weights, self.out_bias
        )
        return LanguageModel(self.encoder.build(), decoder)

    def splitter(self, net: nn.Module) -> list[list[nn.Parameter]]:
        """Each layer, then the embedding together with the decoder, whose weights it shares."""
        encoder: Any = net[0]  # type: ignore[index]
        return [
            *self.encoder.groups(encoder),
            [*encoder.encoder.parameters(), *net[1].parameters()],  # type: ignore[index]
        ]


@dataclass(frozen=True)
class ClassifierSpec(TextModel):
    """An encoder that reads in windows of `seq_len` words, concat pooling and linear layers."""

    encoder: AWDSpec | GPTSpec
    n_out: int
    seq_len: int = 72
    max_len: int | None = 72 * 20
    lin_ftrs: tuple[int, ...] = (50,)
    ps: tuple[float, ...] = (0.4, 0.1)
    y_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        sizes = (self.n_out, self.seq_len, *self.lin_ftrs)
        if not all(0 < n < 2**31 for n in sizes) or len(sizes) > 34:
            raise UsageError(f"No head is of these sizes: n_out={self.n_out}, lin_ftrs={self.lin_ftrs}.")
        for i, p in enumerate(self.ps):
            need_number(f"ps[{i}]", p, at_least=0, at_most=1)
        if len(self.ps) != len(self.lin_ftrs) + 1:
            raise UsageError(
                f"{len(self.ps)} dropouts (ps, and output_p first) for {len(self.lin_ftrs) + 1} layers."
            )

    def build(self) -> TextClassifier:
        """The network with random weights."""
        reader = SentenceEncoder(self.seq_len, self.encoder.build(), self.encoder.pad_token, self.max_len)
        dims = [self.encoder.emb_sz * 3, *self.lin_ftrs, self.n_out]
        return TextClassifier(reader, PoolingLinearClassifier(dims, list(self.ps), self.y_range))

    def splitter(self, net: nn.Module) -> list[list[nn.Parameter]]:
        """The embedding, each layer, the head."""
        encoder: Any = net[0].module  # type: ignore[index]
        embedding = list(encoder.encoder.parameters())
        return [embedding, *self.encoder.groups(encoder), list(net[1].parameters())]  # type: ignore[index]


_ENCODERS: dict[
    str, tuple[type[AWDSpec] | type[GPTSpec], dict[str, Any], dict[str, Any]]
] = {  # for an LM, for a classifier
    "awd_lstm": (AWDSpec, awd_lstm_lm_config, awd_lstm_clas_config),
    "gpt": (GPTSpec, gpt_lm_config, gpt_clas_config),
}


def name_of(arch: Any) -> str:
    """What `arch` is called: a class of ours by its name in lower case, anything else as it is."""
    if any(arch is ours for ours in (AWD_LSTM, GPT)):
        return str(arch.__name__).lower()
    if isinstance(arch, type):
        raise UsageError(
            f"{arch.__name__} is no architecture of tipoff's; for a network of your own use TextLearner(dls, net)."
        )
    return str(arch).lower() if str(arch).lower() in _ENCODERS else str(arch)


def is_ours(arch: Any) -> bool:
    """Whether `arch` is built here rather than by the `transformers` library."""
    return name_of(arch) in _ENCODERS


def _settings(
    arch: Any, config: Mapping[str, Any] | None, drop_mult: float, classifier: bool
) -> dict[str, Any]:
    name = name_of(arch)
    if name not in _ENCODERS:
        raise UsageError(
            f"There is no architecture {name!r} here.{did_you_mean(name, _ENCODERS)} There are {', '.join(_ENCODERS)}."
        )
    _, for_lm, for_class = _ENCODERS[name]
    known = for_class if classifier else for_lm
    given = {
        k: v
        for k, v in (config or {}).items()
        if k not in ("init", "tie_weights", "out_bias") or not classifier
    }
    given.pop("init", None)
    if unknown := sorted(set(given) - set(known)):
        raise UsageError(
            f"config of {name} has no {unknown[0]!r}.{did_you_mean(unknown[0], known)} It has {', '.join(known)}."
        )
    made = {**known, **given}
    return {k: v * drop_mult if k.endswith("_p") else v for k, v in made.items()}


def language_spec(
    arch: Any, vocab_sz: int, config: Mapping[str, Any] | None = None, drop_mult: float = 1.0
) -> LanguageSpec:
    """A language model of `vocab_sz` tokens; every dropout of `config` is multiplied by `drop_mult`."""
    made = _settings(arch, config, drop_mult, classifier=False)
    rest = {k: made.pop(k) for k in ("output_p", "tie_weights", "out_bias")}
    return LanguageSpec(_ENCODERS[name_of(arch)][0](vocab_sz, **made), vocab_sz, **rest)


def classifier_spec(
    arch: Any,
    vocab_sz: int,
    n_class: int,
    seq_len: int = 72,
    config: Mapping[str, Any] | None = None,
    drop_mult: float = 1.0,
    lin_ftrs: Any = None,
    ps: Any = None,
    max_len: int | None = 72 * 20,
    y_range: tuple[float, float] | None = None,
) -> ClassifierSpec:
    """A classifier; the encoder is that of `language_spec` where `config` agrees."""
    made = _settings(arch, config, drop_mult, classifier=True)
    first = made.pop("output_p")
    widths = (50,) if lin_ftrs is None else tuple(lin_ftrs)
    drops = (
        (0.1,) * len(widths)
        if ps is None
        else (ps,) * len(widths)
        if isinstance(ps, (int, float))
        else tuple(ps)
    )
    return ClassifierSpec(
        _ENCODERS[name_of(arch)][0](vocab_sz, **made),
        n_class,
        seq_len,
        max_len,
        widths,
        (first, *drops),
        y_range,
    )


def get_language_model(
    arch: Any, vocab_sz: int, config: Mapping[str, Any] | None = None, drop_mult: float = 1.0
) -> LanguageModel:
    """A language model with random weights.

    >>> net = get_language_model(AWD_LSTM, 100, {"emb_sz": 8, "n_hid": 16, "n_layers": 2})
    """
    return language_spec(arch, vocab_sz, config, drop_mult).build()


def get_text_classifier(
    arch: Any,
    vocab_sz: int,
    n_class: int,
    seq_len: int = 72,
    config: Mapping[str, Any] | None = None,
    drop_mult: float = 1.0,
    lin_ftrs: Any = None,
    ps: Any = None,
    max_len: int | None = 72 * 20,
    y_range: tuple[float, float] | None = None,
) -> TextClassifier:
    """A text classifier with random weights."""
    return classifier_spec(
        arch, vocab_sz, n_class, seq_len, config, drop_mult, lin_ftrs, ps, max_len, y_range
    ).build()
