"""Health: numbers of pictures and players while a run goes on, and a sentence where two agree."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gan_zoo.components import Sample, UserError, as_8bit, hookimpl
from gan_zoo_callbacks.health_findings import Look, Probe, judge
from gan_zoo_callbacks.health_signals import (
    common_spot,
    copied_share,
    mean_logit,
    separation,
    shrunk,
    spread,
    stacked,
    strongest_pattern,
)
from gan_zoo_callbacks.health_words import Cures, is_given_noise

if TYPE_CHECKING:
    from gan_zoo.components import Losses, Run, Scene

LOOKED_AT, ENOUGH = 8, 4  # pictures, and how many tell whether they are alike
COMPARED = 256  # training targets at most, among which copies are sought
LEARNED = "train"  # the split of which nothing is unseen
FEW = 2000  # samples; of more, copies are not sought
PROBES, FARTHEST = 40, 100  # of a run, and steps between two
LOOKS, MOST = 20, 30  # of a run; more only where an epoch is shorter, and never more than that


class Health:
    """Listens to the players every so many steps and looks at pictures every so often. Draws
    nothing from the run's generators, moves nothing, and never acts.

    Args:
        split: Where the pictures come from.
    """

    def __init__(self, *, split: str) -> None:
        self.split = split
        self.probes: list[Probe] = []
        self.looks: list[Look] = []
        self.told: set[str] = set()
        self.watched = ""  # the score that tells whether the run still gets better
        self.scored: list[tuple[int, float]] = []  # step, and how good that score was
        self.seconds = 0.0
        self._phase = ""  # that it is ready for
        self._samples: list[Sample] = []
        self._known: Tensor | None = None  # training targets, shrunk
        self._began = 0.0
        self._recipe: Mapping[str, Any] = {}

    # ------------------------------------------------------------------ the run

    @hookimpl
    def on_run_start(self, run: Run) -> None:
        """Read the recipe, for its cures and the score that it watches."""
        self._began = time.monotonic()
        self._recipe = run.resolved_recipe

    @hookimpl
    def on_phase_start(self, run: Run) -> None:
        """Forget what another phase was like; read what is looked at."""
        if run.position.phase_step == 0:
            self.probes, self.looks, self.told, self.scored = [], [], set(), []
        self._make_ready(run)

    def _make_ready(self, run: Run) -> None:
        """Read what is looked at in a phase, and count when; once."""
        if self._phase == run.position.phase:
            return
        start, self._phase = time.monotonic(), run.position.phase
        dataset = run.dataset(self.split)
        count = min(LOOKED_AT, len(dataset))
        self._samples = [dataset.read(n * len(dataset) // count, None) for n in range(count)]
        self._known = None
        self._steps = run.steps
        self._probe_every = max(1, min(FARTHEST, self._steps // PROBES))
        shortest, usual = self._steps // MOST, self._steps // LOOKS
        self._look_every = max(1, shortest, min(usual, run.steps_a_pass))
        self.seconds += time.monotonic() - start

    def wants_look(self, run: Run) -> bool:
        """Whether it is time to look."""
        return run.position.phase_step % self._look_every == 0

    @hookimpl
    def on_look(self, run: Run) -> None:
        """Look, and speak; after a resume too, where no phase starts any more."""
        self._make_ready(run)
        if self.wants_look(run):
            start = time.monotonic()
            self.looks = [*self.looks, self._see(run)][-MOST:]
            heard = _mean_of([probe.numbers() for probe in self.probes])
            run.log({"health": {**heard, **self.looks[-1].numbers()}})
            self._speak(run)
            self.seconds += time.monotonic() - start

    @hookimpl
    def on_step_end(self, run: Run) -> None:
        """Listen where it is time."""
        start = time.monotonic()
        step = run.position.phase_step
        if step % self._probe_every == 0:
            self.probes.append(self._listen(run))
            window = min(1000, max(1, self._steps // LOOKS))
            del self.probes[: -max(2, window // self._probe_every)]
        self.seconds += time.monotonic() - start

    @hookimpl
    def on_scores(self, run: Run, scores: Mapping[str, float], path: Path) -> None:
        """Remember how good the score is that the recipe watches: higher is better here."""
        self.watched = name = self._watched(scores)
        told = json.loads(path.read_text(encoding="utf-8"))["scores"][name]
        value = scores[name]
        if (ideal := told.get("ideal")) is not None:
            value = -abs(value - ideal)
        elif told["lower_is_better"]:
            value = -value
        if math.isfinite(value):
            self.scored.append((run.position.step, value))

    @hookimpl
    def on_run_end(self, run: Run) -> None:
        """Say what it cost."""
        took = max(time.monotonic() - self._began, 1e-9)
        run.say(f"health: {self.seconds:.1f} s of {took:.0f} s ({self.seconds / took:.1%})")

    # ------------------------------------------------------------------ what is measured

    def _listen(self, run: Run) -> Probe:
        """One step of the latest batch, heard in every player's turn."""
        heard = Probe(run.position.phase_step)
        sums: dict[str, list[str]] = {}
        judged: list[dict[str, float]] = []  # a row a turn: there may be several sides
        shares: list[dict[str, float]] = []

        def ear(player: str, scene: Scene, losses: Losses) -> None:
            terms = losses()
            sums.setdefault(player, []).extend(terms)
            if "judge" in scene and "real_views" in scene:
                heard.judge = player
                real, fake = (_logits(scene[name]) for name in ("real_views", "fake_views"))
                on_real, on_fake, margin = separation(real, fake)
                row = {"on_real": on_real, "on_fake": on_fake, "margin": margin}
                judged.append({**row, "real": mean_logit(real), "fake": mean_logit(fake)})
            elif "fake" in scene and scene["fake"].requires_grad:
                shares.append(_shares(terms, scene["fake"]))

        run.listen(ear)
        for name, value in _mean_of(judged).items():
            setattr(heard, name, value)
        heard.shares = _mean_of(shares)
        known = dict.fromkeys(sums.get(heard.judge, []))
        heard.adversarial = [name for name in known if name in heard.shares]
        return heard

    def _see(self, run: Run) -> Look:
        """The fixed samples as inference makes them now."""
        pictures, step = run.pictures(), run.position.phase_step
        look = Look(step)
        inputs = [{name: s.maps[name] for name in pictures.inputs} for s in self._samples]
        styles = [pictures.style_of(sample.maps) for sample in self._samples]
        made = [pictures.picture(m, style=s) for m, s in zip(inputs, styles, strict=True)]
        real = [sample.maps[pictures.target] for sample in self._samples]
        outputs, targets = stacked(made, real)
        apart = max(spread(targets), 1e-9)
        if len(outputs) >= ENOUGH and pictures.paired:
            look.alike = spread(outputs) / apart
        look.pattern = strongest_pattern(outputs, targets)
        if len(outputs) >= LOOKED_AT:
            look.spot = common_spot(outputs, targets)
        if pictures.paired and self.split != LEARNED:
            known = self._training_targets(run, pictures.target)
            look.copied = copied_share(outputs, targets, known) if len(known) else None
        if is_given_noise(self._recipe):
            again = pictures.picture(inputs[0], seed=1, style=styles[0])
            look.moved = float((again.float() - made[0].float()).abs().mean()) / apart
        if self.probes and self.probes[-1].judge and self.split != LEARNED:
            look.unseen = self._unseen(run, step)
        return look

    def _speak(self, run: Run) -> None:
        """What was not told in this phase yet."""
        at = run.position
        cures = Cures(self._recipe, at.phase, run.epoch, at.step, at.phase_step)
        said = judge(self.probes, self.looks, self.scored, self._steps, cures, self.watched)
        for found in said:
            if found.cause not in self.told:
                self.told.add(found.cause)
                run.log({"warning": {**found._asdict(), "cure": found.cure}})
                cure = f"; try {found.cure}" if found.cure else ""
                run.say(f"  health, step {at.step}: {found.sentence}{cure}")

    def _unseen(self, run: Run, step: int) -> float | None:
        """The mean logit of real pictures that nobody learns from, of a batch of them, cut to the
        size of those that are learned from; None where one is smaller.
        """
        batch = next(iter(run.batch().values()))
        first, size = step // self._look_every * len(batch), batch.shape[-2:]
        places = [(first + n) % len(self._samples) for n in range(len(batch))]
        cut = [_middle(self._samples[place], size) for place in places]
        chosen = [sample for sample in cut if sample is not None]
        if len(chosen) < len(cut):
            return None
        found: list[float] = []

        def ear(player: str, scene: Scene, losses: Losses) -> None:
            if "judge" in scene and "real_views" in scene:
                found.append(mean_logit(_logits(scene["real_views"])))

        run.listen(ear, chosen)
        return sum(found) / len(found) if found else None

    def _training_targets(self, run: Run, target: str) -> Tensor:
        """Those among which copies are sought, read once a phase; none of large data."""
        if self._known is None:
            data = run.dataset("train")
            count = min(COMPARED, len(data)) if len(data) < FEW else 0
            chosen = [n * len(data) // count for n in range(count)]
            try:
                vectors = [shrunk(as_8bit(data.read(n, None).maps[target])[None]) for n in chosen]
            except UserError as problem:  # whoever learns from it will say so
                run.say(f"  health seeks no copies: {problem}")
                vectors = []
            self._known = torch.cat(vectors) if vectors else torch.empty(0, 1)
        return self._known

    def _watched(self, scores: Mapping[str, float]) -> str:
        """The score that tells whether the run still gets better."""
        said = self._recipe["validation"]
        stop = said.get("early_stop") or {}
        return str(said.get("best") or stop.get("metric") or next(iter(scores)))

    # ------------------------------------------------------------------ checkpoints

    def state(self) -> dict[str, Any]:
        """What it remembers, as a text of JSON."""
        told = {
            "probes": [probe.as_data() for probe in self.probes],
            "looks": [look.as_data() for look in self.looks],
            "told": sorted(self.told),
            "watched": self.watched,
            "scored": self.scored,
        }
        return {"memory": json.dumps(told)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        if "memory" not in state:
            return
        told = json.loads(state["memory"])
        self.probes = [Probe(**probe) for probe in told["probes"]]
        self.looks = [Look.of_data(look) for look in told["looks"]]
        self.told = set(told["told"])
        self.watched = told["watched"]
        self.scored = [(step, value) for step, value in told["scored"]]


def _logits(views: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """The last map of every scale."""
    return [view[-1].detach() for view in views]


def _shares(terms: Mapping[str, Tensor], picture: Tensor) -> dict[str, float]:
    """Loss -> its part of the gradients that reach the picture, by their norms."""
    norms = {}
    for name, total in terms.items():
        (gradient,) = torch.autograd.grad(total, picture, retain_graph=True, allow_unused=True)
        norms[name] = 0.0 if gradient is None else gradient.double().norm().item()
    whole = sum(norms.values())
    return {name: norm / whole for name, norm in norms.items()} if whole > 0 else {}


def _mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number over the rows; where one lacks it, it is 0 there."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: sum(row[key] for row in rows if key in row) / len(rows) for key in keys}


def _middle(sample: Sample, size: Sequence[int]) -> Sample | None:
    """The middle of a sample, [height, width]; None where it is smaller."""
    sides = next(iter(sample.maps.values())).shape[-2:]
    top, left = ((side - wanted) // 2 for side, wanted in zip(sides, size, strict=True))
    if top < 0 or left < 0:
        return None
    height, width = size
    within = slice(top, top + height), slice(left, left + width)
    maps = {name: tensor[:, within[0], within[1]] for name, tensor in sample.maps.items()}
    return replace(sample, maps=maps)
