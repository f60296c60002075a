"""The small transformer: what it may look at, and positions, against plain formulas."""

import torch

from tipoff.nn.gpt import GPT, rotary, turned

V = 30


def net(**options):
    torch.manual_seed(0)
    return GPT(V, 32, 2, 4, **options)


def test_no_position_knows_what_comes_after():
    model = net().eval()
    words = torch.randint(0, V, (2, 9))
    other = words.clone()
    other[:, 6:] = (other[:, 6:] + 1) % V
    a, b = model(words), model(other)
    torch.testing.assert_close(a[:, :6], b[:, :6])
    assert not torch.allclose(a[:, 6:], b[:, 6:])


def test_attention_is_softmax_of_products_with_positions_turned_in():
    layer = net().layers[0].eval()
    x = torch.randn(2, 5, 32)
    q, k, v = (layer.qkv(x).view(2, 5, 3, 4, 8).permute(2, 0, 3, 1, 4)).unbind(0)
    cos, sin = rotary(5, 8, x.device)
    scores = turned(q, cos, sin) @ turned(k, cos, sin).transpose(-1, -2) / 8**0.5
    scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf)
    want = (scores.softmax(-1) @ v).transpose(1, 2).reshape(2, 5, 32)
    torch.testing.assert_close(layer._attend(x, cos, sin)[0], want)


def test_word_by_word_after_a_text_is_said_what_is_said_of_the_whole():
    model = net().eval()
    words = torch.randint(0, V, (2, 9))
    whole, (first, past) = model(words), model.go_on(words[:, :5])
    torch.testing.assert_close(first, whole[:, :5])
    for i in range(5, 9):
        step, past = model.go_on(words[:, i : i + 1], past)
        torch.testing.assert_close(step[:, 0], whole[:, i])


def test_products_of_turned_vectors_depend_on_the_distance_alone():
    cos, sin = rotary(20, 8, torch.device("cpu"))
    q, k = torch.randn(8), torch.randn(8)
    every = turned(q.expand(1, 1, 20, 8), cos, sin)[0, 0] @ turned(k.expand(1, 1, 20, 8), cos, sin)[0, 0].T
    torch.testing.assert_close(every[3, 1], every[17, 15])
    torch.testing.assert_close(every[0, 0], q @ k)


def test_checkpointing_changes_no_gradient():
    words = torch.randint(0, V, (2, 6))
    grads = []
    for kept in (False, True):
        model = net(checkpointing=kept, input_p=0.0, hidden_p=0.0).train()
        model(words).square().sum().backward()
        grads.append([p.grad for p in model.parameters()])
    for a, b in zip(*grads):
        torch.testing.assert_close(a, b)


def test_the_residual_stream_begins_about_as_large_as_one_layer():
    model = GPT(V, 64, 12, 4).eval()
    assert float(model.layers[0].proj.weight.detach().std()) < 0.02 / 4
