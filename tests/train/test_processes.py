"""Figures over several processes, as a real group of them computes: each sees an uneven share of the items."""

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from tipoff.data import DataLoaders
from tipoff.data.dataset import TensorDataset
from tipoff.data.loader import Loader
from tipoff.learner import Learner

METRICS = ["accuracy", "f1_score", "roc_auc_binary", "balanced_accuracy", "matthews_corrcoef"]
SHARES = [slice(0, 37), slice(37, 50)]


def figures(share: slice) -> list[float]:
    g = torch.Generator().manual_seed(0)
    x, y = torch.randn(50, 4, generator=g), torch.randint(0, 2, (50,), generator=g)
    net = torch.nn.Linear(4, 2)
    with torch.no_grad():
        net.weight.copy_(torch.randn(2, 4, generator=g))
        net.bias.zero_()
    data = TensorDataset(x[share], y[share])
    dls = DataLoaders(Loader(data, 8, shuffle=True), Loader(data, 8), device="cpu")
    learn = Learner(dls, net, loss_func=torch.nn.functional.cross_entropy, metrics=METRICS)
    with learn.no_bar():
        learn.fit(1, 0.0)
    return learn.recorder.values[-1]


def work(rank: int, address: str, out: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{address}", rank=rank, world_size=len(SHARES))
    torch.save(figures(SHARES[rank]), f"{out}/{rank}.pt")
    dist.destroy_process_group()


def test_figures_of_two_processes_are_those_of_all_items(tmp_path):
    mp.spawn(work, args=(str(tmp_path / "meet"), str(tmp_path)), nprocs=len(SHARES))
    wanted = figures(slice(0, 50))
    for rank in range(len(SHARES)):
        got = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert torch.allclose(torch.tensor(got), torch.tensor(wanted), atol=1e-5), (got, wanted)
