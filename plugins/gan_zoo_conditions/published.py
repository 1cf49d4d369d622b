"""Published checkpoint layouts of conditions: key maps, and what shapes say. No torch here."""

from __future__ import annotations

import re

from gan_zoo.components import Reading, Shapes

RECIPES = ("pix2pixhd_512_features", "pix2pixhd_features")

CONV = ("weight", "bias")
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def encoder_keys(downsamplings: int, norm: str) -> dict[str, str]:
    """pix2pixHD's encoder: one flat sequence, in which padding, norms and activations take a place
    too; every convolution has a bias.
    """
    keys: dict[str, str] = {}
    places = {1 + 3 * stage: f"encoder.encoder.{stage}" for stage in range(downsamplings + 1)}
    up = 4 + 3 * downsamplings
    places |= {up + 3 * stage: f"encoder.decoder.{stage}" for stage in range(downsamplings)}
    for place, ours in places.items():
        keys |= {f"model.{place}.{tensor}": f"{ours}.conv.{tensor}" for tensor in CONV}
        if norm == "batch":
            keys |= {f"model.{place + 1}.{t}": f"{ours}.norm.{t}" for t in BATCH_NORM}
    last = 5 + 6 * downsamplings
    return keys | {f"model.{last}.{tensor}": f"encoder.head.{tensor}" for tensor in CONV}


def read_encoder(shapes: Shapes) -> Reading | None:
    """Width, downsamplings, channels and norm of a published encoder. A generator, which begins
    alike, has residual blocks at its lowest resolution.
    """
    place = re.compile(r"model\.(\d+)\.weight")
    found = {
        int(match[1]): shapes[match[0]]
        for match in map(place.fullmatch, shapes)
        if match and len(shapes[match[0]]) == 4
    }
    last = max(found, default=0)
    downsamplings, rest = divmod(last - 5, 6)
    if rest or downsamplings < 1 or len(found) != 2 * downsamplings + 2 or 1 not in found:
        return None
    options = {
        "width": found[1][0],
        "downsamplings": downsamplings,
        "channels": found[last][0],
        "norm": "batch" if "model.2.weight" in shapes else "instance",
    }
    assumed = {"over": "means over instances or over classes: neither has tensors"}
    if options["norm"] == "instance":
        assumed["norm"] = "neither instance norm nor none has tensors"
    return Reading(options, RECIPES, assumed)
