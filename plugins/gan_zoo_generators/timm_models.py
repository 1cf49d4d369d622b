"""Backbones of timm: built as encoders, and filled with weights that were learned elsewhere."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from gan_zoo.errors import ContractError, UserError


@dataclass(frozen=True)
class Plan:
    """What a backbone is built for.

    Args:
        indices: Which of its features it gives, as timm counts them.
        places: Of every level k from 1 on: the place, in what it gives, of the features at 1/2^k of
            the sides; None where it has none.
        channels: Of every level; 0 where it has none.
        mean: Of the pictures in [0, 1] that its published weights know, by channel.
        deviation: Likewise.
    """

    indices: tuple[int, ...]
    places: tuple[int | None, ...]
    channels: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@cache
def plan(name: str, *, channels_in: int, levels: int) -> Plan:
    """Look at a backbone on the meta device: down to 1/2^levels of the sides, and no deeper.

    Raises:
        ContractError: it has no features of that size, or is no encoder for pictures of any size.
    """
    whole = _on_meta(name, in_chans=channels_in)
    reductions: list[int] = whole.feature_info.reduction()
    last = {reduction: index for index, reduction in enumerate(reductions)}  # the deepest of each
    fitting = [k for k in range(1, 6) if 2**k in last]
    if levels not in fitting:
        sizes = ", ".join(f"1/{reduction}" for reduction in dict.fromkeys(reductions))
        cure = f"Use levels {' or '.join(map(str, fitting))}" if fitting else "Use resnet18"
        raise ContractError(
            f"levels {levels} wants features at 1/{2**levels} of the sides; timm's {name} has them "
            f"at {sizes}. {cure}",
            option="levels",
        )
    found = [last.get(2**level) for level in range(1, levels + 1)]
    indices = tuple(index for index in found if index is not None)
    channels = whole.feature_info.channels()
    needed = _on_meta(name, in_chans=channels_in, out_indices=indices)
    expected = {index: (channels[index], reductions[index]) for index in indices}
    if _dead(name, needed, channels_in, expected) and levels < fitting[-1]:
        raise ContractError(
            f"levels {levels} leaves deeper layers of timm's {name} without use, and timm cannot "
            f"cut them off. Use levels {fitting[-1]}, or a backbone as resnet18",
            option="levels",
        )
    return Plan(
        indices,
        tuple(None if index is None else indices.index(index) for index in found),
        tuple(0 if index is None else channels[index] for index in found),
        tuple(whole.pretrained_cfg["mean"]),
        tuple(whole.pretrained_cfg["std"]),
    )


def build(name: str, *, channels_in: int, indices: tuple[int, ...]) -> nn.Module:
    """A fresh backbone: `B C H W -> [B E H/r W/r]`."""
    made: nn.Module = timm.create_model(
        name, features_only=True, in_chans=channels_in, out_indices=indices
    )
    return made


def _on_meta(name: str, **options: Any) -> Any:
    with torch.device("meta"):
        try:
            return timm.create_model(name, features_only=True, **options).eval()
        except Exception as problem:  # what a model says to features_only cannot be listed
            raise ContractError(
                f"timm's {name} gives no features: {_first(problem)}. Use a convolutional "
                "backbone, as resnet18",
                option="backbone",
            ) from None


def _dead(
    name: str, module: nn.Module, channels_in: int, expected: Mapping[int, tuple[int, int]]
) -> bool:
    """Whether layers have no part in what it gives. Features of an unexpected shape are refused:
    some models take pictures of one size only, or give channels last.
    """
    deepest = max(reduction for _, reduction in expected.values())
    height, width = 4 * deepest, 2 * deepest
    picture = torch.empty(1, channels_in, height, width, device="meta")
    shapes = [(channels, height // r, width // r) for channels, r in expected.values()]
    try:
        with torch.inference_mode(False), torch.enable_grad():
            features = list(module(picture))
            total = sum((feature.sum() for feature in features), torch.zeros((), device="meta"))
    except Exception as problem:  # nor can what they say to a size
        came = _first(problem)
    else:
        came = ", ".join(_by(feature.shape[1:]) for feature in features)
        if [tuple(feature.shape[1:]) for feature in features] == shapes:
            learned = list(module.parameters())
            return None in torch.autograd.grad(total, learned, allow_unused=True)
    raise ContractError(
        f"timm's {name} gives of a picture of {height}x{width}: {came}; features of "
        f"{', '.join(map(_by, shapes))} (channels, height, width) are expected. Use a "
        "convolutional backbone, as resnet18",
        option="backbone",
    )


def cached(name: str) -> Path | None:
    """timm's own weights of a model in the caches of this machine; nothing is downloaded."""
    from huggingface_hub import try_to_load_from_cache

    try:
        config: Any = timm.get_pretrained_cfg(name)
    except RuntimeError:  # it knows no weights of that tag, as building the model says
        return None
    if config is None:
        return None
    if config.hf_hub_id:
        repository, _, revision = config.hf_hub_id.partition("@")
        files = [config.hf_hub_filename or "model.safetensors", "pytorch_model.bin"]
        for file in files:
            found = try_to_load_from_cache(repository, file, revision=revision or None)
            if isinstance(found, str):
                return Path(found)
    if isinstance(config.url, str) and config.url:
        path = Path(torch.hub.get_dir(), "checkpoints", config.url.rpartition("/")[2])
        return path if path.is_file() else None
    return None


def fill(module: Any, name: str, path: Path, *, channels_in: int, own: bool) -> None:
    """Fill a backbone with weights of the whole model that it comes from.

    Where the condition has other than 3 channels, timm repeats or sums the first weights.

    Args:
        module: As `build` made it.
        name: The model's.
        path: Its state dict.
        channels_in: Of the condition.
        own: It is timm's own file, which timm may convert.

    Raises:
        UserError: the file is damaged, or of another model.
    """
    stored = read(path)
    if not own:
        _compare(name, path, stored)
    try:
        learned = timm.create_model(
            name,
            pretrained=True,
            pretrained_cfg_overlay={"state_dict": stored, "custom_load": False},
            features_only=True,
            in_chans=channels_in,
            out_indices=module.feature_info.out_indices,
        )
        module.load_state_dict(learned.state_dict())
    except (RuntimeError, KeyError) as problem:
        raise UserError(f"{path} does not fit timm's {name}: {_first(problem)}") from None


def _compare(name: str, path: Path, stored: Mapping[str, Tensor]) -> None:
    """timm itself skips what is absent."""
    with torch.device("meta"):
        whole: Any = timm.create_model(name)
    config = whole.pretrained_cfg
    first, head = (_layers(config.get(key)) for key in ("first_conv", "classifier"))
    wanted = {
        key: tuple(tensor.shape)
        for key, tensor in whole.state_dict().items()
        if not key.startswith(head) and not key.endswith("num_batches_tracked")
    }
    lost = [key for key in wanted if key not in stored]
    other = [
        key
        for key, shape in wanted.items()
        if key in stored and not key.startswith(first) and tuple(stored[key].shape) != shape
    ]
    if lost or other:
        came = f"{lost[0]} is missing" if lost else f"{other[0]} is {_by(stored[other[0]].shape)}"
        wrong = "" if lost else f", {_by(wanted[other[0]])} is expected"
        raise UserError(
            f"{path} holds no weights of timm's {name}: {came}{wrong} ({len(lost)} tensors are "
            f"missing, {len(other)} of another shape, of {len(wanted)}). Give the state_dict() of "
            f"timm.create_model('{name}'), or the backbone that the file is of"
        )


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by key; nothing in it is executed.

    Raises:
        UserError: it is damaged, or holds anything but tensors.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as problem:
        raise UserError(
            f"{path} is damaged, or holds code or objects, and stays closed: {_first(problem)}. "
            "Save the model's state_dict() alone"
        ) from None
    except Exception as problem:  # what a torn file does to the reader cannot be listed
        raise UserError(f"{path} cannot be read as weights: {_first(problem)}") from None
    if isinstance(held, Mapping) and isinstance(held.get("state_dict"), Mapping):
        held = held["state_dict"]  # beside epoch and optimizer, as timm's training saves
    if not isinstance(held, Mapping) or not all(isinstance(t, Tensor) for t in held.values()):
        raise UserError(f"{path} holds no plain state dict. Save the model's state_dict() alone")
    return dict(held)


def _layers(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """How the keys of these layers begin."""
    listed = [names] if isinstance(names, str) else names or []
    return tuple(f"{name}." for name in listed)


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _first(problem: Exception) -> str:
    return next(iter(str(problem).splitlines()), type(problem).__name__)
