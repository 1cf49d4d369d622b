"""The disk that files of callbacks will take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gan_zoo.checks.last_batch import steps_a_pass
from gan_zoo.components.shapes import Image
from gan_zoo.recipe.wired import WiredPhase, WiredRecipe


def describe_disk(
    wired: WiredRecipe, sizes: Mapping[str, tuple[int, int]], samples: Mapping[str, int]
) -> Iterator[str]:
    """A line a callback that writes files: the most that they will take.

    Args:
        wired: The recipe.
        sizes: Phase -> (height, width) of maps whose size only the data knows.
        samples: Phase -> how many there are, where the data is at hand.
    """
    for name, callback in wired.recipe.callbacks.items():
        taken = 0
        for phase in wired.recipe.phases:
            here = wired.phase(phase)
            looks = _epochs(here, samples.get(phase))
            row = [image.resized(*(image.size or sizes[phase])) for image in _row(here)]
            taken += callback.disk(row, looks)
        if taken:
            yield f"callbacks.{name}: writes at most {taken / 1e6:,.1f} MB of pictures"


def _row(phase: WiredPhase) -> list[Image]:
    """The maps that a picture is made of, the target, and the picture, which is as the target."""
    wiring = phase.wiring
    asked = [name for c in phase.recipe.conditions.values() for name in c.asks()]
    inputs = dict.fromkeys(wiring.inputs or asked)
    target = wiring.maps[wiring.target]
    return [*(wiring.maps[name] for name in inputs if name in wiring.maps), target, target]


def _epochs(phase: WiredPhase, samples: int | None) -> int:
    """At most so many passes over the data end in a phase."""
    if phase.phase.epochs:
        return phase.phase.epochs
    steps = phase.phase.steps or 0
    if samples is None:
        return steps
    return steps // steps_a_pass(phase.recipe, samples)
