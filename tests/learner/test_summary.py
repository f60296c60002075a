"""The table of a model's layers."""

import torch
from torch import nn

from tipoff.data import DataLoaders
from tipoff.learner import Learner


class Windows(nn.Module):
    """Reads a row in two halves, as a classifier of long texts does."""

    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.LSTM(1, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        for half in x[..., None].chunk(2, 1):
            seen, _ = self.rnn(half)
        return self.out(seen[:, -1])


def test_a_layer_that_is_called_twice_is_there_once_and_a_recurrent_one_has_a_shape(capsys):
    rows = [(torch.zeros(6), 0)] * 5
    learn = Learner(DataLoaders.from_dsets(rows, rows, bs=5), Windows(), loss_func=nn.CrossEntropyLoss())
    learn.summary()
    layers = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if "×" in line]
    assert layers == ["LSTM 5 × 3 × 4 112 yes", "Linear 5 × 2 10 yes"]
