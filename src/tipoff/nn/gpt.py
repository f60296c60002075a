"""A small transformer that reads from left to right: a GPT as they are built today.

Rotary positions (Su et al. 2021), RMS norms before each part (Zhang and Sennrich 2019), gated linear units (Shazeer 2020),
attention by PyTorch's own kernel, no biases.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

# B batch, T steps, C channels, N heads, H size of a head

Past = tuple[Tensor, Tensor]  # keys, turned, and values of what came before: (B, N, T, H) each


def rotary(n_steps: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:  # -> (T, H / 2) each
    """Cosines and sines of the angles by which each pair of numbers is turned at each position."""
    speed = 10000.0 ** -(torch.arange(0, size, 2, device=device) / size)
    angle = torch.outer(torch.arange(n_steps, device=device), speed)
    return angle.cos(), angle.sin()


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # (B, N, T, H)
    """`x` with each pair of numbers (h, h + H / 2) turned by the angle of its position."""
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1).to(x.dtype)


class Layer(nn.Module):
    """Attention over what came before, then a network on each position; both are added to what came in."""

    def __init__(self, emb_sz: int, n_heads: int, hidden_p: float) -> None:
        super().__init__()
        self.n_heads, self.p = n_heads, hidden_p
        wide = (
            -(-emb_sz * 8 // 3 // 64) * 64
        )  # two thirds of four times the width, as gated units have a third matrix
        self.norm1, self.norm2 = nn.RMSNorm(emb_sz), nn.RMSNorm(emb_sz)
        self.qkv = nn.Linear(emb_sz, 3 * emb_sz, bias=False)
        self.proj = nn.Linear(emb_sz, emb_sz, bias=False)
        self.up = nn.Linear(emb_sz, 2 * wide, bias=False)
        self.down = nn.Linear(wide, emb_sz, bias=False)
        self.drop = nn.Dropout(hidden_p)

    def forward(self, x_BTC: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        return self.go_on(x_BTC, cos, sin)[0]

    def go_on(self, x_BTC: Tensor, cos: Tensor, sin: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """What `forward` says after `past`, of one step, or of several where there is none; and what the next is after."""
        seen, past = self._attend(self.norm1(x_BTC), cos, sin, past)
        x: Tensor = x_BTC + self.drop(self.proj(seen))
        gate, value = self.up(self.norm2(x)).chunk(2, -1)
        return x + self.drop(self.down(F.silu(gate) * value)), past

    def _attend(
        self, x_BTC: Tensor, cos: Tensor, sin: Tensor, past: Past | None = None
    ) -> tuple[Tensor, Past]:
        q, k, v = self.qkv(x_BTC).unflatten(-1, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        k = turned(k, cos, sin)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        p = self.p if self.training else 0.0
        out = F.scaled_dot_product_attention(turned(q, cos, sin), k, v, dropout_p=p, is_causal=past is None)
        return out.transpose(1, 2).flatten(2), (k, v)


class GPT(nn.Module):
    """Word numbers to what is known at each position of it and what came before: (B, T) -> (B, T, emb_sz).

    Every call is a text of its own. With `checkpointing`, activations are computed again for the backward pass instead of
    being kept (Chen et al. 2016).
    """

    def __init__(
        self,
        vocab_sz: int,
        emb_sz: int = 384,
        n_layers: int = 6,
        n_heads: int = 6,
        pad_token: int = 1,
        input_p: float = 0.1,
        hidden_p: float = 0.1,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        self.emb_sz, self.n_layers, self.n_heads, self.pad_token = emb_sz, n_layers, n_heads, pad_token
        self.checkpointing = checkpointing
        self.encoder = nn.Embedding(vocab_sz, emb_sz, padding_idx=pad_token)
        self.input_dp = nn.Dropout(input_p)
        self.layers = nn.ModuleList(Layer(emb_sz, n_heads, hidden_p) for _ in range(n_layers))
        self.norm = nn.RMSNorm(emb_sz)
        self.apply(_init)
        for layer in self.layers:  # so that the sum over all layers begins as large as one (GPT-2)
            for last in (layer.proj, layer.down):
                nn.init.normal_(last.weight, std=0.02 / (2 * n_layers) ** 0.5)  # type: ignore[arg-type,union-attr]

    def forward(self, words: Tensor, from_embeds: bool = False) -> Tensor:  # (B, T), or (B, T, C) embeddings
        x = self.input_dp(words if from_embeds else self.encoder(words))
        cos, sin = rotary(x.shape[1], self.emb_sz // self.n_heads, x.device)
        for layer in self.layers:
            if self.checkpointing and self.training:
                x = checkpoint(layer, x, cos, sin, use_reentrant=False)
            else:
                x = layer(x, cos, sin)
        out: Tensor = self.norm(x)
        return out

    def go_on(
        self, words: Tensor, past: list[Past] | None = None
    ) -> tuple[Tensor, list[Past]]:  # (B, T) -> (B, T, C)
        """What `forward` says of `words` after those that `past` holds, and what the next word is after.

        Each word is read once: first the text that there is, then word by word.
        """
        x = self.input_dp(self.encoder(words))
        before = 0 if past is None else past[0][0].shape[2]
        cos, sin = (t[before:] for t in rotary(before + x.shape[1], self.emb_sz // self.n_heads, x.device))
        now: list[Past] = []
        for i, layer in enumerate(self.layers):
            x, kept = layer.go_on(x, cos, sin, None if past is None else past[i])  # type: ignore[operator]
            now.append(kept)
        return self.norm(x), now


def _init(m: nn.Module) -> None:
    if isinstance(m, (nn.Linear, nn.Embedding)):
        nn.init.normal_(m.weight, std=0.02)
