"""What the models of this room have in common: which learner belongs to them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar

from tipoff.spec import Spec


@dataclass(frozen=True)
class TextModel(Spec):
    """A network as a value. `learner` names its class in `tipoff.text.learner`, which serving never imports."""

    learner: ClassVar[str] = "TextLearner"

    def learner_class(self) -> type[Any]:
        """The learner that `load_learner` makes of it."""
        made: type[Any] = getattr(importlib.import_module("tipoff.text.learner"), self.learner)
        return made
