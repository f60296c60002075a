"""Which losses, optimizers and callbacks a model file can name: one literal table, looked up when training goes on.

As in `catalog`, a name carries a version, and a name that was written once keeps its meaning.
"""

from __future__ import annotations

LOSSES: dict[str, str] = {
    "loss.cross_entropy_flat@1": "tipoff.nn.losses:CrossEntropyLossFlat",
    "loss.label_smoothing@1": "tipoff.nn.losses:LabelSmoothingCrossEntropy",
    "loss.label_smoothing_flat@1": "tipoff.nn.losses:LabelSmoothingCrossEntropyFlat",
    "loss.focal@1": "tipoff.nn.losses:FocalLoss",
    "loss.focal_flat@1": "tipoff.nn.losses:FocalLossFlat",
    "loss.bce_with_logits_flat@1": "tipoff.nn.losses:BCEWithLogitsLossFlat",
    "loss.bce_flat@1": "tipoff.nn.losses:BCELossFlat",
    "loss.mse_flat@1": "tipoff.nn.losses:MSELossFlat",
    "loss.l1_flat@1": "tipoff.nn.losses:L1LossFlat",
    "torch.cross_entropy@1": "torch.nn:CrossEntropyLoss",
    "torch.bce_with_logits@1": "torch.nn:BCEWithLogitsLoss",
    "torch.mse@1": "torch.nn:MSELoss",
    "torch.l1@1": "torch.nn:L1Loss",
    "torch.smooth_l1@1": "torch.nn:SmoothL1Loss",
    "torch.huber@1": "torch.nn:HuberLoss",
    "torch.f.cross_entropy@1": "torch.nn.functional:cross_entropy",
    "torch.f.bce_with_logits@1": "torch.nn.functional:binary_cross_entropy_with_logits",
    "torch.f.mse@1": "torch.nn.functional:mse_loss",
    "torch.f.l1@1": "torch.nn.functional:l1_loss",
}

OPTIMIZERS: dict[str, str] = {
    "opt.adam@1": "tipoff.train.optim:Adam",
    "opt.sgd@1": "tipoff.train.optim:SGD",
    "opt.rms_prop@1": "tipoff.train.adaptive:RMSProp",
    "opt.radam@1": "tipoff.train.adaptive:RAdam",
    "opt.qhadam@1": "tipoff.train.adaptive:QHAdam",
    "opt.larc@1": "tipoff.train.adaptive:Larc",
    "opt.lamb@1": "tipoff.train.adaptive:Lamb",
    "opt.ranger@1": "tipoff.train.lookahead:ranger",
    "torch.adam@1": "torch.optim:Adam",
    "torch.adamw@1": "torch.optim:AdamW",
    "torch.sgd@1": "torch.optim:SGD",
    "torch.rmsprop@1": "torch.optim:RMSprop",
}

# those that change what is minimised or how weights move; those that watch, stop or save belong to one call of `fit`
CALLBACKS: dict[str, str] = {
    "cb.gradient_clip@1": "tipoff.callbacks.gradients:GradientClip",
    "cb.gradient_accumulation@1": "tipoff.callbacks.gradients:GradientAccumulation",
    "cb.mixup@1": "tipoff.callbacks.mixing:MixUp",
    "cb.cutmix@1": "tipoff.callbacks.mixing:CutMix",
    "cb.ema@1": "tipoff.callbacks.ema:EMA",
    "cb.rnn_regularizer@1": "tipoff.text.callbacks:RNNRegularizer",
}

SPLITTERS: dict[str, str] = {
    "split.trainable@1": "tipoff.learner.freeze:trainable_params",
    "split.all@1": "tipoff.learner.freeze:params",
}
