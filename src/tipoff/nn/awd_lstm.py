"""AWD-LSTM: a language model of LSTMs with dropout wherever it can be (Merity, Keskar and Socher 2017)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from tipoff.nn.dropout import RNNDropout, embedded, table
from tipoff.nn.lstm import LSTM, State

# B batch, T steps, C channels


class AWD_LSTM(nn.Module):
    """Word numbers to what the last layer says of each position: (B, T) -> (B, T, emb_sz).

    Goes on from where the batch before ended, until `reset`; no gradient flows back into that batch. `embed_p` drops
    words, `input_p` parts of the embeddings, `weight_p` recurrent weights, `hidden_p` what goes between layers. The
    last layer is as wide as the embedding, so that a decoder can share its weights. In training, `raw` is the last
    output, for regularisation.
    """

    def __init__(
        self,
        vocab_sz: int,
        emb_sz: int = 400,
        n_hid: int = 1152,
        n_layers: int = 3,
        pad_token: int = 1,
        hidden_p: float = 0.2,
        input_p: float = 0.6,
        embed_p: float = 0.1,
        weight_p: float = 0.5,
        bidir: bool = False,
    ) -> None:
        super().__init__()
        self.emb_sz, self.n_hid, self.n_layers, self.pad_token = emb_sz, n_hid, n_layers, pad_token
        self.n_dir, self.weight_p, self.embed_p = 1 + bidir, weight_p, embed_p
        self.encoder = table(vocab_sz, emb_sz, pad_token)
        sizes = [emb_sz, *[n_hid] * (n_layers - 1), emb_sz]
        ends = list(pairwise(sizes))
        self.rnns = nn.ModuleList(LSTM(i, o // self.n_dir) for i, o in ends)
        self.reverse = nn.ModuleList(LSTM(i, o // 2) for i, o in ends if bidir)
        self.input_dp = RNNDropout(input_p)
        self.hidden_dps = nn.ModuleList(RNNDropout(hidden_p) for _ in range(n_layers))
        self.hidden: list[State] = []
        self.raw: Tensor | None = None

    def reset(self) -> None:
        """Forget what came before."""
        self.hidden, self.raw = [], None

    def forward(self, words: Tensor, from_embeds: bool = False) -> Tensor:  # (B, T), or (B, T, C) embeddings
        if not from_embeds:
            words = embedded(words, self.encoder, self.embed_p if self.training else 0.0)
        x: Tensor = self.input_dp(words)
        before, now = self._states(x), []
        for layer in range(self.n_layers):
            x, states = self._layer(layer, x, before[layer * self.n_dir : (layer + 1) * self.n_dir])
            now += states
            if layer < self.n_layers - 1:
                x = self.hidden_dps[layer](x)
        self.hidden = [(h.detach(), c.detach()) for h, c in now]
        self.raw = x if self.training else None
        return x

    def _layer(self, layer: int, x: Tensor, before: list[State]) -> tuple[Tensor, list[State]]:
        ahead, state = self.rnns[layer](x, before[0], self.weight_p)
        if not self.reverse:
            return ahead, [state]
        back, last = self.reverse[layer](x.flip(1), before[1], self.weight_p)
        return torch.cat([ahead, back.flip(1)], 2), [state, last]

    def _states(self, x: Tensor) -> list[State]:
        """The states to begin with, for as many rows as `x` has: rows that were not there begin at zero."""
        n = len(x)
        if not self.hidden:
            widths = [int(rnn.n_hid) for rnn in self.rnns for _ in range(self.n_dir)]  # type: ignore[arg-type]
            return [(x.new_zeros(n, w), x.new_zeros(n, w)) for w in widths]
        return [(_rows(h, n), _rows(c, n)) for h, c in self.hidden]


def _rows(state: Tensor, n: int) -> Tensor:
    """`state` with `n` rows: cut, or filled up with zeros."""
    more = n - len(state)
    return state[:n] if more <= 0 else torch.cat([state, state.new_zeros(more, state.shape[1])])


def awd_lstm_groups(net: AWD_LSTM) -> list[list[nn.Parameter]]:
    """The parameters of each recurrent layer; those of the embedding are not among them."""
    return [
        [p for rnn in (net.rnns[i], *net.reverse[i : i + 1]) for p in rnn.parameters()]
        for i in range(net.n_layers)
    ]
