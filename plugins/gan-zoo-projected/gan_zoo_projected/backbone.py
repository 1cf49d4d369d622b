"""Backbones of timm that never learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from gan_zoo.components import ContractError, first_line, pretrained


@dataclass(frozen=True)
class Plan:
    """What is to be known of a backbone before it is built.

    Args:
        indices: Which of its features it gives, as timm counts them: the deepest of every level.
        channels: Of every level.
        mean: Of the pictures in [0, 1] that its published weights know, by channel.
        deviation: Likewise.
    """

    indices: tuple[int, ...]
    channels: tuple[int, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@cache
def plan_backbone(name: str, levels: tuple[int, ...]) -> Plan:
    """Look at a backbone on the meta device.

    Args:
        name: The model's.
        levels: Every k of features at 1/2^k of the sides.

    Raises:
        ContractError: it has no features of such a size, or takes pictures of some sizes only.
    """
    whole = pretrained.build_on_meta(name, in_chans=3)
    reductions: list[int] = whole.feature_info.reduction()
    last = {reduction: index for index, reduction in enumerate(reductions)}  # the deepest of each
    if absent := [level for level in levels if 2**level not in last]:
        sizes = ", ".join(f"1/{reduction}" for reduction in last)
        fitting = [level for level in range(1, 6) if 2**level in last]
        cure = f"Use levels among {fitting}" if fitting else "Use resnet18"
        raise ContractError(
            f"level {absent[0]} wants features at 1/{2 ** absent[0]} of the sides; timm's {name} "
            f"has them at {sizes}. {cure}",
            option="levels",
        )
    indices = tuple(last[2**level] for level in levels)
    channels = tuple(whole.feature_info.channels()[index] for index in indices)
    needed = pretrained.build_on_meta(name, in_chans=3, out_indices=indices)
    expected = [(c, 2**level) for c, level in zip(channels, levels, strict=True)]
    pretrained.require_features(name, needed, channels_in=3, expected=expected)
    height, width = 4 * 2 ** levels[-1] + 1, 2 * 2 ** levels[-1] + 3
    try:
        needed(torch.empty(1, 3, height, width, device="meta"))
    except Exception as problem:  # what models say to a size cannot be listed
        raise ContractError(
            f"timm's {name} takes no picture of {height}x{width}: "
            f"{first_line(problem)}. Use a convolutional backbone, as resnet18",
            option="backbone",
        ) from None
    config = whole.pretrained_cfg
    return Plan(indices, channels, tuple(config["mean"]), tuple(config["std"]))


def build_backbone_of(name: str, indices: tuple[int, ...]) -> nn.Module:
    """A backbone with the first weights of timm, but for the scales of batch norm, which are one.

    timm begins with residual branches whose scale is zero, to be learned: one that never learns
    would be without them.

    Args:
        name: The model's.
        indices: Which of its features it gives.
    """
    network = pretrained.build_backbone(name, channels_in=3, indices=indices)
    for layer in network.modules():
        if isinstance(layer, _BatchNorm) and layer.affine:
            nn.init.ones_(layer.weight)
    return network


class Frozen(nn.Module):
    """A network that computes as in evaluation for ever, with tensors that nothing moves.
    `B 3 H W -> [B E h w]`.

    They are buffers: no optimizer and no init finds them, gradients go through to the picture, and
    they are saved, so that a run goes on without the file that they came from. The layers are no
    submodules of it, so that nobody can set batch norm or dropout to training; they have shapes
    alone, and compute with the buffers.

    Args:
        network: What is frozen; it is taken apart. Its tensors keep their names.
        name: What it is called, for people.
    """

    def __init__(self, *, network: nn.Module, name: str) -> None:
        super().__init__()
        self.name = name
        saved = network.state_dict()
        held = [*network.named_parameters(), *network.named_buffers()]
        for path, tensor in held:
            *above, last = path.split(".")
            here: nn.Module = self
            for step in above:
                if step not in dict(here.named_children()):
                    here.add_module(step, nn.Module())
                here = here.get_submodule(step)
            here.register_buffer(last, tensor.detach(), persistent=path in saved)
        self.feature_info: Any = network.feature_info  # pretrained.fill_backbone asks for it
        self._layers = (network.to("meta").eval(),)  # in a tuple, for it to be no submodule

    def forward(self, picture: Tensor) -> list[Tensor]:
        """The features, the finest first."""
        held = dict(self.named_buffers(remove_duplicate=False))
        made: Sequence[Tensor] = functional_call(self._layers[0], held, (picture,))
        return list(made)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class Normalize(nn.Module):
    """From [-1, 1] to what a backbone knows. `B D H W -> B 3 H W`; one channel is seen as gray.

    Args:
        mean: By channel, for pictures in [0, 1].
        deviation: Likewise.
    """

    def __init__(self, *, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        for name, values in (("mean", mean), ("deviation", deviation)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Shift and scale."""
        return ((picture.expand(-1, 3, -1, -1) + 1) / 2 - self.mean) / self.deviation
