"""Checkpoints as published programs write them, of networks of ours, and what is read off them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.components.spec import Norm
from gan_zoo.errors import UserError
from gan_zoo.importer.files import Folder
from gan_zoo.importer.recipe_from_files import read_recipe
from gan_zoo.recipe.recipe import Recipe
from gan_zoo_discriminators.multiscale_specs import MultiScaleSpec
from gan_zoo_discriminators.single_specs import PatchSpec
from gan_zoo_generators.residual_specs import GlobalSpec
from tests.plugins.networks import GOLDEN

HD = GOLDEN / "pix2pixhd"


def publish(folder: Path, name: str, spec: Any, *joins: Any, layout: int = 0) -> Path:
    """A file as a published program writes it, with weights that no two runs would draw alike."""
    torch.manual_seed(len(name))
    ours = spec.build(*joins).state_dict()
    keys = spec.published(*joins)[layout].keys
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {theirs: ours[key] for theirs, key in keys.items()}
    torch.save(tensors, folder / f"latest_net_{name}.pth")
    return folder


def whole(norm: Norm = "instance", **options: Any) -> GlobalSpec:
    return GlobalSpec(**{"width": 2, "blocks": 1, "norm": norm, **options})


def scales(count: int, norm: Norm = "instance", layers: int = 3) -> MultiScaleSpec:
    each = PatchSpec(
        **{"width": 2, "layers": layers, "norm": norm},
        **{"padding": 2, "max_width": 512, "bias": True},
    )
    return MultiScaleSpec(scales=count, each=each)


def recipe_of(folder: Path, changes: Mapping[str, Any] | None = None) -> Recipe:
    return read_recipe(Folder.open(folder), changes)[0]


def told(folder: Path, changes: Mapping[str, Any] | None = None) -> list[str]:
    return [line.strip() for line in read_recipe(Folder.open(folder), changes)[2]]


def refusal(folder: Path, changes: Mapping[str, Any] | None = None) -> str:
    with pytest.raises(UserError) as refused:
        recipe_of(folder, changes)
    return str(refused.value)
