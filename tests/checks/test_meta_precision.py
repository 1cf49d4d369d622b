"""Autocast on the meta device: the types of a GPU's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.checks.meta_precision import MetaPrecision, precision_on_meta
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.recipe.engine_words import Engine
from gan_zoo.recipe.recipe import Recipe

META = torch.device("meta")
HALF, WHOLE = torch.bfloat16, torch.float32


def precision(name: str = "bfloat16") -> MetaPrecision:
    return MetaPrecision(META, name, "contiguous")


def test_types_are_those_of_autocast() -> None:
    x, kernel = torch.empty(1, 4, 8, 8, device=META), torch.empty(4, 4, 3, 3, device=META)
    with precision().autocast():
        half = F.conv2d(x, kernel)
        assert half.dtype == F.conv_transpose2d(x, kernel).dtype == HALF
        assert F.relu(half).dtype == F.avg_pool2d(half, 2).dtype == HALF
        assert F.group_norm(half, 2).dtype == F.l1_loss(half, half).dtype == WHOLE
        assert torch.cat([half, half.float()]).dtype == WHOLE
    assert F.conv2d(x, kernel).dtype == WHOLE
    with precision("float32").autocast():
        assert F.conv2d(x, kernel).dtype == WHOLE


def test_weights_are_cast_once_a_turn() -> None:
    kernel = torch.empty(4, 4, 3, 3, device=META, requires_grad=True)
    x, paper = torch.empty(1, 4, 8, 8, device=META), precision()

    def cast() -> Tensor:
        with paper.autocast():
            F.conv2d(x, kernel)
            return paper.weights.kept[id(kernel)][1]

    with paper.casts():
        assert cast() is cast()
    assert not paper.weights.kept
    assert cast() is not cast()
    assert not paper.weights.kept


@pytest.mark.parametrize(
    ("said", "name", "norms"),
    [
        ({"device": "cpu"}, "float32", "float32"),
        ({"device": "cpu", "precision": "bfloat16"}, "bfloat16", "half"),
        ({"device": "cuda:63"}, "bfloat16", "half"),  # which is not here
        ({"device": "cuda:63", "precision": "float16"}, "float16", "float32"),
        ({"device": "cuda:63", "norms": "float32"}, "bfloat16", "float32"),
        ({"device": "cuda:63", "precision": "float64"}, "float64", "float32"),
    ],
)
def test_it_is_the_precision_of_the_run(said: dict[str, Any], name: str, norms: str) -> None:
    made = precision_on_meta(Engine(**said))
    assert (made.device, made.name, made.norms) == (META, name, norms)
    assert made.scaler() is None


def test_a_rehearsal_counts_what_norms_hold() -> None:
    """Of one picture at a time: two bytes a number against six."""
    small: dict[str, Any] = {"data.load": None, "data.crop": [128, 128], "engine.device": "cpu"}
    small |= {
        "generator": {"use": "resnet", "width": 8, "norm": "instance"},
        "discriminator.width": 4,
    }
    small |= {"data.batch": 8, "engine.precision": "bfloat16"}
    words = ("half", "float32")
    half, whole = (
        rehearse(Recipe.load("pix2pix", set={**small, "engine.norms": word}))[0] for word in words
    )
    assert (half.precision, half.flop) == ("bfloat16", whole.flop)
    assert half.peak_bytes < 0.75 * whole.peak_bytes
