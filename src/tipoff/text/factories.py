"""Learners for texts by the name of their network: language models, and classifiers that begin from one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from tipoff.checked import checked
from tipoff.data.dataloaders import DataLoaders
from tipoff.errors import UsageError
from tipoff.learner.arguments import need_dls
from tipoff.learner.precision import auto_precision
from tipoff.notes import note
from tipoff.spec import Spec
from tipoff.text import transformer as t
from tipoff.text.classification import TextDataset
from tipoff.text.dls import say_cut
from tipoff.text.field import Keep, TextField
from tipoff.text.learner import MOMS, LMLearner, Moms, TextLearner, block_of
from tipoff.text.model import classifier_spec, is_ours, language_spec, name_of
from tipoff.text.weights import find
from tipoff.train.optim import Adam


@checked
def language_model_learner(
    dls: DataLoaders,
    arch: str | Path | type = "awd_lstm",
    config: dict[str, Any] | None = None,
    drop_mult: float = 1.0,
    backwards: bool = False,
    pretrained: bool = True,
    pretrained_fnames: Any = None,
    loss_func: Callable[..., Tensor] | None = None,
    opt_func: Callable[..., Any] = Adam,
    lr: float = 0.001,
    splitter: Callable[..., Any] | None = None,
    cbs: Any = None,
    metrics: Any = None,
    path: str | Path | None = None,
    model_dir: str | Path = "models",
    wd: float | None = None,
    wd_bn_bias: bool = False,
    train_bn: bool = True,
    moms: Moms = MOMS,
    *,
    alpha: float = 2.0,
    beta: float = 1.0,
    checkpointing: bool = False,
    precision: str = "auto",
) -> LMLearner:
    """A learner of a language model: `AWD_LSTM`, `"gpt"`, or any decoder of `transformers` by name or folder.

    `pretrained_fnames` is a model file of a language model, or fastai's weights and vocabulary; without it fastai's
    AWD-LSTM of Wikipedia is looked for. `drop_mult` multiplies every dropout. `checkpointing` computes activations again
    instead of keeping them. Raises `ArchError` where there are no weights.

    >>> learn = language_model_learner(dls, AWD_LSTM, drop_mult=0.3, pretrained=False)  # doctest: +SKIP
    """
    need_dls(dls)
    block = block_of(dls)
    if not block.is_lm:
        raise UsageError("language_model_learner needs DataLoaders with is_lm=True.")
    n, facts = len(block.tokens.names), _facts(arch)
    spec: Spec
    if is_ours(arch):
        extra = {"checkpointing": True} if checkpointing else {}
        spec = language_spec(
            arch, n, {"pad_token": block.tokens.pad_id, **(config or {}), **extra}, drop_mult
        )
        model: nn.Module = spec.build()
    else:
        spec, model = _causal(arch, block, config, pretrained, checkpointing, facts)
    learn = LMLearner(
        dls, model, alpha, beta, moms, loss_func=loss_func, opt_func=opt_func, lr=lr,
        splitter=splitter or spec.splitter, cbs=cbs, metrics=metrics, path=path,
        model_dir=model_dir, wd=wd, wd_bn_bias=wd_bn_bias, train_bn=train_bn, model_spec=spec, facts=facts,
        precision=auto_precision(dls.device, "products") if precision == "auto" else precision,
    )  # fmt: skip
    if pretrained:
        _begin(learn, arch, pretrained_fnames, backwards or block.backwards)
    return learn


@checked
def text_classifier_learner(
    dls: DataLoaders,
    arch: str | Path | type = "awd_lstm",
    seq_len: int = 72,
    config: dict[str, Any] | None = None,
    backwards: bool = False,
    pretrained: bool = True,
    drop_mult: float = 0.5,
    n_out: int | None = None,
    lin_ftrs: Sequence[int] | None = None,
    ps: float | Sequence[float] | None = None,
    max_len: int | None = 72 * 20,
    y_range: tuple[float, float] | None = None,
    loss_func: Callable[..., Tensor] | None = None,
    opt_func: Callable[..., Any] = Adam,
    lr: float = 0.001,
    splitter: Callable[..., Any] | None = None,
    cbs: Any = None,
    metrics: Any = None,
    path: str | Path | None = None,
    model_dir: str | Path = "models",
    wd: float | None = None,
    wd_bn_bias: bool = False,
    train_bn: bool = True,
    moms: Moms = MOMS,
    *,
    pretrained_fnames: Any = None,
    keep: Keep = "ends",
    checkpointing: bool = False,
    precision: str = "auto",
) -> TextLearner:
    """A learner of a text classifier on an encoder: `AWD_LSTM`, `"gpt"`, or any model of `transformers`, such as `"minilm"`.

    Ours read a text in windows of `seq_len` tokens and pool its last `max_len`; those of `transformers` read `max_len`
    tokens at most, or as many as they can: of a longer text a quarter of them from its beginning and the others from its
    end, or its first with `keep="start"`. They have one group of layers for each of theirs. Everything but the head is frozen
    to begin with where it is pretrained. Raises `ArchError` where there are no weights.

    >>> learn = text_classifier_learner(dls, "minilm", metrics="accuracy")  # doctest: +SKIP
    """
    need_dls(dls)
    block = block_of(dls)
    if block.is_lm:
        raise UsageError(
            "text_classifier_learner needs DataLoaders with labels; these are for a language model."
        )
    outs, facts = n_out if n_out is not None else dls.c, _facts(arch)
    spec: Spec
    if is_ours(arch):
        extra = {"checkpointing": True} if checkpointing else {}
        settings = {"pad_token": block.tokens.pad_id, **(config or {}), **extra}
        n = len(block.tokens.names)
        spec = classifier_spec(arch, n, outs, seq_len, settings, drop_mult, lin_ftrs, ps, max_len, y_range)
        model: nn.Module = spec.build()
    else:
        made = (outs, lin_ftrs, ps, y_range, checkpointing)
        spec, model, dls = _pooled(arch, dls, config, pretrained, max_len, keep, made, facts)
    if block_of(dls).tokens.kind == "given" or not is_ours(arch):
        say_cut(block_of(dls), [dl.dataset for dl in dls.loaders if isinstance(dl.dataset, TextDataset)])
    learn = TextLearner(
        dls, model, 0.0, 0.0, moms, loss_func=loss_func, opt_func=opt_func, lr=lr,
        splitter=splitter or spec.splitter, cbs=cbs, metrics=metrics, path=path,
        model_dir=model_dir, wd=wd, wd_bn_bias=wd_bn_bias, train_bn=train_bn, model_spec=spec, facts=facts,
        precision=auto_precision(dls.device, "products") if precision == "auto" else precision,
    )  # fmt: skip
    if pretrained:
        _begin(learn, arch, pretrained_fnames, backwards or block.backwards)
    return learn


def _begin(learn: TextLearner, arch: Any, files: Any, backwards: bool) -> None:
    """With pretrained weights, which those of `transformers` have already, and all but the end frozen."""
    if is_ours(arch):
        learn.load_pretrained(files, backwards)
    else:
        learn.freeze()


def _facts(arch: Any) -> dict[str, Any]:
    return {"arch": str(name_of(arch)), "weights": "none: trained from the beginning"}


def _configured(
    arch: Any, block: TextField, config: dict[str, Any] | None, pretrained: bool, facts: dict[str, Any]
) -> tuple[Any, Any]:
    """Where the transformer comes from, and its configuration for this vocabulary."""
    found = find(arch)
    made, n = t.config_of(found), len(block.tokens.names)
    undropped = {key: 0.0 for key in t.ATTENTION_DROPOUT if hasattr(made, key)}
    for key, value in {**undropped, **(config or {})}.items():
        setattr(made, key, value)
    if not pretrained:
        made.vocab_size, made.pad_token_id = n, block.tokens.pad_id
    elif block.tokens.kind != "given" or n > made.vocab_size:
        raise UsageError(
            f"{name_of(arch)} was trained on tokens of its own: make the DataLoaders with "
            f"tok_tfm={str(arch)!r}."
        )
    else:
        facts |= {"weights": found.source, "licence": found.licence}
        note(f"weights of {found.source} ({found.licence})", once=True)
    return found, made


def _causal(
    arch: Any,
    block: TextField,
    config: dict[str, Any] | None,
    pretrained: bool,
    checkpointing: bool,
    facts: dict[str, Any],
) -> tuple[t.TransformerLM, nn.Module]:
    found, made = _configured(arch, block, config, pretrained, facts)
    if not t.reads_left_to_right(made):
        raise UsageError(
            f"{name_of(arch)} fills gaps; a language model here reads from left to right, as gpt2 does."
        )
    limit = t.n_positions(made)
    if limit is not None and limit < block.seq_len:
        raise UsageError(
            f"{name_of(arch)} reads {limit} tokens at most; make the DataLoaders with seq_len={limit}."
        )
    spec = t.TransformerLM(t.written(made), len(block.tokens.names), checkpointing)
    return spec, spec.build_pretrained(found) if pretrained else spec.build()


def _pooled(
    arch: Any,
    dls: DataLoaders,
    config: dict[str, Any] | None,
    pretrained: bool,
    max_len: int | None,
    keep: Keep,
    head: tuple[Any, ...],
    facts: dict[str, Any],
) -> tuple[t.TransformerClassifier, nn.Module, DataLoaders]:
    block, (outs, lin_ftrs, ps, y_range, checkpointing) = block_of(dls), head
    found, made = _configured(arch, block, config, pretrained, facts)
    limit = min((n for n in (t.n_positions(made), max_len, block.max_len) if n is not None), default=None)
    made_block = block.replace(max_len=limit, pad_first=False, keep=keep)
    if dls.plan is not None and made_block != block:
        dls = dls.with_plan(dls.plan.replace(inputs=(made_block,)))
    spec = t.TransformerClassifier(
        t.written(made), outs, block.tokens.pad_id, "last" if t.reads_left_to_right(made) else "mean",
        tuple(lin_ftrs or ()), 0.1 if ps is None else ps, y_range, checkpointing,
    )  # fmt: skip
    return spec, spec.build_pretrained(found) if pretrained else spec.build(), dls
