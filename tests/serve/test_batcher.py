"""Samples and workers, without a network."""

import asyncio
import threading

import pytest

from tests.serve.running import Slow
from tipoff.serve.batcher import Batcher, Busy


def test_no_sample_is_left_behind():
    async def pairs():
        batcher = Batcher(Slow(0))
        for _ in range(3000):
            both = (batcher.answer(b"a", "a", False), batcher.answer(b"b", "b", False))
            async with asyncio.timeout(5):
                assert [x["label"] for x in await asyncio.gather(*both)] == ["a", "b"]

    asyncio.run(pairs())


def test_as_many_answers_side_by_side_as_the_model_wants():
    model = Slow(0)
    model.at_once = 3
    together = threading.Barrier(3, timeout=5)
    model.answer = lambda samples, heat: [{"n": together.wait()} for _ in samples]

    async def three():
        batcher = Batcher(model, max_batch=1, readers=3)
        return await asyncio.gather(*(batcher.answer(b"a", "a", False) for _ in range(3)))

    assert sorted(x["n"] for x in asyncio.run(three())) == [0, 1, 2]


def test_a_failing_model_fails_those_it_concerns_and_goes_on():
    model = Slow(0)
    answers = model.answer

    def fails(samples, heat):
        if samples == [b"bad"]:
            raise RuntimeError("no")
        return answers(samples, heat)

    model.answer = fails

    async def both():
        batcher = Batcher(model)
        with pytest.raises(RuntimeError):
            await batcher.answer(b"bad", "bad", False)
        return await batcher.answer(b"good", "good", False)

    assert asyncio.run(both())["label"] == "good"


def test_at_the_limit_it_says_busy_and_recovers():
    async def over():
        batcher = Batcher(Slow(0.05), limit=2)
        made = await asyncio.gather(
            *(batcher.answer(b"a", "a", False) for _ in range(4)), return_exceptions=True
        )
        assert sum(isinstance(x, Busy) for x in made) == 2
        assert (await batcher.answer(b"a", "a", False))["label"] == "a"
        assert batcher.under_way == 0

    asyncio.run(over())
