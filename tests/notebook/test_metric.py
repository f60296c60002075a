"""A metric as notebooks write it."""

import pytest

import tipoff.vision.all as face
from tests.notebook.test_cancel import learner
from tipoff.errors import UsageError


class Largest(face.Metric):
    higher_is_better = False

    def reset(self):
        self.most = 0.0

    def accumulate(self, learn):
        self.most = max(self.most, float((learn.pred.sigmoid() - learn.y).abs().max()))

    @property
    def value(self):
        return self.most


def test_accumulate_and_value_over_the_validation():
    learn = learner()
    learn.metrics = face.L(
        Largest(), face.skm_to_fastai(lambda y, p: ((p > 0) == y).mean(), is_class=False, name="hit")
    )
    learn.fit(1, 0.1)
    preds, targs = learn.get_preds()
    assert learn.recorder.metric_names[2:] == ["largest", "hit"]
    assert learn.recorder.final_record[2] == pytest.approx(float((preds - targs).abs().max()))
    assert learn.recorder.final_record[3] == float(((preds > 0.5) == targs).float().mean())
    assert learn.validate()[1:] == pytest.approx(learn.recorder.final_record[2:])


def test_it_is_not_gathered_from_several_processes_in_silence():
    with pytest.raises(UsageError, match="largest cannot be gathered from 2 processes"):
        Largest().merge([{}, {}])


def test_there_is_no_record_before_training():
    with pytest.raises(UsageError, match="There is no record yet"):
        _ = learner().recorder.final_record
