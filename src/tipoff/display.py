"""How things are drawn: one set of colours, grids of axes, pictures. matplotlib is imported when first needed."""

from __future__ import annotations

import math
import sys
import textwrap
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import numpy as np

from tipoff.optional import need

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, INK_2, LINE, PAPER = "#211c16", "#5a5145", "#ddd5c8", "#fbf8f3"
BAR, BAR_REST, ACCENT = "#e0703a", "#cfc5b6", "#b4440f"
YES, UNSURE, NO, BLUE = "#2b6a45", "#7c5200", "#a02a20", "#1d5fa8"

STYLE: dict[str, Any] = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": INK_2,
    "axes.labelcolor": INK_2,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": INK_2,
    "ytick.color": INK_2,
    "text.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "font.size": 10,
}


def pyplot(what: str) -> Any:
    """matplotlib's pyplot, or a sentence that `what` needs it."""
    return need("matplotlib.pyplot", what, "matplotlib")


def subplots(
    nrows: int = 1,
    ncols: int = 1,
    figsize: tuple[float, float] | None = None,
    imsize: float = 3,
    suptitle: str | None = None,
    **kwargs: Any,
) -> tuple[Figure, Any]:
    """A figure with `nrows` × `ncols` axes of `imsize` inches each, in tipoff's style."""
    plt = pyplot("subplots")
    if figsize is None:
        figsize = (ncols * imsize, nrows * imsize + (0.4 if suptitle else 0))
    figure_options = {k: kwargs.pop(k) for k in ("dpi", "num", "layout") if k in kwargs}
    # outside the style: a notebook's backend sets itself up here, and must not be put back with the style
    figure = plt.figure(figsize=figsize, **figure_options)
    with plt.rc_context(STYLE):
        axes = figure.subplots(nrows, ncols, **kwargs)
    if suptitle:
        figure.suptitle(suptitle)
    return figure, axes


def shown(figure: Figure, show: bool = True) -> Figure | None:
    """Show `figure` now, in a window or under the notebook's cell; with `show=False`, return it, to be saved."""
    if not show:
        return figure
    plt = pyplot("shown")
    if plt.get_backend().lower() != "agg":
        plt.show()
    return None


def get_grid(
    n: int,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    title: str | None = None,
    imsize: float = 3,
    return_fig: bool = False,
    **kwargs: Any,
) -> Any:
    """`n` axes for pictures in a grid that is about square, the spare ones hidden.

    Returns a list of axes, and the figure before it with `return_fig`.
    """
    n = max(1, n)
    if nrows:
        ncols = ncols or math.ceil(n / nrows)
    elif ncols:
        nrows = math.ceil(n / ncols)
    else:
        nrows = max(1, int(math.sqrt(n)))
        ncols = math.ceil(n / nrows)
    assert nrows is not None and ncols is not None
    figure, axes = subplots(nrows, ncols, figsize, imsize, title, squeeze=False, **kwargs)
    flat = list(axes.flat)
    for ax in flat:
        ax.set_axis_off()
    return (figure, flat[:n]) if return_fig else flat[:n]


def as_picture(image: Any) -> np.ndarray:
    """Whatever shows a picture, as an array (H, W, 3) or (H, W) that matplotlib draws.

    Takes tensors (C, H, W) or (H, W), arrays, and Pillow pictures; numbers in [0, 1] or [0, 255].
    """
    if hasattr(image, "detach"):
        image = (
            image.detach().cpu().float().numpy()
            if image.dtype.is_floating_point
            else image.detach().cpu().numpy()
        )
    x = np.asarray(image)
    if x.ndim == 3 and x.shape[0] in (1, 3, 4) and x.shape[-1] not in (3, 4):
        x = x.transpose(1, 2, 0)
    if x.ndim == 3 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.dtype != np.uint8 and np.issubdtype(x.dtype, np.floating) and x.ndim == 3:
        x = np.clip(x, 0, 1) if float(x.max(initial=0)) <= 1.5 else np.clip(x / 255, 0, 1)
    return x


def show_image(
    im: Any,
    ax: Axes | None = None,
    figsize: tuple[float, float] | None = None,
    title: str | None = None,
    ctx: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw a picture into `ax` (or `ctx`), without axes; returns the axes."""
    ax = ax if ax is not None else ctx
    if ax is None:
        _, ax = subplots(figsize=figsize or (3, 3))
    assert ax is not None
    x = as_picture(im)
    if x.ndim == 2:
        kwargs.setdefault("cmap", "gray")
    ax.imshow(x, **kwargs)
    ax.set_axis_off()
    if title is not None:
        ax.set_title(str(title))
    return ax


def entitle(ax: Axes, text: str, color: str = INK) -> None:
    """Write `text` over a picture, each of its lines wrapped to its part of the figure, so that neighbours stay apart."""
    figure, spec = ax.get_figure(root=True), ax.get_subplotspec()
    assert figure is not None
    points = 72 * figure.get_figwidth() / (spec.get_gridspec().ncols if spec is not None else 1)
    size = STYLE["axes.titlesize"]
    width = max(12, int(0.95 * points / (0.58 * size)))  # a letter is about 0.58 of its height wide
    kept = text.replace(" %", "\u00a0%")  # a number stays with its sign
    lines = [part for line in kept.split("\n") for part in _wrapped(line, width)]
    longest = max(map(len, lines), default=1)
    ax.set_title("\n".join(lines), color=color, fontsize=size * min(1.0, width / longest))


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)


def show_images(
    ims: Any,
    nrows: int | None = None,
    ncols: int | None = None,
    titles: Any = None,
    figsize: tuple[float, float] | None = None,
    imsize: float = 3,
    suptitle: str | None = None,
    **kwargs: Any,
) -> None:
    """Draw several pictures in a grid; one row unless told otherwise."""
    ims = list(ims)
    if nrows is None and ncols is None:
        nrows = 1
    axes = get_grid(len(ims), nrows, ncols, figsize, suptitle, imsize)
    titles = [None] * len(ims) if titles is None else titles
    for im, title, ax in zip(ims, titles, axes, strict=False):
        show_image(im, ax=ax, title=title, **kwargs)


def show_frame(frame: Any) -> None:
    """Show a data frame where the user looks: HTML under the notebook's cell, text on a terminal."""
    shell = sys.modules.get("IPython")
    kernel = getattr(shell.get_ipython(), "kernel", None) if shell is not None else None
    if kernel is not None:
        from IPython.display import HTML, display

        display(HTML(frame.to_html(index=False)))  # type: ignore[no-untyped-call]
    else:
        print(frame.to_string(index=False, line_width=get_terminal_size((120, 24)).columns))
