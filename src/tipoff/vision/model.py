"""The network of an image classifier, as a value: built from a few words, with or without its weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short

from torch import Tensor, nn

from tipoff.arguments import need_number, need_numbers
from tipoff.errors import UsageError
from tipoff.nn.fold import fold_norms
from tipoff.nn.relu6 import lean_relu6
from tipoff.spec import Spec
from tipoff.vision.arch import resolve
from tipoff.vision.body import as_body, halves, num_features
from tipoff.vision.head import create_head
from tipoff.vision.weights import Weights, find, fits


class Classifier(nn.Sequential):
    """[0] the body, [1] the head: (B, C, H, W) -> (B, n_out)."""

    def features(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, F, h, w)
        out: Tensor = self[0](x)
        return out


@dataclass(frozen=True)
class VisionModel(Spec):
    """A body by name and a head on it; the fields of the head are those of `create_head`."""

    arch: str
    n_out: int
    n_in: int = 3
    lin_ftrs: tuple[int, ...] | None = None
    ps: float | tuple[float, ...] = 0.5
    concat_pool: bool = True
    first_bn: bool = True
    bn_final: bool = False
    lin_first: bool = False
    y_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for i, p in enumerate(self.ps if isinstance(self.ps, tuple) else (self.ps,)):
            need_number(f"ps[{i}]" if isinstance(self.ps, tuple) else "ps", p, at_least=0, at_most=1)
        if self.y_range is not None:
            need_numbers("y_range", self.y_range, 2)
        sizes = (self.n_out, self.n_in, *(self.lin_ftrs or ()))
        if not all(0 < n < 2**31 for n in sizes) or len(sizes) > 34:
            raise UsageError(
                f"No head is of these sizes: n_out={self.n_out}, n_in={self.n_in}, {short(sizes[2:])}."
            )

    def build(self) -> Classifier:
        """The network with random weights; nothing is downloaded."""
        found = resolve(self.arch)
        return self._with_head(as_body(found, found.build(), self.n_in))

    def build_pretrained(self, weights: str | Path | None = None) -> tuple[Classifier, Weights]:
        """The network with a pretrained body, and where its weights come from."""
        found = resolve(self.arch)
        net, have = found.build(), find(found, weights)
        fits(net, have.state)
        net.load_state_dict(have.state)
        return self._with_head(as_body(found, net, self.n_in)), have

    def splitter(self, net: nn.Module) -> list[list[nn.Parameter]]:
        """Three groups: the earlier half of the body, the later half, the head."""
        return vision_splitter(net)

    def fold(self, net: nn.Module) -> None:
        """Make `net` faster without changing what it says or what its tensors are called: see `nn.fold` and `nn.relu6`."""
        fold_norms(net[0], self.n_in)  # type: ignore[index]
        lean_relu6(net)

    def _with_head(self, body: nn.Module) -> Classifier:
        nf = num_features(body, self.n_in)
        head = create_head(
            nf,
            self.n_out,
            self.lin_ftrs,
            self.ps,
            concat_pool=self.concat_pool,
            first_bn=self.first_bn,
            bn_final=self.bn_final,
            lin_first=self.lin_first,
            y_range=self.y_range,
        )
        return Classifier(body, head)


def vision_splitter(model: nn.Module) -> list[list[nn.Parameter]]:
    """Three groups: the earlier half of the body, the later half, the head."""
    body, head = model.children()
    return [*halves(body), list(head.parameters())]
