"""Networks for texts: `fastai.text.models`."""

from typing import TYPE_CHECKING

from tipoff.lazy import missing
from tipoff.text.models import awdlstm as _awdlstm
from tipoff.text.models import core as _core
from tipoff.text.models.awdlstm import *  # noqa: F403
from tipoff.text.models.core import *  # noqa: F403

__all__: list[str] = []
__all__ += _awdlstm.__all__
__all__ += _core.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
