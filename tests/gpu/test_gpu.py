"""The same numbers on a GPU as on the CPU."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.late_numbers import PLACES, Outbox
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision, deterministic
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume, train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]

SMALL = {
    "data.load": None,
    "data.crop": [64, 64],
    "data.batch": 2,
    "generator.width": 8,
    "generator.depth": 5,
    "generator.dropout": "none",  # every device draws its own
    "discriminator.width": 8,
}


@pytest.fixture(autouse=True)
def _exact() -> Iterator[None]:
    """No TF32, whose 10 bits would hide a mistake."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def play(recipe: Recipe, device: str, precision: str, layout: Any = "contiguous") -> Any:
    """Losses and weights after three steps."""
    torch.manual_seed(0)  # pools draw on the CPU, whatever the device
    runner = PhaseRunner(
        assemble(recipe), "main", Precision(torch.device(device), precision, layout)
    )
    runner.begin()
    draw = torch.Generator().manual_seed(0)
    terms = []
    for number in range(3):
        batches = [
            {
                name: torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=draw)
                for name in ("source", "target")
            }
            for _ in range(recipe.engine.accumulate)
        ]
        terms.append(runner.step(batches, number).numbers())
    networks = runner.cast.networks.items()
    weights = {f"{n}.{k}": t.cpu() for n, net in networks for k, t in net.state_dict().items()}
    return terms, weights


@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("float64", 1e-9), ("float32", 2e-3), ("bfloat16", 0.05), ("float16", 0.02)],
)
def test_a_step_gives_the_losses_of_the_cpu(precision: str, tolerance: float, layout: str) -> None:
    recipe = Recipe.load("pix2pix", set=SMALL)
    theirs, ours = play(recipe, "cpu", "float64"), play(recipe, "cuda", precision, layout)
    for a, b in zip(ours[0], theirs[0], strict=True):
        assert a == pytest.approx(b, rel=tolerance)
    if precision == "float64":
        weights: dict[str, Tensor] = theirs[1]
        for name, tensor in ours[1].items():
            torch.testing.assert_close(tensor, weights[name], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
@pytest.mark.parametrize(
    "words",
    [
        {"method.pool": 3, "method.history": "exact"},
        {"engine.accumulate": 2},
        {"engine.recompute": ["generator", "discriminator"]},
        {"losses.penalty": {"use": "gradient_penalty", "at": "real"}},
        {"losses.penalty": {"use": "r1", "every": 2}},
    ],
    ids=["pool", "accumulate", "recompute", "gradient_penalty", "r1"],
)
def test_every_word_gives_the_losses_of_the_cpu(words: dict[str, Any], turns: str) -> None:
    recipe = Recipe.load("pix2pix", set={**SMALL, "method.turns": turns, **words})
    theirs, ours = (play(recipe, device, "float64") for device in ("cpu", "cuda"))
    for a, b in zip(ours[0], theirs[0], strict=True):
        assert a == pytest.approx(b, rel=1e-8)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gradient_that_is_not_a_number_moves_nothing(precision: str) -> None:
    """The fused optimizer heeds the flag, which nobody has read yet."""
    runner = PhaseRunner(
        assemble(Recipe.load("pix2pix", set=SMALL)),
        "main",
        Precision(torch.device("cuda"), precision, "contiguous"),
    )
    runner.begin()
    first = next(iter(runner.players["generator"].learns.values()))
    first.register_hook(lambda gradient: gradient * float("nan"))
    generator = runner.networks["generator"]
    before = {name: tensor.clone() for name, tensor in generator.named_parameters()}
    shape = (2, 3, 64, 64)
    maps = {name: torch.zeros(shape, dtype=torch.uint8) for name in ("source", "target")}
    ledger = runner.step([maps])
    assert all(math.isfinite(value) for value in ledger.numbers().values())
    assert math.isnan(ledger.gradients()["generator"])
    assert all(torch.equal(before[name], p) for name, p in generator.named_parameters())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_deterministic_runs_are_equal_to_the_bit(tmp_path: Path, precision: str) -> None:
    changes = {"engine.deterministic": True, "engine.precision": precision}
    runs = [trained(tmp_path / str(n), changes) for n in range(2)]
    one, other = (RunFolder.open(run).load_weights("latest", "generator") for run in runs)
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_recomputing_holds_less_and_changes_no_bit(turns: str) -> None:
    peaks, weights = [], []
    for names in ([], ["generator", "discriminator"]):
        words = {"method.turns": turns, "engine.recompute": names, "engine.deterministic": True}
        recipe = Recipe.load("pix2pix", set={"data.batch": 8, "generator.width": 16, **words})
        precision = Precision(torch.device("cuda"), "float32", "contiguous")
        torch.manual_seed(0)
        runner = PhaseRunner(assemble(recipe), "main", precision)
        runner.begin()
        draw = torch.Generator().manual_seed(0)
        shape = (8, 3, 256, 256)
        maps = {
            n: torch.randint(0, 256, shape, dtype=torch.uint8, generator=draw)
            for n in ("source", "target")
        }
        with deterministic(True):
            runner.step([maps])
            torch.cuda.reset_peak_memory_stats()
            runner.step([maps])
        peaks.append(torch.cuda.max_memory_allocated())
        networks = runner.cast.networks.values()
        weights.append([p.detach().cpu() for net in networks for p in net.parameters()])
        del runner
        torch.cuda.empty_cache()
    assert peaks[1] < 0.9 * peaks[0]
    assert all(map(torch.equal, *weights))


def trained(folder: Path, changes: dict[str, Any], steps: int | None = None) -> Path:
    few = {"phases.main.epochs": None, "phases.main.schedule": None, "phases.main.steps": 6}
    tiny = {**few, "generator.width": 8, "discriminator.width": 8, "callbacks.previews": None}
    made = {"validation": None, "engine.device": "cuda", "engine.checkpoint_every": 2}
    recipe = Recipe.load("quickstart", set={**tiny, **made, **changes})
    return train(recipe, folder, steps=steps, reporter=Reporter(quiet=True)).path


def test_a_picture_is_that_of_the_cpu(tmp_path: Path) -> None:
    changes = {"engine.precision": "float32", "inference.dropout": False}
    run = trained(tmp_path / "run", changes)
    sample = Recipe.load("quickstart").data.open("val").read(0, None)
    inputs = {"source": sample.maps["source"]}
    pictures = [Translator.load(run, device=device).picture(inputs) for device in ("cpu", "cuda")]
    apart = (pictures[0].int() - pictures[1].int()).abs()
    assert apart.max() <= 1
    assert (apart > 0).float().mean() < 0.01


def test_a_run_goes_on_after_a_stop_and_keeps_what_auto_meant(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", {}, steps=3)
    told = (run / "log.txt").read_text()
    resume(run, reporter=Reporter(quiet=True))
    again = (run / "log.txt").read_text().removeprefix(told)
    numbers = told.split("cuda")[1].partition(";")[0]
    assert f"cuda{numbers};" in again
    assert "Since the start changed" not in again


@pytest.mark.parametrize(
    "changes",
    [
        {"data.batch": 8, "generator.width": 32},
        {"data.batch": 4},
        {
            "data.batch": 16,
            "generator": {"use": "encoder_decoder", "depth": 5, "width": 32, "norm": "instance"},
            "discriminator": {"use": "pixel", "width": 32},
        },
    ],
    ids=["unet", "published", "encoder_decoder"],
)
@pytest.mark.parametrize("number", ["float32", "bfloat16"])
def test_the_memory_estimate_holds(changes: dict[str, Any], number: str) -> None:
    recipe = Recipe.load("pix2pix", set={**changes, "engine.precision": number})
    [expected] = rehearse(recipe)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    runner = PhaseRunner(assemble(recipe), "main", Precision.of(**recipe.engine.computing))
    runner.begin()
    shape = (recipe.data.batch, 3, 256, 256)
    for _ in range(2):
        torch.cuda.reset_peak_memory_stats()
        runner.step([{n: torch.zeros(shape, dtype=torch.uint8) for n in ("source", "target")}])
    peak = torch.cuda.max_memory_allocated() - before
    assert peak > 200 * 2**20
    assert expected.peak_bytes == pytest.approx(peak, rel=0.15)


def test_numbers_leave_through_a_ring_and_none_is_lost() -> None:
    """More letters than places, read last; each holds what was sent."""
    box = Outbox(torch.device("cuda"))
    letters = []
    for number in range(3 * PLACES):
        values = torch.full((5,), float(number), device="cuda")
        values[1] = float("nan")
        letters.append(box.send(values))
    for number, letter in enumerate(letters):
        read = letter.read()
        assert read[0] == read[4] == number
        assert math.isnan(read[1])
