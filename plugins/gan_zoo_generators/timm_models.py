"""Backbones of timm as encoders: which of their features serve which level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

from gan_zoo.components import ContractError, pretrained


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
def plan_backbone(name: str, *, channels_in: int, levels: int) -> Plan:
    """Look at a backbone on the meta device: down to 1/2^levels of the sides, and no deeper.

    Raises:
        ContractError: it has no features of that size, or is no encoder for pictures of any size.
    """
    whole = pretrained.build_on_meta(name, in_chans=channels_in)
    reductions: list[int] = whole.feature_info.reduction()
    last = {reduction: index for index, reduction in enumerate(reductions)}  # the deepest of each
    fitting = [k for k in range(1, 6) if 2**k in last]
    if levels not in fitting:
        sizes = ", ".join(f"1/{reduction}" for reduction in dict.fromkeys(reductions))
        cure = f"Use levels {' or '.join(map(str, fitting))}" if fitting else "Use resnet18"
        if len(set(reductions)) == 1:  # a transformer: one size, and mostly one size of pictures
            cure = "Use a convolutional backbone, as resnet18"
        raise ContractError(
            f"levels {levels} wants features at 1/{2**levels} of the sides; timm's {name} has them "
            f"at {sizes}. {cure}",
            option="levels",
        )
    found = [last.get(2**level) for level in range(1, levels + 1)]
    indices = tuple(index for index in found if index is not None)
    channels = whole.feature_info.channels()
    needed = pretrained.build_on_meta(name, in_chans=channels_in, out_indices=indices)
    features = pretrained.require_features(
        name,
        needed,
        channels_in=channels_in,
        expected=[(channels[index], reductions[index]) for index in indices],
    )
    learned = list(needed.parameters())
    with torch.inference_mode(False), torch.enable_grad():
        total = torch.stack([feature.sum() for feature in features]).sum()
        dead = None in torch.autograd.grad(total, learned, allow_unused=True)
    if dead and levels < fitting[-1]:
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
