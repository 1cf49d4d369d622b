"""How a trained network is asked: any size, statistics and dropout as the recipe says, its own
seed, and nothing of the networks or of torch's generators changed by it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from gan_zoo.components.learning import Network
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.engine.precision import generator_states, restore_generators
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.model import Inference

TRIES = 64  # multiples of a generator above the size of a picture


def pad_by_reflection(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    """Reflect `B C H W` at the right and the bottom up to a size; repeat where the picture is
    smaller than the pad.
    """
    for dim, wanted in zip((-2, -1), size, strict=True):
        side = tensor.shape[dim]
        if wanted > side:
            period = max(2 * side - 2, 1)
            mirror = torch.arange(wanted) % period
            mirror = torch.where(mirror < side, mirror, period - mirror)
            tensor = tensor.index_select(dim, mirror.to(tensor.device))
    return tensor


def to_8bit(picture: Tensor) -> Tensor:
    """Floats in [-1, 1] -> uint8, rounded."""
    return ((picture.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()


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


@contextmanager
def inference_state(modules: Iterable[nn.Module], inference: Inference) -> Iterator[None]:
    """Set networks to inference as the recipe says, and back to what they were."""
    layers = list(dict.fromkeys(layer for module in modules for layer in module.modules()))
    before = [(layer, layer.training) for layer in layers]
    norms = [layer for layer in layers if isinstance(layer, _BatchNorm)]
    tracked = [(layer, layer.track_running_stats) for layer in norms]
    for layer in layers:
        layer.training = (inference.dropout and isinstance(layer, _DropoutNd)) or (
            inference.norm == "picture" and isinstance(layer, _BatchNorm)
        )
    for layer in norms if inference.norm == "picture" else ():
        layer.track_running_stats = False  # own statistics, and the learned ones do not move
    try:
        with torch.inference_mode():
            yield
    finally:
        for layer, training in before:
            layer.training = training
        for norm, tracks in tracked:
            norm.track_running_stats = tracks


@contextmanager
def seeded_by_input(device: torch.device, maps: Mapping[str, Tensor], seed: int) -> Iterator[None]:
    """Seed torch by the input and `seed`, and leave its generators as they were.

    The same picture gets the same noise alone, in a batch, as floats, from a file or in a preview.
    """
    content = zlib.crc32(str(seed).encode())
    for name in sorted(maps):
        tensor = maps[name]
        if tensor.is_floating_point():
            tensor = to_8bit(tensor)
        elif tensor.dtype != torch.uint8:
            tensor = tensor.to(torch.int32)  # ids of any width
        content = zlib.crc32(tensor.cpu().contiguous().numpy().tobytes(), content)
    before = generator_states(device)
    torch.default_generator.manual_seed(content)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(content)
    if device.type == "mps":
        torch.mps.manual_seed(content)
    try:
        yield
    finally:
        restore_generators(before, device)
