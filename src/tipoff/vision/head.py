"""What turns feature maps into answers."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from tipoff.nn.layers import AdaptiveConcatPool2d, SigmoidRange, lin_bn_drop


def create_head(
    nf: int,
    n_out: int,
    lin_ftrs: Sequence[int] | None = None,
    ps: float | Sequence[float] = 0.5,
    pool: bool = True,
    concat_pool: bool = True,
    first_bn: bool = True,
    bn_final: bool = False,
    lin_first: bool = False,
    y_range: tuple[float, float] | None = None,
) -> nn.Sequential:
    """fastai's head: pooling, then layers of batch norm, dropout and linear; (B, nf, H, W) -> (B, n_out).

    `lin_ftrs` are the widths between, [512] where not given; `ps` the dropout of the last layer, half of it
    before, or one value a layer.
    """
    if pool and concat_pool:
        nf *= 2
    widths = [nf, *([512] if lin_ftrs is None else lin_ftrs), n_out]
    drops = list(ps) if isinstance(ps, Sequence) else [ps / 2] * (len(widths) - 2) + [ps]
    acts: list[nn.Module | None] = [*(nn.ReLU(inplace=True) for _ in widths[2:]), None]
    norms = [first_bn, *(True for _ in widths[2:])]
    layers: list[nn.Module] = []
    if pool:
        layers += [AdaptiveConcatPool2d() if concat_pool else nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    if lin_first:
        layers.append(nn.Dropout(drops.pop(0)))
        norms, drops = [*norms[1:], bn_final], [*drops, 0.0]
    for n_in, n_next, bn, p, act in zip(widths[:-1], widths[1:], norms, drops, acts, strict=True):
        layers += lin_bn_drop(n_in, n_next, p, act, bn=bn, lin_first=lin_first)
    if bn_final and not lin_first:
        layers.append(nn.BatchNorm1d(n_out, momentum=0.01))
    if y_range is not None:
        layers.append(SigmoidRange(*y_range))
    head = nn.Sequential(*layers)
    for m in head.modules():
        if isinstance(m, nn.Linear):
            nn.init.kaiming_normal_(m.weight)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    return head
