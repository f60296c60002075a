"""`from tipoff.vision.all import *`: what the cells of the course about images expect.

For notebooks only; a program imports what it uses. Nothing here is new, and nothing is patched.
"""

from typing import TYPE_CHECKING

from PIL import Image
from torchvision.models import (
    alexnet,
    densenet121,
    densenet161,
    densenet169,
    densenet201,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    squeezenet1_0,
    squeezenet1_1,
    vgg11_bn,
    vgg13_bn,
    vgg16_bn,
    vgg19_bn,
)

from tipoff import basics as _basics
from tipoff.basics import *  # noqa: F403
from tipoff.lazy import missing
from tipoff.vision import core as _vision_core
from tipoff.vision import data as _vision_data
from tipoff.vision import models
from tipoff.vision import utils as _vision_utils
from tipoff.vision.augment import Brightness, Contrast, Normalize, aug_transforms
from tipoff.vision.body import create_body
from tipoff.vision.core import *  # noqa: F403
from tipoff.vision.data import *  # noqa: F403
from tipoff.vision.geometry import Dihedral, Flip, Rotate, Warp, Zoom
from tipoff.vision.head import create_head
from tipoff.vision.learner import cnn_learner, vision_learner
from tipoff.vision.models import xresnet as _vision_models_xresnet
from tipoff.vision.models.xresnet import *  # noqa: F403
from tipoff.vision.resize import FlipItem, PadMode, RandomResizedCrop, Resize, ResizeMethod
from tipoff.vision.utils import *  # noqa: F403

__all__ = [
    "Brightness",
    "Contrast",
    "Dihedral",
    "Flip",
    "FlipItem",
    "Image",
    "Normalize",
    "PadMode",
    "RandomResizedCrop",
    "Resize",
    "ResizeMethod",
    "Rotate",
    "Warp",
    "Zoom",
    "alexnet",
    "aug_transforms",
    "cnn_learner",
    "create_body",
    "create_head",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "models",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11_bn",
    "vgg13_bn",
    "vgg16_bn",
    "vgg19_bn",
    "vision_learner",
]
__all__ += _basics.__all__
__all__ += _vision_core.__all__
__all__ += _vision_data.__all__
__all__ += _vision_models_xresnet.__all__
__all__ += _vision_utils.__all__

if not TYPE_CHECKING:
    __getattr__ = missing(__name__, __all__)
