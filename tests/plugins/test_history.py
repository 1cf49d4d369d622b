"""Earlier fakes are judged beside what they were made of, without holding it in floats."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe

SIDE, CLASSES = 16, 35
NOISE = {"use": "noise", "map": "label", "seen_by": "both"}


def recipe(**changes: Any) -> Recipe:
    return Recipe.load(
        "pix2pix",
        set={
            "data": {
                "use": "label_folder",
                "root": "nowhere",
                "classes": CLASSES,
                "crop": [SIDE, SIDE],
                "load": [SIDE, SIDE],
            },
            "conditions.picture": None,
            "conditions.label": {"use": "one_hot"},
            "conditions.border": {"use": "boundary"},
            "generator.width": 2,
            "generator.depth": 3,
            "discriminator.width": 2,
            "discriminator.layers": 1,
            "method.pool": 3,
            "callbacks": None,
            "phases": {"main": {"steps": 3, "epochs": None, "schedule": None}},
            "engine.device": "cpu",
            **changes,
        },
    )


def batch(seed: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    shape = (1, 1, SIDE, SIDE)
    ids = {
        "label": torch.randint(0, CLASSES, shape, generator=draw, dtype=torch.int32),
        "instance": torch.randint(0, 9, shape, generator=draw, dtype=torch.int32),
    }
    colors = torch.randint(0, 256, (1, 3, SIDE, SIDE), generator=draw, dtype=torch.uint8)
    return {**ids, "target": colors}


def judged(made: Recipe, steps: int = 30) -> tuple[PhaseRunner, list[tuple[Tensor, Tensor]], int]:
    """What the discriminator was shown as fake, and how many of it were old."""
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(made), "main", Precision.of(device="cpu"))
    runner.begin()
    shown: list[tuple[Tensor, Tensor]] = []
    history: Any = runner.method.history  # type: ignore[attr-defined]
    show = history.shown

    def watched(scene: Any) -> tuple[Tensor, Tensor]:
        now.append((scene["seen"].detach().clone(), scene["fake"].clone()))
        shown.append(show(scene))
        return shown[-1]

    now: list[tuple[Tensor, Tensor]] = []
    history.shown = watched
    for seed in range(steps):
        runner.step([batch(seed)], seed)
    old = 0
    for seed, (seen, fake) in enumerate(shown):
        same = [n for n in range(seed + 1) if torch.equal(now[n][0], seen)]
        assert len(same) == 1  # exactly what was seen then, however it was held
        assert (now[same[0]][1] - fake).abs().max() <= 0.5 / 127.5 + 1e-6
        old += same[0] < seed
    return runner, shown, old


@pytest.mark.parametrize("history", ["8-bit", "exact"])
@pytest.mark.parametrize("noise", [{}, {"conditions.noise": NOISE}], ids=["", "noise"])
def test_a_held_fake_is_judged_beside_what_it_was_made_of(
    history: str, noise: dict[str, Any]
) -> None:
    """Conditions made of maps are made again, noise is held: the discriminator sees true pairs."""
    runner, _, old = judged(recipe(**{"method.history": history, **noise}))
    assert 8 <= old <= 20
    pool: Any = runner.method.history.pool  # type: ignore[attr-defined]
    pixels, ids = SIDE * SIDE, 2 * 2
    channels = CLASSES + 1 + bool(noise)
    exact = 4 * (channels + 3)
    held = 3 + ids + 4 * bool(noise)
    assert pool.full_bytes() == 3 * pixels * (exact if history == "exact" else held)
    assert all(t.device.type == "cpu" for one in pool.held for t in one.values())


def test_check_counts_what_is_held() -> None:
    """As much as a full pool then holds, to the byte."""
    made = recipe()
    runner, *_ = judged(made, 4)
    [phase] = rehearse(made)
    assert phase.held_bytes == runner.method.held_bytes()  # type: ignore[attr-defined]
    assert phase.held_bytes == 3 * SIDE * SIDE * (3 + 2 + 2)
    assert rehearse(recipe(**{"method.pool": 0}))[0].held_bytes == 0


def test_every_phase_is_counted_by_its_own_pictures() -> None:
    sizes = {"phases": {"main": None, "a": {"steps": 1, "size": [16, 16]}}}
    sizes["phases"]["b"] = {"steps": 1, "size": [64, 64]}
    made = recipe(**{"data.load": None, "data.crop": None, "data.aspect": "stretch"}, **sizes)
    small, large = rehearse(made)
    assert large.held_bytes == 16 * small.held_bytes == 3 * 64 * 64 * (3 + 2 + 2)
