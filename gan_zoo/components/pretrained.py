"""Weights that were learned elsewhere: read from files, looked up in caches, and put into backbones
of timm. Nothing is downloaded, and nothing in a file is executed.
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.backbones import hub_file
from gan_zoo.components.meta_device import on_meta
from gan_zoo.errors import ContractError, UserError, first_line, format_size

Shape = tuple[int, int]  # channels, and how many pixels one of the features stands for in a row


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors or a .pth, by key; nothing in it is executed.

    Raises:
        UserError: it is damaged, or holds anything but tensors.
    """
    broken = f"{path} is damaged, or no checkpoint at all"
    try:
        held = _held(path)
    except pickle.UnpicklingError as problem:
        if found := re.search(r"GLOBAL ([\w.]+)", str(problem)):
            raise UserError(
                f"{path} holds code or objects ({found[1]}), not only tensors, and stays closed. "
                "Save the network's state_dict() alone, in the program that made it"
            ) from None
        raise UserError(broken) from None
    except Exception as problem:  # what a torn file does to the reader cannot be listed
        said = first_line(problem)
        raise UserError(f"{broken}: {said}" if re.search("[a-z]", said) else broken) from None
    if isinstance(held, Mapping) and isinstance(held.get("state_dict"), Mapping):
        held = held["state_dict"]  # beside epoch and optimizer, as many programs save
    if not isinstance(held, Mapping) or not held:
        raise UserError(f"{path} holds a {type(held).__name__}; a state dict was expected")
    for key, tensor in held.items():
        if not isinstance(tensor, Tensor) or tensor.layout != torch.strided:
            raise UserError(
                f"{path} is no plain state dict: {key} is {type(tensor).__name__}, no tensor. "
                "Save the network's state_dict() alone"
            )
        if tensor.is_floating_point() and not tensor.float().isfinite().all():
            raise UserError(f"{path}: {key} is not finite; take another file")
    return {str(key): tensor.detach() for key, tensor in held.items()}


def _held(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if part := archive.testzip():  # torch itself does not look at the checksums
                raise ValueError(f"the checksum of {part} is wrong")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about formats that only foreign files have
        return torch.load(path, map_location="cpu", weights_only=True)


def describe_misfit(stored: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]]) -> str:
    """Why tensors are not the wanted ones, in words; empty where they are. More of them may come.

    Args:
        stored: By key.
        wanted: Key -> shape.
    """
    lost = [key for key in wanted if key not in stored]
    other = [
        key for key, shape in wanted.items() if key in stored and tuple(stored[key].shape) != shape
    ]
    if not lost and not other:
        return ""
    came = (
        f"{lost[0]} is missing" if lost else f"{other[0]} is {format_size(stored[other[0]].shape)}"
    )
    wrong = "" if lost else f", {format_size(wanted[other[0]])} is expected"
    return (
        f"{came}{wrong} ({len(lost)} tensors are missing, {len(other)} of another shape, of "
        f"{len(wanted)})"
    )


# ---------------------------------------------------------------------------------- caches


def cached_weights(name: str) -> Path | None:
    """timm's own weights of a model in the caches of this machine."""
    import timm
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
    return hub_file(config.url.rpartition("/")[2]) if isinstance(config.url, str) else None


# ---------------------------------------------------------------------------------- backbones


def build_backbone(name: str, *, channels_in: int, indices: tuple[int, ...]) -> nn.Module:
    """A fresh backbone of timm: `B C H W -> [B E H/r W/r]`."""
    made: nn.Module = _create(name, in_chans=channels_in, out_indices=indices)
    return made


def _create(name: str, **options: Any) -> Any:
    """timm's model on the default device. Some compute with tensors while they are made, which the
    meta device has no numbers for: they are made on the CPU before, and no draw of it counts.
    """
    import timm

    try:
        return timm.create_model(name, features_only=True, **options)
    except RuntimeError:
        if not torch.empty(0).is_meta:
            raise
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        return timm.create_model(name, features_only=True, **options).to("meta")


def build_on_meta(name: str, *, option: str = "backbone", **options: Any) -> Any:
    """A backbone of timm on the meta device, to look at.

    Raises:
        ContractError: it gives no features.
    """
    with on_meta():
        try:
            return _create(name, **options).eval()
        except Exception as problem:  # what a model says to features_only cannot be listed
            raise ContractError(
                f"timm's {name} gives no features: {first_line(problem)}. Use a convolutional "
                "backbone, as resnet18",
                option=option,
            ) from None


def require_features(
    name: str,
    module: nn.Module,
    *,
    channels_in: int,
    expected: Sequence[Shape],
    option: str = "backbone",
) -> list[Tensor]:
    """The features of a backbone on the meta device. Those of an unexpected shape are refused: some
    models take pictures of one size only, or give channels last.

    Args:
        name: The model's.
        module: As `on_meta` made it.
        channels_in: Of the picture.
        expected: Of each of its features.
        option: Where the recipe says the name.

    Raises:
        ContractError: it is no encoder for pictures of any size.
    """
    deepest = max(reduction for _, reduction in expected)
    height, width = 4 * deepest, 2 * deepest
    picture = torch.empty(1, channels_in, height, width, device="meta")
    shapes = [(channels, height // r, width // r) for channels, r in expected]
    try:
        with torch.inference_mode(False), torch.enable_grad():
            features = list(module(picture))
    except Exception as problem:  # nor can what they say to a size
        came = first_line(problem)
    else:
        came = ", ".join(format_size(feature.shape[1:]) for feature in features)
        if [tuple(feature.shape[1:]) for feature in features] == shapes:
            return features
    raise ContractError(
        f"timm's {name} gives of a picture of {height}x{width}: {came}; features of "
        f"{', '.join(map(format_size, shapes))} (channels, height, width) are expected. Use a "
        "convolutional backbone, as resnet18",
        option=option,
    )


def fill_backbone(module: Any, name: str, path: Path, *, channels_in: int, own: bool) -> None:
    """Fill a backbone with weights of the whole model that it comes from.

    Where the picture has other than 3 channels, timm repeats or sums the first weights.

    Args:
        module: As `build` made it.
        name: The model's.
        path: Its state dict.
        channels_in: Of the picture.
        own: It is timm's own file, which timm may convert.

    Raises:
        UserError: the file is damaged, or of another model.
    """
    import timm

    stored = read_weights(path)
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
        raise UserError(f"{path} does not fit timm's {name}: {first_line(problem)}") from None


def _compare(name: str, path: Path, stored: Mapping[str, Tensor]) -> None:
    """timm itself skips what is absent."""
    import timm

    with on_meta():
        whole: Any = timm.create_model(name)
    config = whole.pretrained_cfg
    first, head = (_layers(config.get(key)) for key in ("first_conv", "classifier"))
    wanted = {
        # Of the first layer the channels may differ.
        key: tuple((stored[key] if key.startswith(first) and key in stored else tensor).shape)
        for key, tensor in whole.state_dict().items()
        if not key.startswith(head) and not key.endswith("num_batches_tracked")
    }
    if wrong := describe_misfit(stored, wanted):
        raise UserError(
            f"{path} holds no weights of timm's {name}: {wrong}. Give the state_dict() of "
            f"timm.create_model('{name}'), or the backbone that the file is of"
        )


def _layers(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """How the keys of these layers begin."""
    listed = [names] if isinstance(names, str) else names or []
    return tuple(f"{name}." for name in listed)
