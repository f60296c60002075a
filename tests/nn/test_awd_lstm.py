"""AWD-LSTM and what is put on it, against the same written out step by step."""

import pytest
import torch
from torch import nn

from tipoff.nn.awd_lstm import AWD_LSTM
from tipoff.nn.dropout import RNNDropout, dropout_mask, embedded
from tipoff.nn.language import (
    LanguageModel,
    LinearDecoder,
    PoolingLinearClassifier,
    SentenceEncoder,
    TextClassifier,
    left_aligned,
    masked_concat_pool,
)
from tipoff.nn.lstm import LSTM

V, E, H = 20, 6, 10


def step_by_step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """An LSTM as its formulas have it, one step after the other."""
    outs = []
    for t in range(x.shape[1]):
        i, f, g, o = (x[:, t] @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outs.append(h)
    return torch.stack(outs, 1), h, c


def lstm_inputs(seed=0, n=3, steps=7):
    torch.manual_seed(seed)
    net = LSTM(E, H)
    x, h, c = torch.randn(n, steps, E), torch.randn(n, H), torch.randn(n, H)
    return net, [t.requires_grad_() for t in (x, h, c)]


def test_the_layer_is_the_formulas():
    net, (x, h, c) = lstm_inputs()
    out, (last_h, last_c) = net(x, (h, c))
    want = step_by_step(x, h, c, *net.parameters())
    for got, expected in zip((out, last_h, last_c), want):
        torch.testing.assert_close(got, expected)


def test_in_bfloat16_outputs_and_gradients_are_those_of_the_formulas_to_its_precision():
    net, inputs = lstm_inputs(steps=20)
    weight = torch.randn(3, 20, H)

    def gradients(out, h, c):
        total = (out.float() * weight).sum() + h.float().sum() + (c.float() ** 2).sum()
        return torch.autograd.grad(total, [*inputs, *net.parameters()])

    want = gradients(*step_by_step(*inputs, *net.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        out, (h, c) = net(inputs[0], (inputs[1], inputs[2]))
    assert out.dtype is torch.bfloat16 and c.dtype is torch.float32
    for got, expected in zip(gradients(out, h, c), want):
        assert got.dtype is expected.dtype
        assert float((got - expected).norm() / expected.norm()) < 0.01


def test_in_bfloat16_frozen_weights_get_no_gradient_and_the_rest_does():
    net, (x, h, c) = lstm_inputs()
    net.weight_hh_l0.requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16):
        net(x, (h, c))[0].float().sum().backward()
    assert net.weight_hh_l0.grad is None and net.weight_ih_l0.grad.abs().sum() > 0


def test_the_whole_network_is_layers_of_formulas_that_go_on_where_they_were():
    torch.manual_seed(0)
    net = AWD_LSTM(V, E, H, 3).eval()
    words = torch.randint(0, V, (4, 12))
    parts = torch.cat([net(words[:, :5]), net(words[:, 5:])], 1)
    x = net.encoder.weight[words]
    for rnn, width in zip(net.rnns, (H, H, E)):
        x = step_by_step(x, torch.zeros(4, width), torch.zeros(4, width), *rnn.parameters())[0]
    torch.testing.assert_close(parts, x)


def test_no_gradient_flows_into_the_batch_before():
    net = AWD_LSTM(V, E, H, 2, hidden_p=0, input_p=0, embed_p=0, weight_p=0)
    net(torch.zeros(1, 3, dtype=torch.long) + 5)
    out = net(torch.zeros(1, 3, dtype=torch.long) + 7)
    out.sum().backward()
    used = net.encoder.weight.grad.abs().sum(1).nonzero().flatten()
    assert used.tolist() == [7]


def test_after_a_reset_it_knows_nothing():
    net = AWD_LSTM(V, E, H, 2).eval()
    words = torch.randint(0, V, (2, 6))
    first = net(words)
    assert not torch.equal(net(words), first)
    net.reset()
    torch.testing.assert_close(net(words), first)


def test_rows_that_leave_do_not_change_the_others():
    net = AWD_LSTM(V, E, H, 2).eval()
    words = torch.randint(0, V, (3, 8))
    net(words[:, :4])
    fewer = net(words[:2, 4:])
    net.reset()
    net(words[:, :4])
    torch.testing.assert_close(fewer, net(words[:, 4:])[:2])


def test_bidirectional_layers_read_both_ways():
    torch.manual_seed(0)
    net = AWD_LSTM(V, E, H, 2, bidir=True).eval()
    ours = nn.LSTM(E, H // 2, batch_first=True, bidirectional=True)
    for name, p in net.rnns[0].named_parameters():
        getattr(ours, name).data = p.data
        getattr(ours, f"{name}_reverse").data = getattr(net.reverse[0], name).data
    words = torch.randint(0, V, (2, 5))
    last = nn.LSTM(H, E // 2, batch_first=True, bidirectional=True)
    for name, p in net.rnns[1].named_parameters():
        getattr(last, name).data = p.data
        getattr(last, f"{name}_reverse").data = getattr(net.reverse[1], name).data
    torch.testing.assert_close(net(words), last(ours(net.encoder(words))[0])[0])


def test_weight_drop_is_one_mask_for_the_whole_batch_and_scales_what_is_left():
    net, (x, h, c) = lstm_inputs()
    net.weight_hh_l0.data.fill_(1.0)
    torch.manual_seed(0)
    out, _ = net.train()(x, (h, c), 0.5)
    torch.manual_seed(0)
    dropped = dropout_mask(net.weight_hh_l0, tuple(net.weight_hh_l0.shape), 0.5)
    assert set(dropped.unique().tolist()) == {0.0, 2.0} and 0.4 < float((dropped == 0).float().mean()) < 0.6
    weights = dict(net.named_parameters())
    want = step_by_step(
        x, h, c, weights["weight_ih_l0"], dropped, weights["bias_ih_l0"], weights["bias_hh_l0"]
    )
    torch.testing.assert_close(out, want[0])


def test_nothing_is_dropped_in_evaluation():
    net = LanguageModel(AWD_LSTM(V, E, H, 2), LinearDecoder(V, E, 0.5)).eval()
    words = torch.randint(0, V, (2, 6))
    first = net(words)
    net.reset()
    assert torch.equal(first, net(words))


def test_variational_dropout_drops_the_same_at_every_step():
    out = RNNDropout(0.5).train()(torch.ones(8, 30, 50))
    assert torch.equal(out, out[:, :1].expand_as(out))
    assert set(out.unique().tolist()) == {0.0, 2.0} and abs(float(out.mean()) - 1) < 0.2
    assert not torch.equal(out[0], out[1])


def test_word_dropout_drops_a_word_wherever_it_occurs():
    torch.manual_seed(0)
    emb = nn.Embedding(50, 4)
    words = torch.randint(0, 50, (6, 40))
    out = embedded(words, emb, 0.5)
    factors = (out / emb(words)).mean(2).detach()
    for word in words.unique():
        values = factors[words == word]
        assert torch.allclose(values, values[:1].expand_as(values)) and round(float(values[0])) in (0, 2)
    assert 0.3 < float((factors == 0).float().mean()) < 0.7


def test_the_decoder_shares_the_weights_of_the_embedding():
    net = LanguageModel(
        AWD_LSTM(V, E, H, 2, hidden_p=0, input_p=0, embed_p=0, weight_p=0), LinearDecoder(V, E, 0.0)
    )
    words = torch.randint(0, V, (2, 6))
    out = net(words)
    encoder = net[0]
    encoder.reset()
    torch.testing.assert_close(out, encoder(words) @ encoder.encoder.weight.T + net[1].bias)
    assert [k for k in net.state_dict() if "weight" in k and "rnn" not in k] == ["0.encoder.weight"]
    out.sum().backward()
    unused = [w for w in range(V) if w not in words.flatten().tolist()]
    assert (encoder.encoder.weight.grad[unused].abs().sum(1) > 0).all()  # by way of the decoder


def documents():
    """Five texts of different lengths."""
    torch.manual_seed(1)
    return [torch.randint(2, V, (n,)) for n in (3, 11, 7, 16, 1)]


def padded(docs, front, extra=0):
    longest = max(map(len, docs)) + extra
    rows = [
        [1] * (longest - len(d)) + d.tolist() if front else d.tolist() + [1] * (longest - len(d))
        for d in docs
    ]
    return torch.tensor(rows)


@pytest.mark.parametrize("front", [True, False])
@pytest.mark.parametrize("extra", [0, 5])
def test_a_document_is_read_alike_whatever_stands_around_it(front, extra):
    torch.manual_seed(0)
    net = AWD_LSTM(V, E, H, 2).eval()
    reader, docs = SentenceEncoder(4, net), documents()
    pooled = masked_concat_pool(*reader(padded(docs, front, extra)))
    for doc, got in zip(docs, pooled):
        net.reset()
        out = net(doc[None])[0]
        torch.testing.assert_close(got, torch.cat([out[-1], out.amax(0), out.mean(0)]))


def test_of_a_long_document_the_last_words_are_pooled_and_the_first_still_read():
    torch.manual_seed(0)
    net = AWD_LSTM(V, E, H, 2).eval()
    doc = torch.randint(2, V, (18,))
    got = masked_concat_pool(*SentenceEncoder(4, net, max_len=8)(padded([doc, doc[:3]], True)))[0]
    net.reset()
    out = net(doc[None])[0][12:]  # whole windows of 4 within the last 8 words: from word 12 on
    torch.testing.assert_close(got, torch.cat([out[-1], out.amax(0), out.mean(0)]))


def test_left_alignment_keeps_the_order_of_words_and_says_which_row_was_which():
    rows, lengths, order = left_aligned(torch.tensor([[1, 1, 5], [1, 7, 8], [1, 1, 1]]), 1)
    assert rows.tolist() == [[7, 8, 1], [5, 1, 1], [1, 1, 1]]
    assert lengths.tolist() == [2, 1, 1] and order.tolist() == [1, 0, 2]


def test_an_empty_document_among_others_has_finite_numbers():
    head = PoolingLinearClassifier([3 * E, 5, 2], [0.0, 0.0])
    net = TextClassifier(SentenceEncoder(4, AWD_LSTM(V, E, H, 2)), head)
    out = net(torch.tensor([[1, 1, 1], [2, 3, 4]]))
    assert out.isfinite().all()
    out.sum().backward()
    assert all(p.grad.isfinite().all() for p in net.parameters() if p.grad is not None)


def test_the_head_is_norm_dropout_linear_as_fastai_has_it():
    head = PoolingLinearClassifier([12, 5, 2], [0.4, 0.1])
    kinds = [[type(m).__name__ for m in layer] for layer in head.layers]
    assert kinds == [["BatchNorm1d", "Dropout", "Linear", "ReLU"], ["BatchNorm1d", "Dropout", "Linear"]]
    assert [m.p for m in head.modules() if isinstance(m, nn.Dropout)] == [0.4, 0.1]
