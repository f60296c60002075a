"""What learners of texts can do beyond others: encoders, pretrained weights, going on with a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from tipoff.bundle.file import Bundle
from tipoff.bundle.parts import CALLBACKS
from tipoff.data.dataloaders import DataLoaders
from tipoff.errors import ArchError, BundleError, UsageError
from tipoff.lazy import attach
from tipoff.learner.learner import Learner
from tipoff.learner.named import as_named
from tipoff.learner.predictions import in_order
from tipoff.learner.recipe import Recipe, older
from tipoff.near import names_keywords
from tipoff.notes import note
from tipoff.text.awd_weights import LanguageWeights, find_language_weights, from_fastai, matched
from tipoff.text.callbacks import RNNRegularizer, rnn_cbs
from tipoff.text.dls import TextLoaders
from tipoff.text.field import TextField
from tipoff.text.generate import continue_text
from tipoff.text.probe import fit_head
from tipoff.text.show import show_texts
from tipoff.train.checkpoint import write_checkpoint

Moms = tuple[float, float, float]
MOMS: Moms = (0.8, 0.7, 0.8)


class TextLearner(Learner):
    """A `Learner` whose model may remember from batch to batch; `alpha` and `beta` are those of `RNNRegularizer`."""

    dls_class: ClassVar[type[DataLoaders]] = TextLoaders
    penalties: ClassVar[tuple[float, float]] = (0.0, 0.0)  # of `RNNRegularizer`, in `text_classifier_learner`

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

    @classmethod
    def usual(cls, bundle: Bundle) -> Recipe:
        penalty = as_named(RNNRegularizer(*cls.penalties), CALLBACKS)
        assert penalty is not None
        return older(bundle, Recipe(moms=MOMS, callbacks=(penalty,)))

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

    @names_keywords()
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

    penalties: ClassVar[tuple[float, float]] = (2.0, 1.0)

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
        objective = self.objective()
        loss_sum, weight_sum = 0.0, 0.0
        for raw in source.batches(0):
            batch = source.finish(self.engine.to_device(raw), 0)
            with self.engine.autocast():
                pred = self.model(*batch.x)
                total, weight = objective.sum_of(objective.loss(pred, batch), batch)
            loss_sum, weight_sum = loss_sum + float(total), weight_sum + float(weight)
            for metric in self.metrics:
                metric.update(pred, *batch.y)
        _forget(self.model)
        return [loss_sum / weight_sum, *(m.compute() for m in self.metrics)]

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


# fastai's users look for these here; their module imports this one
__getattr__, _, _LATER = attach(
    __name__, {"tipoff.text.factories": ("language_model_learner", "text_classifier_learner")}
)
__all__ = ["LMLearner", "TextLearner", *_LATER]
