"""Runs: from files to checkpoints, and on from them."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo import Recipe, UserError, resume, train
from gan_zoo.testing import saved_state

Make = Callable[..., Recipe]

EMOJI = Recipe.load("quickstart").data
BOTH = {"generator.a_to_b", "generator.b_to_a", "discriminator.a_to_b", "discriminator.b_to_a"}
LOGGED = {"engine.log_every": 1}


def weights(run: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (run / "weights/latest").glob("*.safetensors")}


def losses(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line["losses"] for line in lines if "losses" in line]


def test_a_run_goes_on_bit_for_bit(tiny: Make, tmp_path: Path) -> None:
    changes = {**LOGGED, "method.pool": 2, "data.flip": 0.5, "engine.checkpoint_every": 4}
    previews = {"use": "previews", "count": 2, "split": "test"}
    recipe = tiny({**changes, "callbacks.previews": previews})
    train(recipe, tmp_path / "whole", steps=7)
    train(recipe, tmp_path / "cut", steps=4)
    pools = saved_state(tmp_path / "cut")["method"]
    assert {name: len(held) for name, held in pools.items()} == {"a_to_b": 2, "b_to_a": 2}
    resume(tmp_path / "cut", steps=7)
    assert losses(tmp_path / "cut") == losses(tmp_path / "whole")
    whole = weights(tmp_path / "whole")
    assert set(whole) == BOTH
    assert weights(tmp_path / "cut") == whole
    sheet = np.asarray(Image.open(tmp_path / "whole/previews/main-000007.png"))
    assert sheet.ndim == 3
    assert sheet[20:].std() > 10

    one = gan_zoo.load(tmp_path / "whole", device="cpu")
    other = gan_zoo.load(tmp_path / "whole", device="cpu", set={"method.translate": "b_to_a"})
    picture = torch.rand(3, 16, 16) * 2 - 1
    assert (one.inputs, other.inputs) == (["source"], ["target"])
    assert not torch.equal(one(picture), other(picture))

    with pytest.raises(UserError, match="unpaired_folder pairs no picture"):
        gan_zoo.evaluate(tmp_path / "whole", split="test", device="cpu")


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Emoji drawn and colored, no emoji as both: line art of one half, colors of the other."""
    root = tmp_path_factory.mktemp("sides")
    for side, split in (("A", "train"), ("B", "train"), ("A", "test"), ("B", "test")):
        data = EMOJI.open(split)
        count = 160 if split == "train" else 4
        (root / f"{split}{side}").mkdir()
        for n in range(side == "B", count, 2):
            sample = data.read(n, None)
            tensor = sample.maps["source" if side == "A" else "target"].expand(3, -1, -1)
            picture = Image.fromarray(tensor.movedim(0, -1).numpy()).resize((32, 32))
            picture.save(root / f"{split}{side}" / f"{sample.name}.png")
    names = [{path.name for path in (root / f"train{side}").iterdir()} for side in "AB"]
    assert names[0]
    assert names[1]
    assert not names[0] & names[1]
    return root


@pytest.mark.slow
def test_200_steps_teach_the_way_back(tiny: Make, sides: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        **LOGGED,
        "engine.checkpoint_every": 170,
        "data.root": str(sides),
        "data.load": [36, 36],
        "data.crop": [32, 32],
        "data.flip": 0.5,
        "generator.width": 4,
        "generator.blocks": 2,
        "discriminator.width": 8,
        "discriminator.layers": 2,
    }
    recipe = tiny(changes)
    train(recipe, tmp_path / "whole", steps=200)
    terms = losses(tmp_path / "whole")
    assert len(terms) == 200
    assert all(math.isfinite(value) for step in terms for value in step.values())
    for label in ("cycle_A", "cycle_B"):
        first, last = (
            np.mean([step[label] for step in part]) for part in (terms[:50], terms[150:])
        )
        assert last < first, f"{label}: {first:.3f} at first, {last:.3f} at last"

    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    *_, last = sorted((tmp_path / "cut" / "state").glob("step-*"))
    shutil.rmtree(last)  # as if cut after the one before
    resume(tmp_path / "cut")
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")
    assert losses(tmp_path / "cut") == terms

    written = gan_zoo.translate(tmp_path / "whole", sides / "testA", tmp_path / "out", device="cpu")
    pictures = [np.asarray(Image.open(path)) for path in (tmp_path / "out").iterdir()]
    assert len(pictures) == written == 2
    assert all(picture.shape == (32, 32, 3) and picture.std() > 1 for picture in pictures)
