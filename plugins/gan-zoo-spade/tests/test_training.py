"""It trains, goes on, translates, and stands in for another generator."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import gan_zoo
from gan_zoo import Recipe

FACADES = Path(__file__).parents[4] / "shared" / "data" / "facades_inst_hd"
SCENES = {"use": "scenes", "theme": "facade", "size": [32, 32], "batch": 2, "workers": 0}
ALONE = {
    "losses.perceptual": None,
    "callbacks": None,
    "engine.device": "cpu",
    "engine.log_every": 1,
}
SMALL = {
    **ALONE,
    "data": SCENES,
    "generator.width": 2,
    "generator.levels": 3,
    "generator.hidden": 4,
    "discriminator.each.width": 4,
    "phases.main": {"epochs": None, "steps": 4, "size": [32, 32], "schedule": None},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps of four."""
    folder = tmp_path_factory.mktemp("spade") / "run"
    gan_zoo.train(Recipe.load("spade/spade", set=SMALL), folder, steps=2)
    return folder


def losses(run: Path) -> list[dict[str, float]]:
    lines = (run / "log.jsonl").read_text().splitlines()
    return [json.loads(line)["losses"] for line in lines]


def weights(run: Path) -> dict[str, torch.Tensor]:
    files = sorted((run / "weights" / "latest").rglob("*.safetensors"))
    assert files
    return {f"{f.stem}.{key}": t for f in files for key, t in load_file(f).items()}


def ids(high: int, wide: int) -> dict[str, Any]:
    """A label map and an instance map of four quarters."""
    quarter = (np.arange(high)[:, None] * 2 // high) * 2 + np.arange(wide)[None] * 2 // wide
    return {"label": quarter.astype(np.int32), "instance": quarter.astype(np.int32)}


def test_it_goes_on_to_the_numbers_of_a_whole_run(run: Path, tmp_path: Path) -> None:
    gan_zoo.train(Recipe.load("spade/spade", set=SMALL), tmp_path / "whole")
    gan_zoo.train(Recipe.load("spade/spade", set=SMALL), tmp_path / "halved", steps=2)
    gan_zoo.resume(tmp_path / "halved", steps="all")
    ours, theirs = weights(tmp_path / "halved"), weights(tmp_path / "whole")
    assert any(key.endswith("running_mean") for key in ours)
    assert any(key.endswith("_u") for key in ours)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.parametrize("size", [(32, 32), (37, 53), (1, 7)])
def test_a_picture_is_as_large_as_its_map(run: Path, size: tuple[int, int]) -> None:
    made = gan_zoo.load(run)(ids(*size))
    assert made.shape == (*size, 3)
    assert made.dtype == np.uint8


def test_inference_says_whose_statistics_count(run: Path) -> None:
    learned = gan_zoo.load(run)
    own = gan_zoo.load(run, set={"inference.norm": "picture"})
    maps = {name: torch.from_numpy(array)[None] for name, array in ids(32, 48).items()}
    one, other = learned.output(maps), own.output(maps)
    assert (one - other).abs().max() > 0.01
    assert torch.equal(learned.output(maps), one)  # which stay as they were


def enhanced(coarse: dict[str, Any]) -> dict[str, Any]:
    """pix2pixHD with another coarse part, in few steps of its three phases."""
    phase = {"epochs": None, "steps": 2, "schedule": None}
    return {
        **ALONE,
        "data": {**SCENES, "size": [64, 64]},
        "generator.coarse": coarse,
        "generator.blocks": 1,
        "discriminator.scales": 2,
        "discriminator.each.width": 4,
        "phases.coarse": {**phase, "size": [32, 32], "set": {"discriminator.scales": 1}},
        "phases.enhance": {"epochs": None, "steps": 2, "size": [64, 64]},
        "phases.joint": {**phase, "size": [64, 64]},
    }


def test_it_is_the_coarse_part_of_a_local_enhancer(tmp_path: Path) -> None:
    """Its own phase trains it alone, then it rests, then all of it learns."""
    coarse = {"use": "spade/generator", "width": 4, "levels": 3, "hidden": 4}
    run = tmp_path / "run"
    gan_zoo.train(Recipe.load("pix2pixhd", set=enhanced(coarse)), run)
    told = losses(run)
    assert len(told) == 6
    assert all(np.isfinite(list(terms.values())).all() for terms in told)
    assert gan_zoo.load(run)(ids(70, 50)).shape == (70, 50, 3)
    with torch.device("meta"):
        recipe = Recipe.load("pix2pixhd", set={"generator.coarse": {"use": "spade/generator"}})
        generator = recipe.method.wire(recipe.parts()).networks[0]
        network = generator.spec.build(generator.given, generator.wanted)
    assert type(network.get_submodule("coarse")).__module__ == "gan_zoo_spade.generator"
    assert network.get_submodule("enhancers.1.encoder.0.conv").out_channels == 32  # half of 64


def test_it_takes_the_place_of_the_global_generator(tmp_path: Path) -> None:
    generator = {"use": "spade/generator", "width": 4, "levels": 3, "hidden": 4}
    changes = {
        **ALONE,
        "data": SCENES,
        "generator": generator,
        "discriminator.each.width": 4,
        "phases.coarse": {"epochs": None, "steps": 2, "size": [32, 32], "schedule": None},
    }
    gan_zoo.train(Recipe.load("pix2pixhd_512", set=changes), tmp_path / "run")
    assert len(losses(tmp_path / "run")) == 2


@pytest.mark.slow
def test_real_facades_train_go_on_and_translate(tmp_path: Path) -> None:
    if not FACADES.is_dir():
        pytest.skip(f"no real data at hand: {FACADES} is not there")
    run = tmp_path / "run"
    changes = {
        **ALONE,
        "data": {"root": str(FACADES), "classes": 11, "batch": 4, "workers": 0},
        "generator": {"width": 4, "levels": 4, "hidden": 16},
        "discriminator.each.width": 16,
        "phases.main": {"epochs": None, "steps": 200, "size": [64, 64], "schedule": None},
    }
    gan_zoo.train(Recipe.load("spade/spade", set=changes), run, steps=120)
    gan_zoo.resume(run, steps="all")
    told = losses(run)
    assert len(told) == 200
    assert all(np.isfinite(list(terms.values())).all() for terms in told)
    matched = [terms["G_GAN_Feat"] for terms in told]
    assert mean(matched[-50:]) < 0.9 * mean(matched[:50])  # measured: 14.8 and 20.4

    label = min((FACADES / "test_label").glob("*.png"))
    gan_zoo.translate(run, label, tmp_path / "made")
    with Image.open(tmp_path / "made" / label.name) as made, Image.open(label) as given:
        assert made.size == given.size
        assert np.asarray(made).std() > 1
