"""Published checkpoint layouts of the generators, as key maps. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONV = ("weight",)
CONV_WITH_BIAS = ("weight", "bias")
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def unet_keys(depth: int, norm: str) -> dict[str, str]:
    """pix2pix's U-Net: block k, counted from the outermost, holds D(k+1), block k+1 and U(n-k).

    Their places in a block depend on what stands between them; activations take places too.
    """
    hidden = CONV_WITH_BIAS if norm == "instance" else CONV
    normed = BATCH_NORM if norm == "batch" else ()
    keys: dict[str, str] = {}

    def add(theirs: str, ours: str, tensors: tuple[str, ...]) -> None:
        keys.update({f"{theirs}.{tensor}": f"{ours}.{tensor}" for tensor in tensors})

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


def unet_options(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Width, depth and norm of a published U-Net; nothing where it is another network's file."""
    first = "model.model.0.weight"
    if first not in shapes:
        return {}
    weights = [shape for key, shape in shapes.items() if key.endswith(".weight")]
    if any(len(shape) == 1 for shape in weights):
        norm = "batch"
    else:
        norm = "instance" if "model.model.0.bias" in shapes else "none"
    convolutions = sum(len(shape) == 4 for shape in weights)
    return {"width": shapes[first][0], "depth": convolutions // 2, "norm": norm}
