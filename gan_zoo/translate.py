"""A run folder -> a Translator: paths, PIL, numpy, tensors in; the same out.

Previews, validation, evaluation and translation all end in `Translator.picture`, one picture at a
time, so that none of them can differ from another.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as PIL
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from gan_zoo.assembly import assemble
from gan_zoo.engine.precision import Precision, pick_device
from gan_zoo.engine.rundir import RunDir
from gan_zoo.engine.scene import Cast
from gan_zoo.engine.stage import playing
from gan_zoo.errors import UserError
from gan_zoo.protocols import Method, Sample
from gan_zoo.recipe.model import Inference, Recipe


class Translator:
    """Makes pictures as the recipe's `inference` says.

    Args:
        recipe: Of the run.
        cast: Who plays.
        method: Makes the scene, whose output is the picture.
    """

    def __init__(self, recipe: Recipe, cast: Cast, method: Method) -> None:
        self.recipe = recipe
        self.cast = cast
        self.method = method
        self.inputs = list(dict.fromkeys(m for c in recipe.conditions.values() for m in c.needs()))

    @classmethod
    def load(
        cls, run: str | Path, *, device: str = "auto", weights: str | None = None
    ) -> Translator:
        """Open a run folder.

        Args:
            run: The folder.
            device: As in the recipe's engine section.
            weights: latest or best; what the recipe says if absent.

        Raises:
            UserError: it is no run, or its weights are absent or damaged.
        """
        folder = RunDir.open(run)
        recipe = folder.recipe()
        precision = Precision.of(recipe.engine, pick_device(device))
        assembly = assemble(recipe, weights=False)
        weights = weights or recipe.inference.weights
        play = recipe.phases[folder.weights_phase(weights)].play
        needed = [n for n in assembly.networks if assembly.owner(n) == assembly.wiring.players[0]]
        for name in needed:
            try:
                assembly.networks[name].load_state_dict(folder.load_weights(weights, name))
            except RuntimeError as problem:
                raise UserError(f"weights of {name} do not fit its recipe: {problem}") from None
            precision.place(assembly.networks[name])
        cast = Cast(playing(assembly, play), assembly.conditions, precision)
        return cls(recipe, cast, assembly.method)

    def picture(self, maps: Mapping[str, Tensor], *, seed: int = 0) -> Tensor:
        """The core of every use: named maps, uint8 `C H W` -> the picture, uint8 `D H W`.

        Any size: what the network cannot take is padded by reflection and cropped back.

        Args:
            maps: The inputs.
            seed: With the input itself, the seed of dropout where inference keeps it on.
        """
        height, width = next(iter(maps.values())).shape[-2:]
        multiple = self.recipe.generator.multiple()
        batch = {name: padded(tensor[None], multiple) for name, tensor in maps.items()}
        with inferring(self._modules(), self.recipe.inference), seeded(self._device, maps, seed):
            scene = self.method.scene(self.cast, self.cast.precision.receive(batch))
            made: Tensor = scene[self.method.output]
        return to_8bit(made[0, :, :height, :width])

    def __call__(self, inputs: Any, *, seed: int = 0) -> Any:
        """Translate one input or a batch of them; the answer is of the same type.

        Args:
            inputs: A path (gives a PIL picture), a PIL picture, a numpy array `H W C` or `H W`, a
                tensor `C H W` or `B C H W`, a dict of named maps of one of these, or a list.
                Arrays and tensors are uint8, or floats in [-1, 1], which give floats.
            seed: The seed of dropout where inference keeps it on.

        Raises:
            UserError: the type, the channels or the value range is not what the model takes.
        """
        if isinstance(inputs, list | tuple):
            return [self(item, seed=seed) for item in inputs]
        if isinstance(inputs, Tensor) and inputs.ndim == 4:
            return torch.stack([self(item, seed=seed) for item in inputs])
        if isinstance(inputs, Mapping):
            first = next(iter(inputs.values()))
            maps = {name: self._map(name, value) for name, value in inputs.items()}
        elif len(self.inputs) == 1:
            first, maps = inputs, {self.inputs[0]: self._map(self.inputs[0], inputs)}
        else:
            raise UserError(
                f"this model takes the maps {', '.join(self.inputs)}; give a dict of them"
            )
        if missing := [name for name in self.inputs if name not in maps]:
            raise UserError(f"the map {missing[0]} is missing; needed: {', '.join(self.inputs)}")
        return _like(first, self.picture(maps, seed=seed))

    def folder(
        self, path: str | Path, *, pairs: bool = False, seed: int = 0
    ) -> Iterator[tuple[Sample, Tensor]]:
        """Translate a file, or all files of a folder, read as the recipe's data reads them.

        Raises:
            DataError: a file is not what the recipe says; names it.
        """
        dataset = self.recipe.data.inputs(path, pairs=pairs)
        for index in range(len(dataset)):
            sample = dataset.read(index, None)
            yield sample, self.picture(sample.maps, seed=seed)

    @property
    def _device(self) -> torch.device:
        return self.cast.precision.device

    def _modules(self) -> list[nn.Module]:
        return [*self.cast.networks.values(), *self.cast.conditions.values()]

    def _map(self, name: str, value: Any) -> Tensor:
        """Any accepted type -> uint8 `C H W`."""
        if isinstance(value, str | Path):
            return next(iter(self.recipe.data.inputs(value).read(0, None).maps.values()))
        wanted = self.recipe.data.maps()[name].channels
        if isinstance(value, PIL.Image):
            value = np.asarray(value)
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(np.array(value, copy=True))
            value = value[None] if value.ndim == 2 else value.movedim(-1, 0)
        if not isinstance(value, Tensor) or value.ndim != 3:
            came = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise UserError(
                f"{name}: {came} came; a path, a PIL picture, an array H W C or a tensor C H W "
                "was expected"
            )
        if value.shape[0] != wanted:
            raise UserError(
                f"{name}: {value.shape[0]} channels came, the model takes {wanted}; convert the "
                "picture, or train with the data's mode changed"
            )
        if value.dtype == torch.uint8:
            return value
        if not value.is_floating_point() or value.abs().max() > 1:
            raise UserError(
                f"{name}: {value.dtype} up to {value.abs().max():.4g} came; uint8, or floats in "
                "[-1, 1], were expected"
            )
        return value


def padded(tensor: Tensor, multiple: int) -> Tensor:
    """Reflect `B C H W` at the right and the bottom up to a multiple; repeat where the picture is
    smaller than the pad.
    """
    for dim in (-2, -1):
        side = tensor.shape[dim]
        if pad := -side % multiple:
            mirror = torch.arange(side + pad)
            period = max(2 * side - 2, 1)
            mirror = mirror % period
            mirror = torch.where(mirror < side, mirror, period - mirror)
            tensor = tensor.index_select(dim, mirror.to(tensor.device))
    return tensor


def to_8bit(picture: Tensor) -> Tensor:
    """Floats in [-1, 1] -> uint8, rounded."""
    return ((picture.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()


@contextmanager
def inferring(modules: Iterable[nn.Module], inference: Inference) -> Iterator[None]:
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
def seeded(device: torch.device, maps: Mapping[str, Tensor], seed: int) -> Iterator[None]:
    """Seed torch by the input and `seed`, and leave its generators as they were.

    The same input gets the same noise alone, in a batch, from a file or in a preview.
    """
    content = zlib.crc32(str(seed).encode())
    for name in sorted(maps):
        content = zlib.crc32(maps[name].contiguous().cpu().numpy().tobytes(), content)
    kind = device.type if device.type in ("cuda", "mps") else "cuda"
    devices = [device] if device.type in ("cuda", "mps") else []
    with torch.random.fork_rng(devices=devices, device_type=kind):
        torch.manual_seed(content)
        yield


def to_pil(picture: Tensor) -> PIL.Image:
    """uint8 `C H W` with 1, 2, 3 or 4 channels -> PIL.

    Raises:
        UserError: more channels than a picture file holds.
    """
    channels = picture.shape[0]
    modes = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    if channels not in modes:
        raise UserError(f"a picture of {channels} channels has no file format here; use tensors")
    array = picture.movedim(0, -1).numpy()
    return PIL.fromarray(array[..., 0] if channels == 1 else array)


def _like(given: Any, picture: Tensor) -> Any:
    """The picture in the type of what was given."""
    if isinstance(given, Tensor):
        return picture if given.dtype == torch.uint8 else picture.to(given) / 127.5 - 1
    if isinstance(given, np.ndarray):
        array = picture.movedim(0, -1).numpy()
        array = array[..., 0] if given.ndim == 2 and array.shape[-1] == 1 else array
        return array if given.dtype == np.uint8 else (array / 127.5 - 1).astype(given.dtype)
    return to_pil(picture)
