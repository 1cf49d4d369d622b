"""pix2pixHD on real facades at 128 pixels: each idea is switched off by one `--set`, all three
phases train, and a run that is stopped inside a phase and between phases ends in the same bytes.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan_zoo.runs.folder import RunFolder
from tests.cli.conftest import Command
from tests.plugins.data.making import SHARED

FACADES = SHARED / "facades_inst_hd"
STEPS = 6  # of each phase
OFF = {
    "nothing": "",
    "boundary": "conditions.edges=null",
    "features": "conditions.texture=null",
    "feature matching": "losses.features=null",
    "multi-scale": "discriminator.scales=1",
}


def recipe(folder: Path) -> Path:
    """quickstart_hd on facades, few steps a phase."""
    few = {"epochs": None, "steps": STEPS}
    fine = {**few, "size": [128, 128]}
    frozen = {"set": {"conditions.texture.frozen_at": [64, 64]}}
    told = {
        "extends": "quickstart_hd",
        "data": {"use": "label_folder", "root": str(FACADES), "classes": 11, "batch": 2},
        "phases": {
            "coarse": {**few, "size": [64, 64], "schedule": None},
            "enhance": {**fine, **frozen},
            "joint": {**fine, **frozen, "schedule": None},
        },
        "validation": None,
        "callbacks": {"previews": None},
        "engine": {"device": "cpu", "log_every": 1, "checkpoint_every": 2},
    }
    file = folder / "facades_hd.yaml"
    file.write_text(json.dumps(told))
    return file


def weights(run: Path) -> dict[str, Tensor]:
    folder = RunFolder.open(run)
    names = sorted(path.stem for path in (run / "weights/latest").glob("*.safetensors"))
    found = {name: folder.load_weights("latest", name) for name in names}
    return {f"{name}.{key}": tensor for name, own in found.items() for key, tensor in own.items()}


@pytest.mark.slow
@pytest.mark.skipif(not FACADES.is_dir(), reason=f"no real data at hand: {FACADES} is not there")
@pytest.mark.parametrize("idea", OFF)
def test_one_set_switches_it_off_and_all_phases_train(
    zoo: Command, tmp_path: Path, idea: str
) -> None:
    file, off = recipe(tmp_path), ["--set", OFF[idea]] if OFF[idea] else []
    done = zoo("run", file, *off, "--out", tmp_path / "whole")
    assert done.code == 0, done.err
    cut = tmp_path / "cut"
    assert zoo("run", file, *off, "--out", cut, "--steps", STEPS - 1).code == 0
    for stop in (STEPS, 2 * STEPS + 1, "all"):
        resumed = zoo("resume", cut, "--steps", stop)
        assert resumed.code == 0, resumed.err

    logged = [json.loads(line) for line in (cut / "log.jsonl").read_text().splitlines()]
    losses = [entry["losses"] for entry in logged if "losses" in entry]
    assert len(losses) == 3 * STEPS
    assert all(math.isfinite(value) for terms in losses for value in terms.values())
    assert ("G_GAN_Feat" in losses[-1]) is (idea != "feature matching")
    ours, theirs = weights(cut), weights(tmp_path / "whole")
    assert any(name.startswith("conditions.texture") for name in ours) is (idea != "features")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
