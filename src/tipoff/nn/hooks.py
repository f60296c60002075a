"""What a layer gives, or gets back as its gradient, kept to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import torch
from torch import Tensor, nn

HookFunc = Callable[[nn.Module, Any, Any], Any]


class Hook:
    """Keep in `stored` what `hook_func(module, input, output)` returns at each pass of `m`, until `remove()`.

    Args:
        m: The module.
        hook_func: Given the module, its input and its output; going back, the gradients of them.
        is_forward: Whether it is called in the forward pass; if False, in the backward pass.
        detach: Whether tensors come without the graph of their gradients.
        cpu: Whether tensors come on the CPU.

    Example:
        >>> layer = nn.Linear(2, 3)
        >>> with Hook(layer, lambda m, x, out: out.shape) as hook:
        ...     y = layer(torch.zeros(5, 2))
        >>> hook.stored
        torch.Size([5, 3])
    """

    def __init__(
        self, m: nn.Module, hook_func: HookFunc, is_forward: bool = True, detach: bool = True, cpu: bool = False
    ) -> None:
        self.hook_func, self.detach, self.cpu = hook_func, detach, cpu
        self.stored: Any = None
        self._handle = (m.register_forward_hook if is_forward else m.register_full_backward_hook)(self._keep)

    def _keep(self, module: nn.Module, before: Any, after: Any) -> None:
        self.stored = self.hook_func(module, self._plain(before), self._plain(after))

    def _plain(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(self._plain(v) for v in value)
        if not isinstance(value, Tensor):
            return value
        value = value.detach() if self.detach else value
        return value.cpu() if self.cpu else value

    def remove(self) -> None:
        """Keep nothing any more; `stored` stays."""
        self._handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooks:
    """A `Hook` of each of the modules `ms`; `stored` lists what they keep. Other arguments are those of `Hook`."""

    def __init__(
        self,
        ms: Iterable[nn.Module],
        hook_func: HookFunc,
        is_forward: bool = True,
        detach: bool = True,
        cpu: bool = False,
    ) -> None:
        self.hooks = [Hook(m, hook_func, is_forward, detach, cpu) for m in ms]

    @property
    def stored(self) -> list[Any]:
        return [hook.stored for hook in self.hooks]

    def __getitem__(self, i: int) -> Hook:
        return self.hooks[i]

    def __len__(self) -> int:
        return len(self.hooks)

    def __iter__(self) -> Iterator[Hook]:
        return iter(self.hooks)

    def remove(self) -> None:
        """Remove all of them."""
        for hook in self.hooks:
            hook.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _output(module: nn.Module, before: Any, after: Any) -> Any:
    return after


def hook_output(module: nn.Module, detach: bool = True, cpu: bool = False, grad: bool = False) -> Hook:
    """A hook that keeps the output of `module`; with `grad`, the gradients of its outputs, as a tuple.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> with hook_output(net[0]) as hook:
        ...     y = net(torch.ones(4, 2))
        >>> torch.equal(hook.stored.relu(), y)
        True
    """
    return Hook(module, _output, not grad, detach, cpu)


def hook_outputs(
    modules: Iterable[nn.Module], detach: bool = True, cpu: bool = False, grad: bool = False
) -> Hooks:
    """As `hook_output`, of each of the modules."""
    return Hooks(modules, _output, not grad, detach, cpu)


def has_params(m: nn.Module) -> bool:
    """Whether there is a parameter in the module."""
    return next(m.parameters(), None) is not None


def total_params(m: nn.Module) -> tuple[int, bool]:
    """How many parameters the module has, and whether the first of them learns.

    Example:
        >>> total_params(nn.Linear(2, 3))
        (9, True)
    """
    every = list(m.parameters())
    return sum(p.numel() for p in every), bool(every) and every[0].requires_grad


def model_sizes(m: nn.Sequential, size: tuple[int, int] = (64, 64)) -> list[torch.Size]:
    """The shape of what each child of `m` gives for one image of `size`, with as many channels as its first layer takes.

    Example:
        >>> model_sizes(nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.Flatten()), (8, 8))
        [torch.Size([1, 8, 4, 4]), torch.Size([1, 128])]
    """
    first = next(p for p in m.parameters() if p.ndim > 1)
    was_training = m.training
    try:
        with hook_outputs(m, detach=True) as hooks, torch.no_grad():
            m.eval()(first.new_zeros(1, first.shape[1], *size))
    finally:
        m.train(was_training)
    return [out.shape for out in hooks.stored]


def num_features_model(m: nn.Sequential) -> int:
    """How many channels the last child of `m` gives for an image."""
    return model_sizes(m)[-1][1]
