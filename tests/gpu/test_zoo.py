"""Every component gives the losses of the CPU on a GPU; a whole recipe does in all its phases."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision, deterministic
from gan_zoo.inference.styles.gathering import gather
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume, train
from tests.test_mixing import BASE, TURNS, mixed, own, smallest

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]

# Every device draws its own noise, so only what draws none can be compared.
QUIET: dict[str, dict[str, Any]] = {
    name: {"dropout": "none"} for name in ("encoder_decoder", "unet")
}


def parts(kind: str, name: str) -> dict[str, Any]:
    """The recipe's words for one component, beside the usual others."""
    made = {**smallest(kind, name), **QUIET.get(name, {})}
    usual = {"generator": {**smallest("generator", "unet"), **QUIET["unet"]}}
    if kind in ("generator", "discriminator"):
        return {**usual, kind: made}
    if kind == "loss":
        return {**usual, "losses": {"tested": made}}
    return {**usual, "conditions": {**BASE["conditions"], "tested": made}}


SUBJECTS = [
    (kind, name)
    for kind in ("generator", "discriminator", "loss", "condition")
    for name in own(kind)
    if name not in ("image", "noise", "gradient_penalty")  # the last draws where it looks
]
subject = pytest.mark.parametrize(("kind", "name"), SUBJECTS, ids=[name for _, name in SUBJECTS])


def steps(recipe: Recipe, device: str, precision: str, layout: Any) -> list[dict[str, float]]:
    """The losses of three steps."""
    contracts(recipe)
    torch.manual_seed(0)
    numbers = Precision(torch.device(device), precision, layout)
    runner = PhaseRunner(assemble(recipe), "main", numbers)
    runner.begin()
    data = recipe.data.open("train")
    plan, maps = Plan(len(data), 2, 0, 0), recipe.data.maps()
    feed = read_batches(data, plan, start=0, stop=3, workers=0, pin=False, maps=maps)
    return [runner.step([batch.maps], number).numbers() for number, batch in enumerate(feed)]


@pytest.mark.parametrize("turns", TURNS)
@subject
def test_every_component_gives_the_losses_of_the_cpu(kind: str, name: str, turns: str) -> None:
    recipe = mixed("least_squares", turns, **parts(kind, name))
    theirs = steps(recipe, "cpu", "float64", "contiguous")
    for a, b in zip(steps(recipe, "cuda", "float64", "channels_last"), theirs, strict=True):
        assert a == pytest.approx(b, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@subject
def test_every_component_trains_in_half_precision(kind: str, name: str, precision: str) -> None:
    recipe = mixed("hinge", "simultaneous", **parts(kind, name))
    theirs = steps(recipe, "cpu", "float64", "contiguous")[0]
    ours = steps(recipe, "cuda", precision, "channels_last")
    assert all(math.isfinite(value) for terms in ours for value in terms.values())
    assert ours[0] == pytest.approx(theirs, rel=0.05, abs=0.02)


@subject
def test_every_component_is_deterministic_where_asked(kind: str, name: str) -> None:
    recipe = mixed("least_squares", "simultaneous", **parts(kind, name))
    with deterministic(True):
        twice = [steps(recipe, "cuda", "bfloat16", "channels_last") for _ in range(2)]
    assert twice[0] == twice[1]


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_spectral_norm_keeps_its_bound_in_half_precision(precision: str) -> None:
    words = {"discriminator": {**smallest("discriminator", "patch"), "spectral": True}}
    recipe = mixed("hinge", "simultaneous", **words)
    numbers = Precision(torch.device("cuda"), precision, "channels_last")
    runner = PhaseRunner(assemble(recipe), "main", numbers)
    runner.begin()
    data = recipe.data.open("train")
    plan, maps = Plan(len(data), 2, 0, 0), recipe.data.maps()
    feed = read_batches(data, plan, start=0, stop=30, workers=0, pin=False, maps=maps)
    for number, batch in enumerate(feed):
        runner.step([batch.maps], number).numbers()
    bounded = [
        module.weight.detach().float().flatten(1)
        for module in runner.cast.networks["discriminator"].modules()
        if hasattr(module, "parametrizations")
    ]
    assert len(bounded) >= 3
    for weight in bounded:  # the power iteration follows the moving weights closely
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.1)


TINY: dict[str, Any] = {
    "generator.coarse.width": 8,
    "discriminator.each.width": 8,
    "conditions.texture.width": 8,
    "phases.coarse": {"epochs": None, "steps": 3, "schedule": None},
    "phases.enhance": {"epochs": None, "steps": 3},
    "phases.joint": {"epochs": None, "steps": 3, "schedule": None},
    "validation": None,
    "callbacks": None,
    "engine.log_every": 1,
}


def coarse_to_fine(folder: Path, **changes: Any) -> Path:
    """The small pix2pixHD, three steps a phase."""
    words = {**TINY, **{f"engine.{key}": value for key, value in changes.items()}}
    recipe = Recipe.load("quickstart_hd", set=words)
    return train(recipe, folder, reporter=Reporter(quiet=True)).path


def losses(run: Path) -> list[dict[str, float]]:
    entries = map(json.loads, (run / "log.jsonl").read_text().splitlines())
    return [entry["losses"] for entry in entries if "losses" in entry]


def test_all_phases_give_the_losses_of_the_cpu(tmp_path: Path) -> None:
    runs = [coarse_to_fine(tmp_path / d, device=d, precision="float64") for d in ("cpu", "cuda")]
    theirs, ours = map(losses, runs)
    assert len(theirs) == 9
    for a, b in zip(ours, theirs, strict=True):
        assert a == pytest.approx(b, rel=1e-6)
    found = [gather(runs[1], device=device) for device in ("cpu", "cuda")]
    assert found[0] == found[1]


def test_a_stop_in_any_phase_changes_no_bit(tmp_path: Path) -> None:
    whole = coarse_to_fine(tmp_path / "whole", device="cuda", deterministic=True)
    recipe = RunFolder.open(whole).recipe()
    cut = train(recipe, tmp_path / "cut", steps=2, reporter=Reporter(quiet=True)).path
    for last in (3, 5, "all"):
        resume(cut, steps=last, reporter=Reporter(quiet=True))  # type: ignore[arg-type]
    for name in ("generator", "conditions.texture"):
        one, other = (RunFolder.open(run).load_weights("latest", name) for run in (whole, cut))
        assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("phase", ["coarse", "enhance", "joint"])
@pytest.mark.parametrize("number", ["float32", "bfloat16"])
def test_the_memory_estimate_holds_at_full_size(phase: str, number: str) -> None:
    said = {"losses.perceptual.weights": "none", "engine.precision": number}
    recipe = Recipe.load("pix2pixhd", set=said)
    expected = rehearse(recipe)[list(recipe.phases).index(phase)]
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    precision = Precision.of(**{**recipe.engine.computing, "device": "cuda"})
    runner = PhaseRunner(assemble(recipe), phase, precision)
    runner.begin()
    maps = WiredRecipe(recipe).phase(phase).wiring.maps
    draw = torch.Generator().manual_seed(0)
    batch = {}
    for name, image in maps.items():
        shape = 1, image.channels, image.height or 1, image.width or 1
        below, kind = image.classes or image.instances or 256, torch.int32
        kind = kind if image.ids else torch.uint8
        batch[name] = torch.randint(0, below, shape, generator=draw).to(kind)
    for _ in range(2):
        torch.cuda.reset_peak_memory_stats()
        runner.step([batch]).numbers()
    peak = torch.cuda.max_memory_allocated() - before
    print(
        f"{phase}, {number}: estimate {expected.peak_bytes / 2**20:.0f} MiB, "
        f"peak {peak / 2**20:.0f} MiB"
    )
    assert expected.peak_bytes == pytest.approx(peak, rel=0.15)
