"""Small data, a small network, and a learner of them."""

import torch
from torch import nn

from tipoff.callbacks.progress import Progress
from tipoff.data.dataloaders import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.learner.learner import Learner

N, FEATURES, CLASSES = 44, 6, 3


def rows(n: int = N, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Points around three centres, and which centre it is."""
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(CLASSES, (n,), generator=g)
    centres = torch.randn(CLASSES, FEATURES, generator=torch.Generator().manual_seed(99))
    return centres[y] + torch.randn(n, FEATURES, generator=g), y


def loaders(bs: int = 8, n: int = N, shuffle: bool = True, drop_last: bool = False) -> DataLoaders:
    train = Loader(TensorDataset(*rows(n)), bs, shuffle=shuffle, drop_last=drop_last, seed=7)
    return DataLoaders(train, Loader(TensorDataset(*rows(19, 1)), 8), device="cpu")


def network(dropout: float = 0.0, norm: bool = True) -> nn.Sequential:
    torch.manual_seed(3)
    middle = [nn.BatchNorm1d(8)] if norm else []
    return nn.Sequential(
        nn.Linear(FEATURES, 8), *middle, nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, CLASSES)
    )


def learner(dls: DataLoaders | None = None, model: nn.Module | None = None, **kwargs) -> Learner:
    kwargs.setdefault("loss_func", nn.CrossEntropyLoss())
    learn = Learner(dls or loaders(), model or network(), **kwargs)
    learn.remove_cb(Progress)
    return learn


def weights(learn: Learner) -> torch.Tensor:
    return torch.cat([v.flatten().double() for v in learn.model.state_dict().values()])
