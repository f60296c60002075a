"""Go on with a text: one token after the other, drawn from what a language model says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tipoff.data.plan import Plan
from tipoff.errors import UsageError
from tipoff.text.field import TextField
from tipoff.text.rules import TK_MAJ, TK_REP, TK_UP, TK_WREP
from tipoff.text.tokenizer import Tokenizer


class Answering(Protocol):
    """What `load_predictor` gives: a plan, and a network in evaluation mode."""

    plan: Plan
    net: nn.Module
    device: torch.device


def chances(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> Tensor:  # (V,) -> (V,)
    """Probabilities to draw from.

    `temperature` below 1 favours the likely, 0 takes the likeliest. `top_k` keeps the k likeliest (Fan et al. 2018), `top_p`
    the fewest that together have this probability (Holtzman et al. 2020), `min_p` those with at least this share of the
    probability of the likeliest (Nguyen et al. 2024).

    >>> chances(torch.tensor([1.0, 0.0, -1.0]), top_k=1)
    tensor([1., 0., 0.])
    """
    if temperature < 0:
        raise UsageError(f"temperature={temperature}; it must not be negative.")
    for name, share in (("top_p", top_p), ("min_p", min_p)):
        if share is not None and not 0 < share <= 1:
            raise UsageError(f"{name}={share}; it lies in (0, 1].")
    if top_k is not None and top_k < 1:
        raise UsageError(f"top_k={top_k}; at least one token must be left.")
    logits = logits.float()
    if temperature == 0:
        return torch.zeros_like(logits).index_fill_(0, logits.argmax(), 1.0)
    prob = (logits / temperature).softmax(-1)
    if min_p is not None:
        prob = prob.where(prob >= min_p * prob.max(), 0.0)
    if top_k is not None:
        kept = prob.topk(min(top_k, len(prob)))[1]
        prob = torch.zeros_like(prob).index_copy_(0, kept, prob[kept])
    if top_p is not None:
        most, at = prob.sort(descending=True, stable=True)
        before = most.cumsum(0) - most
        prob = torch.zeros_like(prob).index_copy_(0, at, most.where(before < top_p * most.sum(), 0.0))
    return prob / prob.sum()


@torch.inference_mode()
def drawn(
    net: nn.Module,
    ids: Tensor,
    banned: Callable[[int], Tensor],
    rng: torch.Generator,
    context: int | None = None,
    **how: Any,
) -> Iterator[int]:  # ids: (T,)
    """Token after token that goes on from `ids`, without end; `banned(i)` are not drawn as the i-th of them, from 0 on.

    A network that remembers (it has `hidden`, a state) reads each token once. So does one that can `go_on` from the keys and
    values of what it has read, until there are more than `context` tokens: then it reads the last three quarters of them
    again. Any other reads the last `context` tokens anew.
    """
    _forget(net)
    goes_on = getattr(net, "keeps_past", False)
    remembers = not goes_on and _has_state(net)
    text = ids if context is None or remembers else ids[-context:]
    new, past = text, None
    for i in itertools.count():
        if goes_on:
            out, past = net.go_on(new[None], past)  # type: ignore[operator]
        else:
            out = net(new[None])
        logits = out[0, -1].float()
        logits[banned(i)] = -torch.inf
        prob = chances(logits, **how)
        token = torch.multinomial(prob.cpu(), 1, generator=rng).to(ids.device)
        yield int(token)
        if remembers:
            new = token
            continue
        text = new = torch.cat([text, token])
        if context is not None and len(text) > context:
            text = new = text[-max(1, 3 * context // 4) :] if goes_on else text[-context:]
            past = None
        elif goes_on:
            new = token


def continue_text(
    model: Answering,
    text: str,
    n_words: int = 1,
    *,
    no_unk: bool = True,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    seed: int | None = None,
) -> str:
    """`text` and `n_words` tokens more. With a `seed`, the same each time.

    The text itself is given back as it was written, words that the model does not know included; marks of the beginning,
    the end, fields and padding are not drawn, nor, with `no_unk`, is the mark of unknown words. The last token is no mark
    that says how the next is written, so that nothing of what was drawn hangs in the air; one before it that cannot be
    obeyed is left out. Without a text it begins as the texts of its training did. A model that was trained backwards goes
    on at the front.

    >>> predictor = load_predictor("reviews.tipoff")  # doctest: +SKIP
    >>> continue_text(predictor, "I liked this movie because", 40, temperature=0.75)  # doctest: +SKIP
    """
    block = model.plan.inputs[0]
    if not isinstance(block, TextField) or not block.is_lm:
        raise UsageError("This model was not trained to go on with texts: use a language model.")
    if n_words < 0:
        raise UsageError(f"n_words={n_words}; it must not be negative.")
    tokens = block.tokens
    ids = tokens.encode(text).tolist() if text.strip() else []
    ends = {tokens.eos_id, tokens.pad_id} - {tokens.bos_id}
    while ids and ids[-1] in ends:  # added by tokenizers that close each text
        ids.pop()
    ids = ids or [next((i for i in (tokens.bos_id, tokens.eos_id) if i is not None), 0)]
    start = torch.tensor(ids[::-1] if block.backwards else ids, device=model.device)
    banned = _banned(tokens, n_words, no_unk, block.backwards, model.device)
    rng = torch.Generator()
    rng.manual_seed(seed) if seed is not None else rng.seed()
    limit = getattr(model.net, "limit", None) or block.seq_len
    stream = drawn(
        model.net, start, banned, rng, limit, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p
    )
    new = [next(stream) for _ in range(n_words)]
    stream.close()  # type: ignore[attr-defined]
    _forget(model.net)
    if block.backwards:
        return f"{tokens.decode(new[::-1])} {text}".strip() if new else text
    whole, known = tokens.decode(ids + new), tokens.decode(ids)
    more = whole[len(known) :] if whole.startswith(known) else f" {tokens.decode(new)}"
    return text + (more.lstrip() if text.endswith(" ") else more)


def _banned(
    tokens: Tokenizer, n: int, no_unk: bool, backwards: bool, device: torch.device
) -> Callable[[int], Tensor]:
    """What may not be drawn as the i-th of `n` tokens: what is no text, and marks that there is no room to obey."""
    never = {i for i in tokens.special_ids if no_unk or i != tokens.unk_id}
    before_two, before_one = _numbers(tokens, TK_REP, TK_WREP), _numbers(tokens, TK_MAJ, TK_UP)
    last = never | before_two | before_one
    at = [
        torch.tensor(sorted(kept), dtype=torch.long, device=device)
        for kept in (never, never | before_two, last)
    ]

    def banned(i: int) -> Tensor:
        if backwards:
            return at[2 if i == 0 else 0]
        return at[max(0, 3 - n + i)]

    return banned


def _numbers(tokens: Tokenizer, *names: str) -> set[int]:
    return {i for name in names if (i := tokens.id_of(name)) is not None}


def _has_state(net: nn.Module) -> bool:
    return any(hasattr(m, "hidden") for m in net.modules())


def _forget(net: Any) -> None:
    if hasattr(net, "reset"):
        net.reset()
