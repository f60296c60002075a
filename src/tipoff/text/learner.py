"""Learners for texts: language models, and classifiers that begin from one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tipoff.data.dataloaders import DataLoaders
from tipoff.errors import ArchError, BundleError, UsageError
from tipoff.learner.learner import Learner
from tipoff.learner.predictions import in_order
from tipoff.notes import note
from tipoff.spec import Spec
from tipoff.text import transformer as t
from tipoff.text.awd_weights import LanguageWeights, find_language_weights, from_fastai, matched
from tipoff.text.callbacks import rnn_cbs
from tipoff.text.dls import TextLoaders
from tipoff.text.field import TextField
from tipoff.text.generate import continue_text
from tipoff.text.model import classifier_spec, is_ours, language_spec, name_of
from tipoff.text.probe import fit_head
from tipoff.text.show import show_texts
from tipoff.text.weights import find
from tipoff.train.checkpoint import write_checkpoint
from tipoff.train.engine import auto_precision
from tipoff.train.optim import Adam

Moms = tuple[float, float, float]
MOMS: Moms = (0.8, 0.7, 0.8)


class TextLearner(Learner):
    """A `Learner` whose model may remember from batch to batch; `alpha` and `beta` are those of `RNNRegularizer`."""

    dls_class: ClassVar[type[DataLoaders]] = TextLoaders

    def __init__(
        self,
        dls: DataLoaders,
        model: nn.Module,
        alpha: float = 2.0,
        beta: float = 1.0,
        moms: Moms = MOMS,
        **kwargs: Any,
    ) -> None:
        super().__init__(dls, model, moms=moms, **kwargs)
        self.cbs += rnn_cbs(alpha, beta)

    @property
    def _encoder(self) -> Any:
        first = self.model[0] if isinstance(self.model, nn.Sequential) else self.model.body
        return getattr(first, "module", first)

    def save_encoder(self, file: str | Path) -> Path:
        """Write the encoder, with its tokens, to `path/model_dir/file.pth`."""
        path = self._file(file)
        state = {"encoder": self._encoder.state_dict(), "vocab": list(block_of(self.dls).tokens.names)}
        write_checkpoint(path, state)
        return path

    def load_encoder(self, file: str | Path, device: Any = None) -> TextLearner:
        """Read what `save_encoder` wrote, here or in fastai, and freeze all but the head.

        Rows of tokens are put where this vocabulary has them. Raises `BundleError` where it does not fit.
        """
        path = self._file(file)
        if not path.exists():
            raise BundleError(f"There is no encoder {path}; save_encoder writes one.")
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as e:
            raise BundleError(f"{path} does not hold an encoder: {str(e)[:300]}") from None
        names = block_of(self.dls).tokens.names
        state = saved["encoder"] if "vocab" in saved else from_fastai(saved)
        if "vocab" in saved and tuple(saved["vocab"]) != names and "encoder.weight" in state:
            state = self._moved(LanguageWeights(_under(state), saved["vocab"], str(path), ""), names)
        try:
            self._encoder.load_state_dict(state)
        except RuntimeError as e:
            raise BundleError(f"{path} is not of this architecture: {str(e)[:300]}") from None
        self.freeze()
        return self

    def load_pretrained(self, files: Any = None, backwards: bool = False) -> TextLearner:
        """Put a pretrained language model into the encoder, and into the decoder where there is one; freeze all but the end."""
        assert self.model_spec is not None
        arch = "gpt" if type(self.model_spec.encoder).__name__ == "GPTSpec" else "awd_lstm"  # type: ignore[attr-defined]
        have = find_language_weights(files, self.path / self.model_dir, arch, backwards)
        whole = self._moved(have, block_of(self.dls).tokens.names, keep=hasattr(self.model, "activations"))
        try:
            if hasattr(self.model, "activations"):
                self.model.load_state_dict(whole)
            else:
                self._encoder.load_state_dict(whole)
        except RuntimeError as e:
            raise ArchError(
                f"The weights of {have.source} are not of this architecture: {str(e)[:300]}"
            ) from None
        self.facts |= {"weights": have.source, "licence": have.licence}
        self.freeze()
        return self

    def _moved(self, have: LanguageWeights, names: tuple[str, ...], keep: bool = False) -> dict[str, Tensor]:
        """The tensors for the tokens `names`: all with `keep`, else those of the encoder."""
        state, n_known = matched(have, names)
        rest = "" if n_known == len(names) else "; the others begin with the mean of all"
        note(f"{n_known:,} of {len(names):,} tokens are known to {have.source}{rest}")
        return state if keep else {k[2:]: v for k, v in state.items() if k.startswith("0.")}

    def fit_head(self, C: float | None = None) -> float | None:
        """Fit the head as a logistic regression on what the frozen encoder says of each text: for few labels, in seconds.

        See `tipoff.text.probe`. Returns the accuracy on the validation texts, which fine-tuning has to beat.
        """
        return fit_head(self, C)

    def show_results(
        self,
        ds_idx: int = 1,
        dl: Any = None,
        max_n: int = 6,
        shuffle: bool = False,
        trunc_at: int = 150,
        **_: Any,
    ) -> None:
        """A table of texts, truths and answers."""
        source, tokens = in_order(self, ds_idx, dl), block_of(self.dls).tokens
        batch = source.finish(self.engine.to_device(next(iter(source.batches(0)))), 0)
        self.model.eval()
        _forget(self.model)
        with torch.no_grad():
            probs = self.target.activation(self.model(*batch.x).float()).cpu()
        rows = []
        for i in range(min(max_n, batch.size)):
            words = " ".join(tokens.tokens(batch.x[0][i].tolist())[:trunc_at])
            answer = self.target.decode(
                self.target.decide(probs[i][None])[0][:trunc_at]
                if probs.ndim == 3
                else self.target.decide(probs[i][None])[0]
            )
            truth = [self.target.decode(batch.y[0][i].cpu())] if batch.y else []
            rows.append([words, *truth, answer])
        show_texts(["text", *(["truth"] if batch.y else []), "answer"], rows)


class LMLearner(TextLearner):
    """A `TextLearner` of a language model: `predict` goes on with a text."""

    def predict(  # type: ignore[override]
        self,
        text: str,
        n_words: int = 1,
        no_unk: bool = True,
        temperature: float = 1.0,
        min_p: float | None = None,
        no_bar: bool = False,
        only_last_word: bool = False,
        *,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> str:
        """`text` and `n_words` tokens more: see `tipoff.text.generate.continue_text`.

        `no_bar` and `only_last_word` are taken for fastai's sake: there is no bar, and each token is read once.
        """
        return continue_text(
            self.predictor(), text, n_words, no_unk=no_unk, temperature=temperature, top_k=top_k, top_p=top_p,
            min_p=min_p, seed=seed,
        )  # fmt: skip

    @torch.no_grad()
    def validate(self, ds_idx: int = 1, dl: Any = None) -> list[float]:
        """[loss, *metrics] over all tokens, in the order of the texts."""
        source = in_order(self, ds_idx, dl)
        self.model.eval()
        _forget(self.model)
        for metric in self.metrics:
            metric.reset()
        total, n = torch.zeros((), device=self.dls.device, dtype=torch.float64), 0
        for raw in source.batches(0):
            batch = source.finish(self.engine.to_device(raw), 0)
            with self.engine.autocast():
                pred = self.model(*batch.x)
                loss = self.loss_func(pred, *batch.y)
            total += loss.double() * batch.y[0].numel()
            n += batch.y[0].numel()
            for metric in self.metrics:
                metric.update(pred, *batch.y)
        _forget(self.model)
        return [float(total / n), *(m.compute() for m in self.metrics)]

    def get_preds(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        raise UsageError(
            "The probabilities of every token at every place of the texts would not fit into memory: use validate() for "
            "figures, predict() to go on with a text, or learn.model on a batch."
        )


def _under(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"0.{k}": v for k, v in state.items()}


def _forget(net: Any) -> None:
    if hasattr(net, "reset"):
        net.reset()


def block_of(dls: DataLoaders) -> TextField:
    """The block for texts of these data loaders."""
    block = dls.plan.inputs[0] if dls.plan is not None else None
    if not isinstance(block, TextField):
        raise UsageError("These DataLoaders are not of texts: make them with TextDataLoaders or a TextBlock.")
    return block


def language_model_learner(
    dls: DataLoaders,
    arch: Any = "awd_lstm",
    config: dict[str, Any] | None = None,
    drop_mult: float = 1.0,
    backwards: bool = False,
    pretrained: bool = True,
    pretrained_fnames: Any = None,
    loss_func: Callable[..., Tensor] | None = None,
    opt_func: Callable[..., Any] = Adam,
    lr: float = 0.001,
    splitter: Any = None,
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
        precision=auto_precision(dls.device) if precision == "auto" else precision,
    )  # fmt: skip
    if pretrained and is_ours(arch):
        learn.load_pretrained(pretrained_fnames, backwards or block.backwards)
    elif pretrained:
        learn.freeze()
    return learn


def text_classifier_learner(
    dls: DataLoaders,
    arch: Any = "awd_lstm",
    seq_len: int = 72,
    config: dict[str, Any] | None = None,
    backwards: bool = False,
    pretrained: bool = True,
    drop_mult: float = 0.5,
    n_out: int | None = None,
    lin_ftrs: Any = None,
    ps: Any = None,
    max_len: int | None = 72 * 20,
    y_range: tuple[float, float] | None = None,
    loss_func: Callable[..., Tensor] | None = None,
    opt_func: Callable[..., Any] = Adam,
    lr: float = 0.001,
    splitter: Any = None,
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
    checkpointing: bool = False,
    precision: str = "auto",
) -> TextLearner:
    """A learner of a text classifier on an encoder: `AWD_LSTM`, `"gpt"`, or any model of `transformers`, such as `"minilm"`.

    Ours read a text in windows of `seq_len` tokens and pool its last `max_len`; those of `transformers` read its first
    `max_len` tokens, or as many as they can, and have one group of layers for each of theirs. Everything but the head is
    frozen to begin with where it is pretrained. Raises `ArchError` where there are no weights.

    >>> learn = text_classifier_learner(dls, "minilm", metrics="accuracy")  # doctest: +SKIP
    """
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
        spec, model, dls = _pooled(arch, dls, config, pretrained, max_len, made, facts)
    learn = TextLearner(
        dls, model, 0.0, 0.0, moms, loss_func=loss_func, opt_func=opt_func, lr=lr,
        splitter=splitter or spec.splitter, cbs=cbs, metrics=metrics, path=path,
        model_dir=model_dir, wd=wd, wd_bn_bias=wd_bn_bias, train_bn=train_bn, model_spec=spec, facts=facts,
        precision=auto_precision(dls.device) if precision == "auto" else precision,
    )  # fmt: skip
    if pretrained and is_ours(arch):
        learn.load_pretrained(pretrained_fnames, backwards or block.backwards)
    elif pretrained:
        learn.freeze()
    return learn


def _facts(arch: Any) -> dict[str, Any]:
    return {"arch": str(name_of(arch)), "weights": "none: trained from the beginning"}


def _configured(
    arch: Any, block: TextField, config: dict[str, Any] | None, pretrained: bool, facts: dict[str, Any]
) -> tuple[Any, Any]:
    """Where the transformer comes from, and its configuration for this vocabulary."""
    found = find(arch)
    made, n = t.config_of(found), len(block.tokens.names)
    for key, value in (config or {}).items():
        setattr(made, key, value)
    if not pretrained:
        made.vocab_size, made.pad_token_id = n, block.tokens.pad_id
    elif block.tokens.kind != "given" or n > made.vocab_size:
        raise UsageError(
            f"{name_of(arch)} was trained on tokens of its own: make the DataLoaders with "
            f"tok_tfm=pretrained_tokenizer({str(arch)!r})."
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
    head: tuple[Any, ...],
    facts: dict[str, Any],
) -> tuple[t.TransformerClassifier, nn.Module, DataLoaders]:
    block, (outs, lin_ftrs, ps, y_range, checkpointing) = block_of(dls), head
    found, made = _configured(arch, block, config, pretrained, facts)
    limit = min((n for n in (t.n_positions(made), max_len, block.max_len) if n is not None), default=None)
    if dls.plan is not None and (limit != block.max_len or block.pads_first):
        dls = dls.with_plan(dls.plan.replace(inputs=(block.replace(max_len=limit, pad_first=False),)))
    spec = t.TransformerClassifier(
        t.written(made), outs, block.tokens.pad_id, "last" if t.reads_left_to_right(made) else "mean",
        tuple(lin_ftrs or ()), 0.1 if ps is None else ps, y_range, checkpointing,
    )  # fmt: skip
    return spec, spec.build_pretrained(found) if pretrained else spec.build(), dls
