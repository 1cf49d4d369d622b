"""Trained models on a GPU: moved there and back, compiled, and in half."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import gan_zoo
from gan_zoo.engine import compiling
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]

TINY = {
    "generator.width": 8,
    "generator.dropout": "paper",
    "discriminator.width": 8,
    "init.gain": 0.5,  # lively pictures after two steps
    "phases.main": {"epochs": None, "steps": 2},
    "validation": None,
    "callbacks": None,
}
SILENT: dict[str, Any] = {"set": {"inference.dropout": False}}  # every device draws its own
QUIET = Reporter(quiet=True)


@pytest.fixture(autouse=True)
def _exact() -> Iterator[None]:
    """No TF32, whose 10 bits would hide a mistake; and nothing compiled before."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    torch.compiler.reset()
    compiling.forget_counts()
    yield
    torch.compiler.reset()
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    recipe = Recipe.load("quickstart", set=TINY)
    return gan_zoo.train(recipe, tmp_path_factory.mktemp("gpu") / "run", reporter=QUIET)


def given(height: int = 64) -> dict[str, Tensor]:
    seeded = torch.Generator().manual_seed(height)
    size = (1, height, 64)
    return {"source": torch.randint(0, 256, size, dtype=torch.uint8, generator=seeded)}


def devices(model: Translator) -> set[str]:
    modules = [model.cast.networks["generator"], *model.cast.conditions.values()]
    return {tensor.device.type for one in modules for tensor in one.state_dict().values()}


def test_a_model_moves_there_and_back(run: RunFolder) -> None:
    model = gan_zoo.load(run, device="cpu", precision="float32", **SILENT)
    expected = model.output(given())
    assert model.to("cuda") is model
    assert devices(model) == {"cuda"}
    moved = model.output(given())
    assert moved.device.type == "cpu"
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-3)
    loaded = gan_zoo.load(run, device="cuda", precision="float32", **SILENT)
    assert torch.equal(loaded.output(given()), moved)
    assert torch.equal(model.to("cpu").output(given()), expected)
    assert devices(model) == {"cpu"}


def test_auto_is_what_it_means_there(run: RunFolder) -> None:
    model = gan_zoo.load(run, device="cpu", **SILENT)
    assert model.cast.precision.name == "float32"
    there = gan_zoo.load(run, device="cuda", **SILENT)
    assert (
        str(model.to("cuda:0").cast.precision).partition(",")[2]
        == (str(there.cast.precision).partition(",")[2])
    )
    assert torch.equal(model.output(given()), there.output(given()))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_comes_close_to_the_cpu(run: RunFolder, precision: str) -> None:
    whole = gan_zoo.load(run, device="cpu", precision="float32", **SILENT).output(given())
    half = gan_zoo.load(run, device="cuda", precision=precision, **SILENT).output(given())
    apart = (half - whole).abs() * 127.5
    assert 0 < apart.mean() < 3  # of 255; a wrong picture is tens away


@pytest.mark.parametrize("dropout", [True, False])
def test_a_compiled_picture_is_that_made_without(run: RunFolder, dropout: bool) -> None:
    """With the same noise, on both sides of a move."""
    words: dict[str, Any] = {"precision": "float32", "set": {"inference.dropout": dropout}}
    plain = gan_zoo.load(run, device="cuda", **words)
    model = gan_zoo.load(run, device="cuda", compile=True, reporter=QUIET, **words)
    for count, height in enumerate((64, 96, 64, 96), 1):
        made, expected = (one.output(given(height), seed=3) for one in (model, plain))
        torch.testing.assert_close(made, expected, rtol=0, atol=1e-3)
        assert compiling.count().graphs == min(count, 2)


def test_a_compiled_picture_in_half_comes_close(run: RunFolder) -> None:
    words: dict[str, Any] = {"device": "cuda", "precision": "bfloat16", **SILENT}
    plain = gan_zoo.load(run, **words).output(given())
    made = gan_zoo.load(run, compile=True, reporter=QUIET, **words).output(given())
    apart = (made - plain).abs() * 127.5
    assert compiling.count().graphs == 1
    assert apart.mean() < 3
