"""How a trained network is asked: any size, statistics and dropout as the recipe says, and nothing
of the networks changed by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from gan_zoo.components.learning import Network
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.pictures import as_8bit
from gan_zoo.engine.assembly import Assembly
from gan_zoo.engine.compiling import eagerly
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.model import Inference

TRIES = 64  # multiples of a generator above the size of a picture


def making_networks(assembly: Assembly) -> list[str]:
    """The networks that pictures are made by, as files of weights name them; others judge these."""
    player = assembly.wiring.players[0]
    return [name for name in assembly.networks if assembly.owner(name) == player]


def pad_by_reflection(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    """Reflect `B C H W` at the right and the bottom up to a size; repeat where the picture is
    smaller than the pad.
    """
    for dim, wanted in zip((-2, -1), size, strict=True):
        side = tensor.shape[dim]
        if wanted > side:
            tensor = tensor.index_select(dim, mirrored(0, wanted, side).to(tensor.device))
    return tensor


def mirrored(begin: int, end: int, length: int) -> Tensor:
    """The rows of a picture of some length that rows from one to another show, beyond its last one
    too.
    """
    period = max(2 * length - 2, 1)
    place = torch.arange(begin, end) % period
    return torch.where(place < length, place, period - place)


def drops(modules: Iterable[nn.Module]) -> bool:
    """Whether dropout is on in one of these."""
    return any(
        isinstance(layer, _DropoutNd) and layer.training and layer.p > 0
        for layer in _layers(modules)
    )


def to_8bit(picture: Tensor) -> Tensor:
    """Floats in [-1, 1] -> uint8, rounded, on the CPU."""
    return as_8bit(picture.float()).cpu()


def fitting_size(network: Network, height: int, width: int) -> tuple[int, int]:
    """The smallest (height, width) that a generator takes and that holds this one.

    Raises:
        UserError: it takes none that is near.
    """
    spec, refused = network.spec, ""
    assert isinstance(spec, GeneratorSpec)
    multiple = spec.multiple()
    for more in range(TRIES):
        size = tuple((-(-side // multiple) + more) * multiple for side in (height, width))
        try:
            spec.check(network.given.resized(*size), network.wanted.resized(*size))
        except ContractError as problem:
            refused = str(problem)
        else:
            return size[0], size[1]
    raise UserError(f"the generator takes no size near {height}x{width}: {refused}")


def set_to_inference(modules: Iterable[nn.Module], inference: Inference) -> None:
    """Set networks to inference as the recipe says, for good: any number of threads may then call
    them, since nothing of them moves.
    """
    for layer in _layers(modules):
        layer.training = (inference.dropout and isinstance(layer, _DropoutNd)) or (
            inference.norm == "picture" and isinstance(layer, _BatchNorm)
        )
        if inference.norm == "picture" and isinstance(layer, _BatchNorm):
            layer.track_running_stats = False  # own statistics, and the learned ones do not move


@contextmanager
def inference_state(
    modules: Iterable[nn.Module],
    inference: Inference,
    *,
    settled: bool = False,
    compiled: bool = False,
) -> Iterator[None]:
    """Call networks for a picture: without graphs, set to inference as the recipe says.

    Args:
        modules: The networks.
        inference: What the recipe says.
        settled: They were set for good, so that threads may share them. Others are being trained,
            and go back to what they were.
        compiled: Those are compiled for their steps; a picture of another size would be one more
            program, and not quite the picture that is made of the same weights later.
    """
    if settled:
        with torch.inference_mode():
            yield
        return
    layers = _layers(modules)
    before = [(layer, layer.training) for layer in layers]
    norms = [layer for layer in layers if isinstance(layer, _BatchNorm)]
    tracked = [(layer, layer.track_running_stats) for layer in norms]
    set_to_inference(layers, inference)
    try:
        with torch.inference_mode(), eagerly(compiled):
            yield
    finally:
        for layer, training in before:
            layer.training = training
        for norm, tracks in tracked:
            norm.track_running_stats = tracks


def _layers(modules: Iterable[nn.Module]) -> list[nn.Module]:
    return list(dict.fromkeys(layer for module in modules for layer in module.modules()))
