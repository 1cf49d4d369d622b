"""Every shipped recipe on a small scale: a run of fresh weights, and data to compare it on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PIL

from gan_zoo.engine.assembly import assemble
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.folder_specs import TINY as LABELS

NO_NOISE = {"inference.dropout": False}
SMALL = {"discriminator.each.width": 4, "data.workers": 0}
LABELED = {**SMALL, "data.root": str(LABELS), "data.classes": 3, "data.ignore": [255]}
COARSE = {"phases.coarse.size": [32, 48], "init.gain": 0.1}
GLOBAL = {"generator.width": 4, "generator.downsamplings": 2, "generator.blocks": 2}
ENHANCED = {
    "generator.blocks": 1,
    **{f"generator.coarse.{key[10:]}": value for key, value in GLOBAL.items()},
}
TEXTURE = {"conditions.texture.width": 2, "conditions.texture.downsamplings": 1}
FINE = {"phases.enhance.size": [64, 96], "phases.joint.size": [64, 96]}
CROPPED = {f"phases.{name}.set.data.crop": [64, 64] for name in ("enhance", "joint")}
FROZEN = {f"phases.{n}.set.conditions.texture.frozen_at": [32, 32] for n in ("enhance", "joint")}
UNET = {"init.gain": 0.05, "generator.width": 4, "discriminator.width": 4, "data.workers": 0}

# recipe -> what makes it small, with what the recipe needs to be exported
CHANGES: dict[str, dict[str, Any]] = {
    "quickstart": UNET,
    "scenes": UNET,
    "pix2pix": {**UNET, "generator.depth": 4},
    "pix2pixhd_512": {**LABELED, **COARSE, **GLOBAL},
    "pix2pixhd_512_features": {**LABELED, **COARSE, **GLOBAL, **TEXTURE},
    "pix2pixhd": {**LABELED, **COARSE, **ENHANCED, **FINE},
    "pix2pixhd_crop": {**LABELED, **COARSE, **ENHANCED, **CROPPED},
    "pix2pixhd_features": {**LABELED, **COARSE, **ENHANCED, **FINE, **TEXTURE, **FROZEN},
    "pix2pixhd_features_crop": {**LABELED, **COARSE, **ENHANCED, **CROPPED, **TEXTURE, **FROZEN},
    "quickstart_hd": {**SMALL, **ENHANCED, **TEXTURE, "init.gain": 0.1},
    "cyclegan/cyclegan": {**UNET, "generator.blocks": 2},
    "projected/projected": {**UNET, "generator.depth": 4, "discriminator": {"use": "patch"}},
    "projected/quickstart": {**UNET, "discriminator": {"use": "patch"}},
    "spade/spade": {
        **{**LABELED, "generator.width": 4, "generator.hidden": 4, "generator.levels": 2},
        **{"phases.main.size": [32, 48], "data.batch": 1, "init.gain": 1.0},
    },
}
for _name in ("projected/projected", "projected/quickstart"):  # its judges play no part in it
    del CHANGES[_name]["discriminator.width"]


def small_run(out: Path, recipe: str, changes: Mapping[str, Any] | None = None) -> RunFolder:
    """A run's folder with the weights that a run begins with; nothing was trained."""
    made = Recipe.load(recipe, set={**(changes or CHANGES[recipe]), "engine.device": "cpu"})
    folder = RunFolder.create(out, made, None, None)
    networks = assemble(made, losses="none").networks
    weights = {name: module.state_dict() for name, module in networks.items()}
    folder.save_weights("latest", weights, {"phase": list(made.phases)[-1], "step": 0})
    return folder


def small_data(root: Path, recipe: str) -> Path | None:
    """Data that the recipe reads, 96 x 80; None where it brings its own."""
    draw = np.random.default_rng(0)
    sides: list[str] = []
    if recipe in ("pix2pix", "projected/projected"):
        sides, size = ["train"], (96, 160, 3)
    elif recipe == "cyclegan/cyclegan":
        sides, size = ["trainA", "trainB"], (96, 80, 3)
    for side in sides:
        (root / side).mkdir(parents=True)
        for number in range(2):
            coarse = draw.integers(0, 256, (12, size[1] // 8, 3)).astype(np.uint8)
            picture = PIL.fromarray(coarse).resize((size[1], size[0]), PIL.Resampling.BICUBIC)
            picture.save(root / side / f"{number}.png")
    return root if sides else None
