"""The last pictures of an ablation's finished runs, as many as a page has room for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from gan_zoo.ablation.plan import Plan
from gan_zoo.report.frames import SAMPLES, SIDE, Encoded, encode
from gan_zoo.report.previews import Gallery, read_galleries
from gan_zoo.report.wording import listing

BYTES = 1_300_000  # of all pictures, about
FEWEST = 4  # samples; if there is no room for these, seeds are left out
Run = tuple[str, int]  # a variant and its seed


@dataclass
class Shots:
    """The last pictures of finished runs.

    Args:
        galleries: Run -> its previews, those of the reference first.
        samples: Names of what all of them show.
        notes: What was left out.
    """

    galleries: dict[Run, Gallery]
    samples: list[str]
    notes: list[str] = field(default_factory=list)
    encoded: dict[Path, Encoded] = field(default_factory=dict)

    def output(self, run: Run, sample: str) -> str:
        """The last picture of a run, as a data URI; empty where it cannot be read."""
        gallery = self.galleries[run]
        return self._get(gallery.outputs[gallery.steps[-1]][sample])

    def given(self, sample: str) -> dict[str, str]:
        """Title -> what the runs were given, of the first that has it; the target last."""
        found: dict[str, str] = {}
        for gallery in self.galleries.values():
            for title, files in gallery.given.items():
                if sample in files and title not in found and (uri := self._get(files[sample])):
                    found[title] = uri
        return dict(sorted(found.items(), key=lambda item: item[0].endswith("target")))

    def bytes_of(self, sample: str) -> int:
        """What a row of this sample takes on the page."""
        outputs = [self.output(run, sample) for run in self.galleries]
        return sum(map(len, [*outputs, *self.given(sample).values()]))

    def size(self, sample: str) -> tuple[int, int]:
        """Of the pictures on disk."""
        for gallery in self.galleries.values():
            if size := self.encoded[gallery.outputs[gallery.steps[-1]][sample]][1]:
                return size
        return 0, 0

    def _get(self, path: Path) -> str:
        if path not in self.encoded:
            self.encoded[path] = encode(path, SIDE)
        return self.encoded[path][0] or ""


def read_shots(folder: Path, plan: Plan, done: Collection[Run]) -> Shots | None:
    """Those of the runs that are done; None if none has any.

    Args:
        folder: The ablation's.
        plan: Where its runs lie.
        done: Which are done.
    """
    galleries: dict[Run, Gallery] = {}
    for run in sorted(plan.runs.values(), key=lambda run: run.variant != plan.reference):
        if (run.variant, run.seed) not in done:
            continue
        found = read_galleries(folder / run.run / "previews")
        if found and not found[0].sheets:
            galleries[run.variant, run.seed] = found[0]
    if not galleries:
        return None
    first, *_ = galleries.values()
    kept = {run: own for run, own in galleries.items() if {*own.samples} & {*first.samples}}
    samples = [name for name in first.samples if all(name in own.samples for own in kept.values())]
    if not samples:  # each shares some with the first, and there is none that all share
        kept, samples = {next(iter(kept)): first}, first.samples
    made = Shots(kept, samples)
    if others := [variant for variant, _ in galleries if not _has(kept, variant)]:
        told = listing([*dict.fromkeys(others)])
        made.notes.append(f"Variants that keep pictures of other samples are not shown: {told}.")
    return made


def fit(shots: Shots) -> Shots:
    """As many samples as the page has room for; if that is too few, of one seed; if that is still
    too much, of fewer variants.
    """
    if (made := _fewer_samples(shots, FEWEST)) is not None:
        return made
    (_, seed), *_ = shots.galleries
    notes = [*shots.notes, f"Pictures of seed {seed} alone have room here."]
    alone = {run: g for run, g in shots.galleries.items() if run[1] == seed}
    one = Shots(alone, shots.samples, notes, shots.encoded)
    if (made := _fewer_samples(one, 1)) is not None:
        return made
    sample, spent = shots.samples[0], 0
    kept: dict[Run, Gallery] = {}
    for run, gallery in alone.items():
        spent += len(one.output(run, sample))
        if spent <= BYTES:
            kept[run] = gallery
    left = [variant for variant, _ in alone if (variant, seed) not in kept]
    notes.append(f"No room is left for {listing(left)}, nor for samples but the first.")
    return Shots(kept, [sample], notes, shots.encoded)


def _fewer_samples(shots: Shots, fewest: int) -> Shots | None:
    """The first samples that there is room for; None if these are too few."""
    taken: list[str] = []
    spent = 0
    for sample in shots.samples[:SAMPLES]:
        spent += shots.bytes_of(sample)
        if spent > BYTES:
            break
        taken.append(sample)
    if len(taken) < min(fewest, len(shots.samples)):
        return None
    notes = [*shots.notes]
    if len(taken) < len(shots.samples):
        notes.append(f"{len(taken)} of {len(shots.samples)} samples are shown.")
    return Shots(shots.galleries, taken, notes, shots.encoded)


def _has(galleries: Collection[Run], variant: str) -> bool:
    return any(name == variant for name, _ in galleries)


def describe_steps(shots: Shots) -> str:
    """When the pictures were made."""
    steps = sorted({gallery.steps[-1] for gallery in shots.galleries.values()})
    if len(steps) == 1:
        return f"All are of step {steps[0]:,}, the last time that pictures were kept."
    return f"They are the last that each run kept, of steps {steps[0]:,} to {steps[-1]:,}."
