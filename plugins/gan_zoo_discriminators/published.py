"""Published checkpoint layouts of the discriminators: key maps, and what shapes say. No torch here.

A published network is one flat sequence in which activations, and norms without tensors, take a
place too; so a place does not depend on the norm.
"""

from __future__ import annotations

import re

from gan_zoo.components import Reading, Shapes

PIX2PIX = ("pix2pix",)
COARSE_TO_FINE = (*("pix2pixhd_512", "pix2pixhd", "pix2pixhd_512_features", "pix2pixhd_features"),)
PIX2PIXHD = {"padding": 2, "max_multiple": None, "max_width": 512, "bias": True}
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def patch_keys(layers: int, norm: str, *, bias: bool, root: str = "model") -> dict[str, str]:
    """pix2pix's PatchGAN: conv at 0, then conv, norm, LeakyReLU from 2 on, and the head."""
    keys = _convolution(f"{root}.0", "features.0.conv", bias=True)
    for i in range(1, layers + 1):
        keys |= _convolution(f"{root}.{3 * i - 1}", f"features.{i}.conv", bias=bias)
        keys |= _norm(f"{root}.{3 * i}", f"features.{i}.norm", norm)
    return keys | _convolution(f"{root}.{3 * layers + 2}", "head", bias=True)


def group_keys(layers: int, norm: str, *, root: str) -> dict[str, str]:
    """pix2pixHD's PatchGAN where its features are matched: every layer is a sequence of its own."""
    keys = _convolution(f"{root}0.0", "features.0.conv", bias=True)
    for i in range(1, layers + 1):
        keys |= _convolution(f"{root}{i}.0", f"features.{i}.conv", bias=True)
        keys |= _norm(f"{root}{i}.1", f"features.{i}.norm", norm)
    return keys | _convolution(f"{root}{layers + 1}.0", "head", bias=True)


def scales_keys(scales: int, layers: int, norm: str, *, matched: bool) -> dict[str, str]:
    """pix2pixHD's scales, counted from the coarsest, as ours are.

    Args:
        scales: How many.
        layers: Of each.
        norm: Of each.
        matched: Whether its features were matched; without, a scale is pix2pix's sequence.
    """
    keys: dict[str, str] = {}
    for n in range(scales):
        if matched:
            own = group_keys(layers, norm, root=f"scale{n}_layer")
        else:
            own = patch_keys(layers, norm, bias=True, root=f"layer{n}")
        keys |= {theirs: f"scales.{n}.{ours}" for theirs, ours in own.items()}
    return keys


def pixel_keys(norm: str, *, bias: bool) -> dict[str, str]:
    """pix2pix's PixelGAN."""
    return (
        _convolution("net.0", "features.0.conv", bias=True)
        | _convolution("net.2", "features.1.conv", bias=bias)
        | _norm("net.3", "features.1.norm", norm)
        | _convolution("net.5", "head", bias=bias)
    )


def read_patch(shapes: Shapes) -> Reading | None:
    """Layers, width and norm of a published PatchGAN."""
    convolutions = _convolutions("model", shapes)
    if "model.0.weight" not in convolutions or len(convolutions) < 3:
        return None
    options = {
        "layers": len(convolutions) - 2,
        "width": shapes["model.0.weight"][0],
        "norm": _norm_of("model", shapes),
        "bias": "auto",
    }
    return Reading(options, PIX2PIX)


def read_pixel(shapes: Shapes) -> Reading | None:
    """Width and norm of a published PixelGAN."""
    if "net.0.weight" not in shapes:
        return None
    width, norm = shapes["net.0.weight"][0], _norm_of("net", shapes)
    return Reading({"width": width, "norm": norm, "bias": "auto"}, PIX2PIX)


def read_scales(shapes: Shapes) -> Reading | None:
    """Scales, and layers, width and norm of each, of a published file with matched features or
    without.
    """
    matched = "scale0_layer0.0.weight" in shapes
    name = r"scale(\d+)_layer\d+\.0\.weight" if matched else r"layer(\d+)\.\d+\.weight"
    found = [
        int(match[1])
        for key, shape in shapes.items()
        if (match := re.fullmatch(name, key)) and len(shape) == 4
    ]
    first = shapes.get("scale0_layer0.0.weight" if matched else "layer0.0.weight", ())
    if not found or len(first) != 4:
        return None
    norm = "scale0_layer1.1.weight" if matched else "layer0.3.weight"
    options = {
        "scales": max(found) + 1,
        "each.use": "patch",
        "each.layers": found.count(0) - 2,
        "each.width": first[0],
        "each.norm": "batch" if norm in shapes else "instance",
        **{f"each.{option}": value for option, value in PIX2PIXHD.items()},
    }
    why = "neither instance norm nor none has tensors"
    return Reading(
        options,
        COARSE_TO_FINE,
        assumed={} if norm in shapes else {"each.norm": why},
        beside={} if matched else {"losses.features": None},
    )


def _convolution(theirs: str, ours: str, *, bias: bool) -> dict[str, str]:
    tensors = ("weight", "bias") if bias else ("weight",)
    return {f"{theirs}.{tensor}": f"{ours}.{tensor}" for tensor in tensors}


def _norm(theirs: str, ours: str, norm: str) -> dict[str, str]:
    tensors = BATCH_NORM if norm == "batch" else ()
    return {f"{theirs}.{tensor}": f"{ours}.{tensor}" for tensor in tensors}


def _convolutions(root: str, shapes: Shapes) -> list[str]:
    place = re.compile(rf"{root}\.\d+\.weight")
    return [key for key, shape in shapes.items() if place.fullmatch(key) and len(shape) == 4]


def _norm_of(root: str, shapes: Shapes) -> str:
    """Both networks have their first normed convolution at 2 and its norm at 3."""
    if shapes.get(f"{root}.3.weight", ()):
        return "batch"
    return "instance" if f"{root}.2.bias" in shapes else "none"
