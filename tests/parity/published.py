"""What a golden case says -> a recipe: one table, option by option.

A case is a golden.json beside the checkpoints of a published program, what went in and what came
out; see golden/README.md. Everything in it is read here or verified here; what is unknown fails.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import vgg19

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Size
from gan_zoo.recipe.recipe import Recipe

Patch = dict[str, Any]

# What the keys beside `case` may say without changing a recipe.
SAID: dict[str, set[Any]] = {
    "computed_in": {"float64"},
    "dropout": {False},
    "order": {
        "D step then G step, the G step sees the updated D",
        "one forward; G step, then D step with gradients of the pre-step forward",
    },
    "instance_ids": {"label*1000+k"},
    "norm": {"instance, no affine"},
}
FORMS = {"vanilla (BCE with logits)": "vanilla", "lsgan": "least_squares"}
BESIDE = {
    *SAID,
    *("case", "losses", "batch", "size", "h", "w", "train_only_local_for_first_steps"),
    *("gan", "lambda_L1", "lambda_feat", "lr", "betas", "eps", "d_loss_factor"),
}
UNETS = {"unet_256": 8, "unet_128": 7}
RESNETS = {"resnet_9blocks": 9, "resnet_6blocks": 6}


def patches(golden: Mapping[str, Any]) -> Patch:
    """The changes to the recipe `pix2pix` that make a case's recipe, by dotted path.

    Raises:
        ValueError: a key or a value of the case is not known here.
    """
    for key in golden:
        _known(key, BESIDE)
    for key, allowed in SAID.items():
        if key in golden and golden[key] not in allowed:
            raise ValueError(f"{key} {golden[key]!r} came; known are {allowed}")
    case = golden["case"]
    make = _label_maps if "label_nc" in case else _pictures
    adam = {"use": "adam", "lr": golden["lr"], "betas": golden["betas"]}
    adam |= {"eps": golden["eps"]} if "eps" in golden else {}
    return {
        "optimizers": {"generator": adam, "discriminator": adam},
        "losses.gan.form": FORMS[golden["gan"]],
        "losses.gan.discriminator_weight": golden.get("d_loss_factor", 0.5),
        "inference": {"dropout": False, "norm": "picture"},
        "callbacks": None,
        "engine": {"device": "cpu", "memory_format": "contiguous", "precision": "float64"},
        **make(golden, dict(case)),
    }


def _pictures(golden: Mapping[str, Any], case: dict[str, Any]) -> Patch:
    """The options of pix2pix."""
    for key in case:
        _known(key, {"netG", "netD", "norm", "ngf", "ndf", "n_layers", "in_c", "out_c"})
    net, norm = case["netG"], case["norm"]
    generator = {"width": case["ngf"], "norm": norm}
    if net in UNETS:
        generator |= {"use": "unet", "depth": UNETS[net], "dropout": "none"}
    else:
        generator |= {"use": "resnet", "blocks": RESNETS[net]}
    discriminator = {"width": case["ndf"], "norm": norm}
    match case["netD"]:
        case "pixel":
            discriminator |= {"use": "pixel"}
        case "basic":
            discriminator |= {"use": "patch", "layers": 3}
        case "n_layers":
            discriminator |= {"use": "patch", "layers": case["n_layers"]}
        case other:
            raise ValueError(f"netD {other} is not known")
    return {
        "data": {
            "use": "paired_folder",
            "root": ".",
            "direction": "a_to_b",
            "source": case.get("in_c", 3),
            "target": case.get("out_c", 3),
            "batch": golden["batch"],
            "load": None,
            "crop": _size(golden),
            "flip": None,
        },
        "generator": generator,
        "discriminator": discriminator,
        "losses.l1.weight": golden["lambda_L1"],
        "phases": {"main": {"epochs": None, "schedule": None, "steps": len(golden["losses"])}},
    }


def _label_maps(golden: Mapping[str, Any], case: dict[str, Any]) -> Patch:
    """The options of pix2pixHD."""
    known = {"netG", "ngf", "ndf", "nef", "num_D", "n_layers", "n_down", "n_blocks", "norm"}
    for key in case:
        _known(key, known | {"label_nc", "feat", "vgg", "out_c"})
    norm = case.get("norm", "instance")
    one_scale = {
        **{"use": "patch", "width": case["ndf"], "layers": case.get("n_layers", 3), "norm": norm},
        **{"padding": 2, "max_width": 512, "bias": True},
    }
    whole = {
        **{"use": "global", "width": case["ngf"], "norm": norm},
        **{"downsamplings": case["n_down"], "blocks": case["n_blocks"]},
    }
    generator: Patch = whole
    if case["netG"] == "local":
        coarse = {**whole, "width": 2 * case["ngf"]}
        generator = {"use": "local_enhancer", "enhancers": 1, "blocks": 3, "norm": norm}
        generator["coarse"] = coarse
    elif case["netG"] != "global":
        raise ValueError(f"netG {case['netG']} is not known")
    conditions: Patch = {
        "picture": None,
        "labels": {"use": "one_hot"},
        "edges": {"use": "boundary"},
    }
    if case.get("feat", False):
        conditions["texture"] = {
            "use": "instance_features",
            "channels": 3,
            "width": case.get("nef", 16),
        }
    weight = golden["lambda_feat"]
    losses: Patch = {"l1": None, "features": {"use": "feature_matching", "weight": weight}}
    if case.get("vgg", False):
        losses["perceptual"] = {"use": "perceptual", "network": "vgg19", "weight": weight}
    data = {
        **{"use": "label_folder", "root": ".", "classes": case["label_nc"]},
        **{"batch": golden["batch"], "flip": 0.0},
    }
    if case.get("out_c", 3) != 3:
        data["target"] = case["out_c"]
    return {
        "data": data,
        "conditions": conditions,
        "method.turns": "simultaneous",
        "generator": generator,
        "discriminator": {"use": "multiscale", "scales": case["num_D"], "each": one_scale},
        "losses": losses,
        "phases": _phases(golden, conditions),
    }


def _phases(golden: Mapping[str, Any], conditions: Patch) -> Patch:
    steps, first = len(golden["losses"]), golden["train_only_local_for_first_steps"]
    size = _size(golden)
    if first == 0:
        return {"main": {"epochs": None, "schedule": None, "steps": steps, "size": size}}
    features = [f"conditions.{name}" for name in conditions if name == "texture"]
    enhance = {
        **{"steps": min(first, steps), "size": size},
        "train": ["generator.enhancers", "discriminator", *features],
    }
    joint = {"steps": steps - first, "size": size, "start": {"generator": "fresh"}}
    return {"main": None, "enhance": enhance} | ({"joint": joint} if first < steps else {})


def _size(golden: Mapping[str, Any]) -> list[int]:
    if "size" in golden:
        return [golden["size"], golden["size"]]
    return [golden["h"], golden["w"]]


def _known(key: str, known: set[str]) -> None:
    if key not in known:
        raise ValueError(f"the case says {key}, which no recipe word is known for")


def recipe(
    golden: Mapping[str, Any], precision: str = "float64", perceptual: Path | None = None
) -> Recipe:
    """The recipe of a case.

    Args:
        golden: The case.
        precision: In which numbers it computes.
        perceptual: The file with the weights of a perceptual loss.

    Raises:
        RecipeError: it names what is not built.
        ValueError: the case says what is not known here.
    """
    changes = patches(golden)
    changes["engine"]["precision"] = precision
    if "perceptual" in changes.get("losses", {}):
        changes["losses"]["perceptual"]["weights"] = str(perceptual or "none")
    if changes["data"].get("use") != "paired_folder":
        return Recipe.load("pix2pix", set=changes)
    wide = {side: changes["data"][side] for side in ("source", "target")}
    changes["data"] |= {side: min(count, 4) for side, count in wide.items()}
    made = Recipe.load("pix2pix", set=changes)
    if max(wide.values()) > 4:
        height, width = _size(golden)
        data = ChannelsSpec(batch=golden["batch"], size=(height, width), **wide)
        made = made.model_copy(update={"data": data})
    return made


class ChannelsSpec(DataSpec, name="channels"):
    """Pairs with more channels than a picture file holds; here only their shapes are asked for."""

    source: int
    target: int
    size: Size

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        height, width = self.size
        source = Image(self.source, height, width)
        return {"source": source, "target": source.with_channels(self.target)}

    def open(self, split: str, size: Size | None = None) -> Dataset:
        raise AssertionError("a golden case reads its own tensors")

    def inputs(self, path: str | Path, *, pairs: bool = False) -> Dataset:
        raise AssertionError("a golden case reads its own tensors")


def maps(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What went in, as a batch of named maps: 8-bit pictures and ids."""
    pictures = {"A_uint8": "source", "B_uint8": "target", "image_uint8": "target"}
    made = {ours: stored[theirs] for theirs, ours in pictures.items() if theirs in stored}
    if "label" in stored:
        made["label"] = stored["label"].long()
        made["instance"] = torch.stack(  # ids are counted from 0 in every sample
            [ids.unique(return_inverse=True)[1] for ids in stored["instance"].long()]
        )
    return made


@dataclass(frozen=True)
class Output:
    """One stored output.

    Args:
        what: Its name, as G_train_mode.
        indices: Scale and layer of a feature map.
        after: Training steps before it.
        every: It holds every n-th pixel.
        tensor: The numbers.
    """

    what: str
    indices: tuple[int, ...]
    after: int
    every: int
    tensor: Tensor


OUTPUT = re.compile(
    r"(G_train_mode|G_eval_mode|G_output|D_logits_train_mode|boundary|instance_features|D_real)"
    r"(?:_scale(\d+)_layer(\d+))?(?:_after_(\d+)_steps)?(?:_every_(\d+)th_pixel)?"
)
INPUTS = {"A_uint8", "B_uint8", "image_uint8", "label", "instance"}


def outputs(stored: Mapping[str, Tensor]) -> list[Output]:
    """What came out.

    Raises:
        ValueError: a tensor whose name is not known.
    """
    found = []
    for name in sorted(stored.keys() - INPUTS):
        match = OUTPUT.fullmatch(name)
        if match is None:
            raise ValueError(f"a tensor {name} is not known")
        what, scale, layer, after, every = match.groups()
        indices = () if scale is None else (int(scale), int(layer))
        found.append(Output(what, indices, int(after or 0), int(every or 1), stored[name]))
    return found


def write_perceptual(path: Path) -> Path:
    """Write the weights that VGG19 had in the golden runs, by their formula (golden/README.md), as
    torchvision keeps its features.
    """
    with torch.device("meta"):
        layers = vgg19(init_weights=False).features
    convolutions = {key: layer for key, layer in layers.named_children() if hasattr(layer, "bias")}
    made = {}
    for depth, (key, layer) in enumerate(convolutions.items()):
        assert isinstance(layer, nn.Conv2d)
        index = torch.arange(layer.weight.numel(), dtype=torch.float64)
        wave = torch.cos(1 + 0.7 * index + 0.013 * (index * index % 8191) + depth)
        weight = (wave * math.sqrt(4 / (layer.in_channels * 9))).reshape(layer.weight.shape)
        offset = 0.05 * torch.sin(torch.arange(layer.out_channels, dtype=torch.float64) + depth)
        made |= {f"{key}.weight": weight.float(), f"{key}.bias": offset.float()}
    save_file(made, path)
    return path
