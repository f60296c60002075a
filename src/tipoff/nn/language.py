"""What is put on a text encoder: a decoder to words, or pooling over a whole document and a head."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tipoff.nn.dropout import RNNDropout
from tipoff.nn.layers import SigmoidRange, lin_bn_drop

# B batch, T steps, C channels, V words


class LinearDecoder(nn.Module):
    """(B, T, C) -> (B, T, V). Without weights of its own where it shares those of the embedding (Press and Wolf 2017)."""

    def __init__(
        self, n_out: int, n_hid: int, output_p: float = 0.1, tie_weights: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.output_dp = RNNDropout(output_p)
        own = None if tie_weights else nn.Parameter(torch.empty(n_out, n_hid).uniform_(-0.1, 0.1))
        self.weight: nn.Parameter | None
        self.bias: nn.Parameter | None
        self.register_parameter("weight", own)
        self.register_parameter("bias", nn.Parameter(torch.zeros(n_out)) if bias else None)
        self.dropped: Tensor | None = None

    def forward(self, x: Tensor, shared: Tensor) -> Tensor:
        x = self.output_dp(x)
        self.dropped = x if self.training else None
        return F.linear(x, shared if self.weight is None else self.weight, self.bias)


class LanguageModel(nn.Sequential):
    """[0] an encoder, [1] a `LinearDecoder`: (B, T) word numbers -> (B, T, V), what the next word is at each position."""

    def __init__(self, encoder: nn.Module, decoder: LinearDecoder) -> None:
        super().__init__(encoder, decoder)

    def forward(self, words: Tensor) -> Tensor:
        encoder: Any = self[0]
        out: Tensor = self[1](encoder(words), encoder.encoder.weight)
        return out

    @property
    def keeps_past(self) -> bool:
        """Whether `go_on` can be asked; a recurrent encoder keeps what it has read by itself."""
        return hasattr(self[0], "go_on")

    def go_on(self, words: Tensor, past: Any = None) -> tuple[Tensor, Any]:  # (B, T) -> (B, T, V)
        """What `forward` says of `words` after those that `past` holds, and what the next word is after."""
        encoder: Any = self[0]
        x, past = encoder.go_on(words, past)
        return self[1](x, encoder.encoder.weight), past

    def reset(self) -> None:
        """Forget the text before."""
        _reset(self[0])

    def activations(self) -> tuple[Tensor, Tensor] | None:
        """What the encoder gave for the last training batch, before and after the last dropout."""
        raw, dropped = getattr(self[0], "raw", None), self[1].dropped
        return None if raw is None or dropped is None else (raw, dropped)  # type: ignore[return-value]


class SentenceEncoder(nn.Module):
    """Read documents of any length in windows of `bptt` words: (B, T) -> (B, T, C), and where there is padding.

    Padding may be on either side: what is said of a document does not depend on it, nor on its neighbours. A recurrent
    encoder carries its state from window to window. Of a document longer than `max_len`, only whole windows within the
    last `max_len` words are pooled and learnt from; those before them are read all the same.
    """

    def __init__(self, bptt: int, module: nn.Module, pad_idx: int = 1, max_len: int | None = None) -> None:
        super().__init__()
        self.bptt, self.module, self.pad_idx, self.max_len = bptt, module, pad_idx, max_len

    def reset(self) -> None:
        """Forget the text before."""
        _reset(self.module)

    def forward(
        self, words: Tensor
    ) -> tuple[Tensor, Tensor]:  # -> (B, S, C), (B, S): the last S words at most
        rows, lengths, order = left_aligned(words, self.pad_idx)
        n, longest = len(rows), int(lengths[0])
        first = self._first_pooled(lengths)
        self.reset()
        outs, masks = [], []
        for at in range(0, longest, self.bptt):
            window = rows[:, at : min(at + self.bptt, longest)]
            here = int((lengths > at).sum())  # longer documents come first
            pooled = (first <= at) & (lengths > at)
            if not bool(pooled.any()):
                with torch.no_grad():
                    self.module(window[:here])
                continue
            out = self.module(window[:here])
            steps = torch.arange(at, at + window.shape[1], device=rows.device)
            masks.append((steps[None] >= lengths[:, None]) | ~pooled[:, None])
            outs.append(F.pad(out, (0, 0, 0, 0, 0, n - here)))
        back = order.argsort()
        return torch.cat(outs, 1)[back], torch.cat(masks, 1)[back]

    def _first_pooled(self, lengths: Tensor) -> Tensor:
        """Where the first window begins that is pooled: whole ones within the last `max_len` words, one at least."""
        if self.max_len is None:
            return torch.zeros_like(lengths)
        after = (lengths - self.max_len).clamp(min=0)
        last = (lengths - 1) // self.bptt
        return torch.minimum((after + self.bptt - 1) // self.bptt, last) * self.bptt


def left_aligned(
    words: Tensor, pad_idx: int
) -> tuple[Tensor, Tensor, Tensor]:  # (B, T) -> (B, T), (B,), (B,)
    """Rows with their padding moved to the end, the longest first; their lengths; and which rows they were.

    A row of nothing but padding keeps one word of it.
    """
    real = words != pad_idx
    lengths, order = real.sum(1).clamp(min=1).sort(descending=True, stable=True)
    to_left = (~real[order]).to(torch.uint8).argsort(dim=1, stable=True)
    return words[order].gather(1, to_left), lengths, order


def masked_concat_pool(out: Tensor, mask: Tensor) -> Tensor:  # (B, T, C), (B, T) of padding -> (B, 3C)
    """The last, the largest and the mean of what was said of each real word (Howard and Ruder 2018, section 3.3)."""
    real = ~mask
    steps = torch.arange(out.shape[1], device=out.device)
    last = out[torch.arange(len(out), device=out.device), (real * (steps + 1)).argmax(1)]
    mean = out.masked_fill(mask[..., None], 0).sum(1) / real.sum(1, keepdim=True).clamp(min=1)
    largest = out.masked_fill(mask[..., None], -torch.inf).amax(1)
    return torch.cat([last, largest, mean.to(out.dtype)], 1)


class PoolingLinearClassifier(nn.Module):
    """What a `SentenceEncoder` gives -> (B, n_out): concat pooling, then batch norm, dropout and linear layers.

    `dims` are the widths, from three times the encoder's to the outputs; `ps` the dropout before each layer.
    """

    def __init__(self, dims: list[int], ps: list[float], y_range: tuple[float, float] | None = None) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, p in enumerate(ps):
            act = nn.ReLU(inplace=True) if i < len(ps) - 1 else None
            layers.append(nn.Sequential(*lin_bn_drop(dims[i], dims[i + 1], p, act)))
        if y_range is not None:
            layers.append(SigmoidRange(*y_range))
        self.layers = nn.Sequential(*layers)

    def forward(self, read: tuple[Tensor, Tensor]) -> Tensor:
        out: Tensor = self.layers(masked_concat_pool(*read))
        return out


class TextClassifier(nn.Sequential):
    """[0] what reads a document, [1] a head: (B, T) word numbers -> (B, n_out)."""

    def reset(self) -> None:
        """Forget the text before."""
        _reset(self[0])

    def features(self, words: Tensor) -> Tensor:  # (B, T) -> (B, F)
        """What the head's layers are given."""
        read = self[0](words)
        return masked_concat_pool(*read) if isinstance(read, tuple) else read


def _reset(net: Any) -> None:
    if hasattr(net, "reset"):
        net.reset()
