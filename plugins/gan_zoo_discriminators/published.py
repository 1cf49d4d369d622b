"""Published checkpoint layouts of the discriminators, as key maps. No torch here.

A published network is one flat sequence in which activations, and norms without tensors, take a
place too; so a place does not depend on the norm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def patch_keys(layers: int, norm: str, *, bias: bool) -> dict[str, str]:
    """pix2pix's PatchGAN: conv at 0, then conv, norm, LeakyReLU from 2 on, and the head."""
    keys = _convolution("model.0", "features.0.conv", bias=True)
    for i in range(1, layers + 1):
        keys |= _convolution(f"model.{3 * i - 1}", f"features.{i}.conv", bias=bias)
        keys |= _norm(f"model.{3 * i}", f"features.{i}.norm", norm)
    return keys | _convolution(f"model.{3 * layers + 2}", "head", bias=True)


def pixel_keys(norm: str, *, bias: bool) -> dict[str, str]:
    """pix2pix's PixelGAN."""
    return (
        _convolution("net.0", "features.0.conv", bias=True)
        | _convolution("net.2", "features.1.conv", bias=bias)
        | _norm("net.3", "features.1.norm", norm)
        | _convolution("net.5", "head", bias=bias)
    )


def patch_options(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Layers, width and norm of a published PatchGAN; nothing where it is another's file."""
    convolutions = _convolutions("model", shapes)
    if "model.0.weight" not in convolutions:
        return {}
    return {
        "layers": len(convolutions) - 2,
        "width": shapes["model.0.weight"][0],
        "norm": _norm_of("model", shapes),
        "bias": "auto",
    }


def pixel_options(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Width and norm of a published PixelGAN; nothing where it is another network's file."""
    if "net.0.weight" not in shapes:
        return {}
    return {
        "width": shapes["net.0.weight"][0],
        "norm": _norm_of("net", shapes),
        "bias": "auto",
    }


def _convolution(theirs: str, ours: str, *, bias: bool) -> dict[str, str]:
    tensors = ("weight", "bias") if bias else ("weight",)
    return {f"{theirs}.{tensor}": f"{ours}.{tensor}" for tensor in tensors}


def _norm(theirs: str, ours: str, norm: str) -> dict[str, str]:
    tensors = BATCH_NORM if norm == "batch" else ()
    return {f"{theirs}.{tensor}": f"{ours}.{tensor}" for tensor in tensors}


def _convolutions(root: str, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    place = re.compile(rf"{root}\.\d+\.weight")
    return [key for key, shape in shapes.items() if place.fullmatch(key) and len(shape) == 4]


def _norm_of(root: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Both networks have their first normed convolution at 2 and its norm at 3."""
    if shapes.get(f"{root}.3.weight", ()):
        return "batch"
    return "instance" if f"{root}.2.bias" in shapes else "none"
