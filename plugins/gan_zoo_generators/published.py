"""Published checkpoint layouts of the generators: key maps, and what shapes say. No torch here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from gan_zoo.components import Reading, Shapes

PIX2PIX = ("pix2pix",)
GLOBAL = ("pix2pixhd_512", "pix2pixhd_512_features")
LOCAL = ("pix2pixhd", "pix2pixhd_features")
UNTOLD = "neither instance norm nor none has tensors"

CONV = ("weight",)
CONV_WITH_BIAS = ("weight", "bias")
ENHANCER = "model1_1.1.weight"  # the first tensor of pix2pixHD's enhancers
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def unet_keys(depth: int, norm: str) -> dict[str, str]:
    """pix2pix's U-Net: block k, counted from the outermost, holds D(k+1), block k+1 and U(n-k).

    Their places in a block depend on what stands between them; activations take places too.
    """
    hidden = CONV_WITH_BIAS if norm == "instance" else CONV
    normed = BATCH_NORM if norm == "batch" else ()
    keys: dict[str, str] = {}

    def add(theirs: str, ours: str, tensors: tuple[str, ...]) -> None:
        keys.update(_pairs(theirs, ours, tensors))

    path = "model"
    for k in range(depth):
        outermost, innermost = k == 0, k == depth - 1
        down, up = f"encoder.{k}", f"decoder.{depth - 1 - k}"
        down_at = 0 if outermost else 1
        up_at = 3 if outermost or innermost else 5
        add(f"{path}.model.{down_at}", f"{down}.conv", hidden)
        if not (outermost or innermost):
            add(f"{path}.model.2", f"{down}.norm", normed)
        add(f"{path}.model.{up_at}", f"{up}.conv", CONV_WITH_BIAS if outermost else hidden)
        if not outermost:
            add(f"{path}.model.{up_at + 1}", f"{up}.norm", normed)
        path += ".model.1" if outermost else ".model.3"
    return keys


def read_unet(shapes: Shapes) -> Reading | None:
    """Width, depth and norm of a published U-Net."""
    first, last = _weight(shapes, "model.model.0"), _weight(shapes, "model.model.3")
    if not first or not last:
        return None
    weights = [shape for key, shape in shapes.items() if key.endswith(".weight")]
    norm = _norm(any(len(shape) == 1 for shape in weights), "model.model.0.bias" in shapes)
    convolutions = sum(len(shape) == 4 for shape in weights)
    return Reading(
        {"width": first[0], "depth": convolutions // 2, "norm": norm},
        PIX2PIX,
        assumed={"dropout": "dropout has no tensors"},
        channels=(first[1], last[1]),  # the last one is transposed
    )


def resnet_keys(blocks: int, norm: str, *, dropout: bool) -> dict[str, str]:
    """pix2pix's ResNet generator: one flat sequence, in which padding and activations, and norms
    without tensors, take a place too; a block is one place of it. Dropout, which has no tensors,
    moves what follows it in its block.
    """
    up, last = 10 + blocks, 17 + blocks
    stages = {"1": "encoder.0", "4": "encoder.1", "7": "encoder.2"}
    stages |= {f"{up}": "decoder.0", f"{up + 3}": "decoder.1"}
    keys: dict[str, str] = {}
    for place, stage in stages.items():
        keys |= _normed(f"model.{place}", f"model.{int(place) + 1}", stage, norm)
    for block in range(blocks):
        inside, ours = f"model.{10 + block}.conv_block", f"blocks.{block}"
        second = 6 if dropout else 5
        keys |= _normed(f"{inside}.1", f"{inside}.2", f"{ours}.first", norm)
        keys |= _normed(f"{inside}.{second}", f"{inside}.{second + 1}", f"{ours}.second", norm)
    return keys | _pairs(f"model.{last}", "decoder.2", CONV_WITH_BIAS)


def read_resnet(shapes: Shapes) -> Reading | None:
    """Width, blocks, norm and dropout of a published ResNet."""
    place = re.compile(r"model\.(\d+)\.conv_block\.(\d+)\.weight")
    found = [match for match in map(place.fullmatch, shapes) if match]
    blocks = {int(match[1]) for match in found}
    first, last = _weight(shapes, "model.1"), _weight(shapes, f"model.{17 + len(blocks)}")
    if not first or not last or min(blocks, default=0) != 10:  # 10 is after two halvings
        return None
    if ENHANCER in shapes:
        return None
    dropped = any(match[2] == "6" and len(shapes[match[0]]) == 4 for match in found)
    options = {
        "width": first[0],
        "blocks": len(blocks),
        "norm": _norm("model.2.weight" in shapes, "model.1.bias" in shapes),
        "dropout": "code" if dropped else "none",
    }
    return Reading(options, PIX2PIX, channels=(first[1], last[0]))


def global_keys(downsamplings: int, blocks: int, norm: str, *, head: bool = True) -> dict[str, str]:
    """pix2pixHD's global generator: one flat sequence, as the ResNet generator's; every convolution
    has a bias. What is embedded in enhancers has no head.
    """
    bottom = 4 + 3 * downsamplings
    up = bottom + blocks
    keys = _biased("model", 1, "encoder.0", norm)
    for i in range(downsamplings):
        keys |= _biased("model", 4 + 3 * i, f"encoder.{i + 1}", norm)
        keys |= _biased("model", up + 3 * i, f"decoder.{i}", norm)
    for block in range(blocks):
        inside = f"model.{bottom + block}.conv_block"
        keys |= _biased(inside, 1, f"blocks.{block}.first", norm)
        keys |= _biased(inside, 5, f"blocks.{block}.second", norm)
    if head:
        last = up + 3 * downsamplings + 1  # the padding before it takes a place
        keys |= _pairs(f"model.{last}", f"decoder.{downsamplings}", CONV_WITH_BIAS)
    return keys


def local_keys(
    *, enhancers: int, blocks: int, norm: str, coarse: Mapping[str, str]
) -> dict[str, str]:
    """pix2pixHD's local enhancer: the coarse part, and for each enhancer, counted from the
    innermost, a sequence up to the sum and one from there on; the outermost has the head.
    """
    keys = {theirs: f"coarse.{ours}" for theirs, ours in coarse.items()}
    for n in range(1, enhancers + 1):
        front, back, ours = f"model{n}_1", f"model{n}_2", f"enhancers.{n}"
        keys |= _biased(front, 1, f"{ours}.encoder.0", norm)
        keys |= _biased(front, 4, f"{ours}.encoder.1", norm)
        for block in range(blocks):
            inside = f"{back}.{block}.conv_block"
            keys |= _biased(inside, 1, f"{ours}.blocks.{block}.first", norm)
            keys |= _biased(inside, 5, f"{ours}.blocks.{block}.second", norm)
        keys |= _biased(back, blocks, f"{ours}.decoder.0", norm)
    return keys | _pairs(f"{back}.{blocks + 4}", f"{ours}.decoder.1", CONV_WITH_BIAS)


def read_global(shapes: Shapes) -> Reading | None:
    """Width, downsamplings, blocks and norm of a published global generator."""
    reading = None if ENHANCER in shapes else _embedded(shapes)
    if reading is None:
        return None
    halvings, blocks = reading.options["downsamplings"], reading.options["blocks"]
    last = _weight(shapes, f"model.{5 + 6 * halvings + blocks}")
    if not last:
        return None
    # With two halvings and instance norm pix2pix's ResNet has these tensors, and computes the same.
    doubtful = halvings == 2 and reading.options["norm"] == "instance"
    channels = shapes["model.1.weight"][1], last[0]
    return replace(reading, channels=channels, doubtful=doubtful)


def read_local(shapes: Shapes) -> Reading | None:
    """Enhancers and their blocks, and the options of the coarse part."""
    coarse = _embedded(shapes)
    fronts = [re.fullmatch(r"model(\d+)_1\.1\.weight", key) for key in shapes]
    enhancers = max((int(match[1]) for match in fronts if match), default=0)
    blocks = [re.fullmatch(r"model1_2\.(\d+)\.conv_block\.1\.weight", key) for key in shapes]
    count = sum(match is not None for match in blocks)
    first, last = _weight(shapes, "model1_1.1"), _weight(shapes, f"model{enhancers}_2.{count + 4}")
    if coarse is None or not first or not last:
        return None
    options = {
        "enhancers": enhancers,
        "blocks": count,
        "norm": coarse.options["norm"],
        "coarse.use": "global",
        **{f"coarse.{option}": value for option, value in coarse.options.items()},
    }
    assumed = dict(coarse.assumed) | {f"coarse.{key}": why for key, why in coarse.assumed.items()}
    return Reading(options, LOCAL, assumed, channels=(first[1], last[0]))


def _embedded(shapes: Shapes) -> Reading | None:
    """The options of a global generator, whole or without its head."""
    place = re.compile(r"model\.(\d+)\.conv_block\.5\.weight")
    blocks = [int(match[1]) for match in map(place.fullmatch, shapes) if match]
    halvings, rest = divmod(min(blocks, default=0) - 4, 3)
    first = _weight(shapes, "model.1")
    if not blocks or rest or halvings < 1 or not first or "model.1.bias" not in shapes:
        return None
    norm = "batch" if "model.2.weight" in shapes else "instance"
    options = {"width": first[0], "blocks": len(blocks), "downsamplings": halvings, "norm": norm}
    return Reading(options, GLOBAL, {"norm": UNTOLD} if norm == "instance" else {})


def _weight(shapes: Shapes, layer: str) -> tuple[int, ...]:
    """The weight of a convolution; empty where there is none at that place."""
    shape = shapes.get(f"{layer}.weight", ())
    return shape if len(shape) == 4 else ()


def _biased(root: str, place: int, stage: str, norm: str) -> dict[str, str]:
    """A convolution with its bias and the norm behind it, in a sequence of pix2pixHD's."""
    keys = _pairs(f"{root}.{place}", f"{stage}.conv", CONV_WITH_BIAS)
    tensors = BATCH_NORM if norm == "batch" else ()
    return keys | _pairs(f"{root}.{place + 1}", f"{stage}.norm", tensors)


def _normed(conv: str, norm: str, stage: str, kind: str) -> dict[str, str]:
    """A convolution and its norm, each at its place, and the stage of ours that has both."""
    keys = _pairs(conv, f"{stage}.conv", CONV_WITH_BIAS if kind == "instance" else CONV)
    return keys | _pairs(norm, f"{stage}.norm", BATCH_NORM if kind == "batch" else ())


def _pairs(theirs: str, ours: str, tensors: tuple[str, ...]) -> dict[str, str]:
    return {f"{theirs}.{tensor}": f"{ours}.{tensor}" for tensor in tensors}


def _norm(affine: bool, biased: bool) -> str:
    """Only batch norm has tensors; only beside instance norm a hidden convolution has a bias."""
    return "batch" if affine else "instance" if biased else "none"
