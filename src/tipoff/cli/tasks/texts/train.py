"""Texts in classes: how they are read, said back and learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tipoff.callbacks.saving import SaveCheckpoint
from tipoff.cli.screen import counted, field, note, say
from tipoff.cli.settings import Settings
from tipoff.cli.tasks.texts.budget import Plan, few, plan_of, positions
from tipoff.cli.tasks.texts.infer import VALID, Found, infer, twins
from tipoff.cli.tasks.texts.words import words_baseline
from tipoff.errors import TipoffError, UsageError, some
from tipoff.interpret.judge import Baseline
from tipoff.learner.execute import execute
from tipoff.learner.execute import resume as resume_run
from tipoff.learner.learner import Learner
from tipoff.learner.stages import Stage, group_rates
from tipoff.text.factories import text_classifier_learner
from tipoff.text.learner import block_of
from tipoff.text.loaders import TextDataLoaders
from tipoff.text.model import is_ours
from tipoff.text.probe import fit_probe
from tipoff.text.weights import find
from tipoff.train.checkpoint import read_checkpoint

ARCH, OURS = "minilm", "awd_lstm"
SMALL = {"emb_sz": 128, "n_hid": 128, "n_layers": 1}  # of a network that begins with nothing
READ = 256  # tokens of a text that a transformer reads
BATCH = 16
RATES = slice(2e-5, 2e-4)  # of the first layers and of the head, which fits already
RATE = 1e-2  # from the beginning
EPOCHS, EPOCHS_OURS = 4, 10  # at most, where no number was asked for
MINUTES = 10.0  # likewise
HEAD = "logistic regression on the frozen network"
HEAD_TEXTS = 1000  # that a head on frozen features is fitted to, and judged on
WORTH_IT = 0.5  # of the texts that the head has seen: fewer would teach the network less than it loses
RARE = 5  # texts of a class


def prepare(settings: Settings) -> Learner:
    """Read the texts, say back what they are, make loaders and network."""
    found = infer(settings)
    pretrained = settings.pretrained is not False
    arch = settings.arch or (ARCH if pretrained and _is_there(ARCH) else OURS)
    ours = is_ours(arch)
    if ours and settings.pretrained:
        raise UsageError(
            f"--pretrained: {arch} is trained from scratch here. Leave --arch out for the pretrained {ARCH}, or choose a network of transformers."
        )
    dls = TextDataLoaders.from_df(
        found.frame,
        text_col=found.text,
        label_col=found.label,
        valid_col=VALID,
        tok_tfm=None if ours else arch,
        min_freq=2,
        bs=settings.bs or BATCH,
        seed=settings.seed,
    )
    options: dict[str, Any] = (
        {
            "pretrained": False,
            "config": SMALL if arch == OURS else None,
            "drop_mult": 0.3,
            "precision": "float32",
        }
        if ours
        else {"pretrained": pretrained, "max_len": READ}
    )
    learn = text_classifier_learner(dls, arch, metrics=["accuracy"], **options)
    _say_back(found, learn)
    return learn


def _is_there(arch: str) -> bool:
    try:
        find(arch)
    except TipoffError as e:
        note(f"no pretrained network: {e}")
        return False
    return True


def _say_back(found: Found, learn: Learner) -> None:
    dls, facts = learn.dls, learn.facts
    names = [str(v) for v in learn.target.names]  # type: ignore[attr-defined]
    task = f"a text classifier of {found.label} ({some(names, 12)})"
    say()
    say(f"{found.where} holds {len(found.frame):,} texts: {task} by the column {found.text}."
        if found.where[-1] != "/" else f"{found.where} holds {len(found.frame):,} text files in {len(names)} classes: a text classifier of {some(names, 12)}.")  # fmt: skip
    say(f"{dls.train.n:,} to learn from, {dls.valid.n:,} to check on, {found.how_split}.")
    if found.left_out:
        say()
        field("left out", f"{some(found.left_out, 20)} (only the text is read)")
    counts = found.frame[found.label].value_counts()
    if rare := [f"{label} ({k})" for label, k in counts.items() if k < RARE]:
        note(f"classes of fewer than {RARE} texts can hardly be learned: {some(rare)}")
    if n := twins(found):
        note(
            f"{n} of {dls.valid.n} texts to check on are also among those to learn from: the figures will flatter"
        )
    facts["task"] = f"{task[0].upper()}{task[1:]}, from the texts of {Path(found.where).name}."
    engine = learn.engine
    where = counted(torch.get_num_threads(), "thread") if engine.device.type == "cpu" else engine.device.type
    began = f"{facts['weights']}, {facts['licence']}" if _knows(learn) else "trained from the beginning"
    say()
    say(
        f"{facts['arch']} ({began}), at most {block_of(dls).most:,} tokens of a text, {engine.precision}, {where}"
    )


def baseline(learn: Learner, settings: Settings) -> list[Baseline]:
    """A logistic regression on counted words, and one on the frozen features, where there are such."""
    made = [words_baseline(learn.dls, settings.seed)]
    if _knows(learn):
        every, at = learn.dls, positions(learn.dls.valid.n, HEAD_TEXTS, settings.seed)
        try:
            learn.dls = few(few(every, HEAD_TEXTS, settings.seed), HEAD_TEXTS, settings.seed, split=1)
            head = fit_probe(learn)
            assert head is not None
            made.append(Baseline(HEAD, head[0].tolist(), [at[i] for i in head[2].tolist()]))
        finally:
            learn.dls = every
    return made


def _knows(learn: Learner) -> bool:
    """Whether the network begins with weights that were trained."""
    return "licence" in learn.facts


def fit(learn: Learner, settings: Settings, spent: float, saving: SaveCheckpoint) -> None:
    """Train all layers by one cycle, in the time that is given; where an epoch does not fit, on a part of the texts."""
    usual = EPOCHS if _knows(learn) else EPOCHS_OURS
    minutes = settings.minutes or (MINUTES if settings.epochs is None else None)
    n_texts = learn.dls.train.n
    if minutes is None:
        plan = Plan(settings.epochs or 0, n_texts)
    else:
        plan = plan_of(learn, minutes * 60 - spent, 100 if settings.minutes else usual)
        seen = min(n_texts, HEAD_TEXTS)
        if _knows(learn) and plan.n_fit < WORTH_IT * seen:
            note(
                f"{minutes:g} minutes are enough for {plan.n_fit:,} texts, fewer than half of the {seen:,} that the head has seen: "
                "the network stays as it is"
            )
            return
        _say_plan(plan, n_texts, minutes)
    if plan.n_texts < n_texts:
        learn.dls = few(learn.dls, plan.n_texts, settings.seed)
    rates = group_rates(RATES if _knows(learn) else RATE, len(learn.groups))
    if plan.n_epochs:
        execute(learn, [Stage("one_cycle", plan.n_epochs, rates, 0, "all", pct_start=0.3)], [saving])


def _say_plan(plan: Plan, n_texts: int, minutes: float) -> None:
    part = (
        f" on {plan.n_texts:,} of the {n_texts:,} texts, which is what fits" if plan.n_texts < n_texts else ""
    )
    note(f"{minutes:g} min: {counted(plan.n_epochs, 'epoch')}{part}, about {plan.seconds:.0f} s")


def resume(learn: Learner, checkpoint: Path, saving: SaveCheckpoint) -> None:
    """Go on from the checkpoint, on as many texts."""
    learn.dls = few(learn.dls, int(read_checkpoint(checkpoint)["meta"]["items"]), learn.dls.train.seed)
    resume_run(learn, checkpoint, [saving])
