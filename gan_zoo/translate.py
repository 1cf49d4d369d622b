"""A run folder -> a Translator: paths, PIL, numpy, tensors in; the same out.

Previews, validation, evaluation and translation all end in `Translator.output`, one picture at a
time, so that none of them can differ from another.
"""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as PIL
from torch import Tensor, nn

from gan_zoo.assembly import assemble
from gan_zoo.engine.disk import write
from gan_zoo.engine.guards import single_values
from gan_zoo.engine.precision import Precision, pick_device
from gan_zoo.engine.rundir import RunDir
from gan_zoo.engine.scene import Cast
from gan_zoo.engine.stage import playing
from gan_zoo.errors import ContractError, UserError
from gan_zoo.given import back, is_batch, is_float, stacked, taken, to_pil
from gan_zoo.inference import inferring, padded, seeded, to_8bit
from gan_zoo.instances import numbered
from gan_zoo.protocols import Dataset, Method, Sample
from gan_zoo.recipe.model import Recipe
from gan_zoo.styles.rules import Rules, rules
from gan_zoo.styles.stylist import Stylist

TRIES = 64  # multiples of the generator above the size of a picture
NO_FAULT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # of the disk, not of the user


class Translator:
    """Makes pictures as the recipe's `inference` says.

    Args:
        recipe: Of the run, as it is in the phase that plays.
        cast: Who plays.
        method: Makes the scene, whose output is the picture.
        phase: The phase that the weights were kept in, where they come from a run's folder.
        weights: Their name there.
        run: That folder, where styles may have been gathered.
    """

    def __init__(
        self,
        recipe: Recipe,
        cast: Cast,
        method: Method,
        *,
        phase: str = "",
        weights: str = "",
        run: RunDir | None = None,
    ) -> None:
        self.recipe = recipe
        self.cast = cast
        self.method = method
        self.phase = phase
        self.weights = weights
        wiring = recipe.method.wire(recipe)
        asked = (name for spec in recipe.conditions.values() for name in spec.asks())
        self.inputs = list(dict.fromkeys(wiring.inputs or asked))
        self.target = wiring.target
        self._made = wiring.networks[0]
        self.shapes = recipe.data.maps()
        self.stylist = Stylist(recipe, cast, self.inputs, run, weights)

    @classmethod
    def load(
        cls, run: str | Path | RunDir, *, device: str = "auto", weights: str | None = None
    ) -> Translator:
        """Open a run's folder.

        Args:
            run: The folder.
            device: As in the recipe's engine section.
            weights: latest or best; what the recipe says if absent.

        Raises:
            UserError: it is no run, or its weights are absent or damaged.
        """
        folder = run if isinstance(run, RunDir) else RunDir.open(run)
        recipe = folder.recipe()
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise UserError(f"device: {device} came; auto, cpu, cuda, cuda:N or mps was expected")
        precision = Precision.of(recipe.engine, pick_device(device))
        weights = weights or recipe.inference.weights
        phase = folder.weights_phase(weights)
        assembly = assemble(recipe, weights=False, losses="none")
        for name in assembly.networks:
            if assembly.owner(name) != assembly.wiring.players[0]:
                continue
            try:
                assembly.networks[name].load_state_dict(folder.load_weights(weights, name))
            except RuntimeError as problem:
                raise UserError(
                    f"weights {weights} of {name} do not fit the run's recipe: {problem}"
                ) from None
            precision.place(assembly.networks[name])
        staged = recipe.in_phase(phase)
        cast = Cast(*playing(assembly, staged, recipe.phases[phase].play), precision)
        return cls(staged, cast, assembly.method, phase=phase, weights=weights, run=folder)

    def describe(self) -> str:
        """One line: which weights make pictures how, and on what."""
        inference = self.recipe.inference
        norm = "each picture's own" if inference.norm == "picture" else "learned"
        noise = "on" if inference.dropout else "off"
        kept = f"weights {self.weights} of phase {self.phase}; " if self.weights else ""
        styles = "".join(f"{told}; " for told in [self.stylist.describe()] if told)
        return f"{kept}norm statistics {norm}, dropout {noise}; {styles}{self.cast.precision}"

    def output(self, maps: Mapping[str, Tensor], *, seed: int = 0, style: Any = None) -> Tensor:
        """The core of every use: named maps `C H W` -> the picture `D H W` in [-1, 1], on the CPU.

        Any size: what the network cannot take is padded by reflection and cropped back.

        Args:
            maps: The inputs: pictures as uint8 or floats in [-1, 1], ids as int32.
            seed: With the input itself, the seed of dropout where inference keeps it on; with the
                ids, that of sampled styles.
            style: As of a call.

        Raises:
            UserError: the style is none that this model can take.
        """
        height, width = next(iter(maps.values())).shape[-2:]
        room = self.fitting(height, width)
        ready = numbered(maps, self.shapes)
        batch = {name: tensor[None] for name, tensor in ready.items()}
        batch |= {name: padded(batch[name], room) for name in maps}
        batch |= self.stylist.styles(ready, rules(style), seed)
        inference, alone = self.recipe.inference, single_values("inference.norm: running")
        with alone, inferring(self._modules(), inference), seeded(self._device, maps, seed):
            scene = self.method.scene(self.cast, self.cast.precision.receive(batch))
            made: Tensor = scene[self.method.output]
        return made[0, :, :height, :width].to("cpu", copy=True)  # out of inference mode

    def fitting(self, height: int, width: int) -> tuple[int, int]:
        """The smallest (height, width) that the generator takes and that holds this one.

        Raises:
            UserError: it takes none that is near.
        """
        spec, refused = self.recipe.generator, ""
        multiple = spec.multiple()
        for more in range(TRIES):
            size = tuple((-(-side // multiple) + more) * multiple for side in (height, width))
            try:
                spec.check(self._made.given.resized(*size), self._made.wanted.resized(*size))
            except ContractError as problem:
                refused = str(problem)
            else:
                return size[0], size[1]
        raise UserError(f"the generator takes no size near {height}x{width}: {refused}")

    def picture(self, maps: Mapping[str, Tensor], *, seed: int = 0, style: Any = None) -> Tensor:
        """`output` as an 8-bit picture, uint8 `D H W`."""
        return to_8bit(self.output(maps, seed=seed, style=style))

    def __call__(
        self, inputs: Any = None, *, seed: int = 0, style: Any = None, **others: Any
    ) -> Any:
        """Translate one input or a batch of them; the answer is of the same type.

        Args:
            inputs: A path (gives a PIL picture), a PIL picture, a numpy array `H W C` or `H W`, a
                tensor `C H W`, or a dict of named maps, each one of these. A batch is a list, a
                numpy array `B H W C` or a tensor `B C H W`. uint8 gives uint8; floats in [-1, 1]
                give floats, not rounded on the way. Ids are integers of any width (in PIL the
                modes 1, L, P, I;16, I) and give uint8. Where a dict mixes types, its first
                picture says the type of the answer; if all are ids, its first map.
            seed: The seed of dropout where inference keeps it on, and of sampled styles.
            style: For models that take styles: `sample`, `cluster:K` or `encode:IMAGE`, with
                `instance:ID=` or `class:C=` before it for these alone; a list of such, or a dict
                of `instance:ID`, `class:C` or "" (all) and which, which may be a tensor too.
            others: Refused: maps come as one dict.

        Raises:
            UserError: the type, the channels, the value range or the style is not what the model
                takes.
        """
        if inputs is None or others:
            raise UserError(self._asked(others))
        said = rules(style)
        made = self._any(inputs, seed, said)
        self.stylist.refuse_unmet(said)
        return made

    def _asked(self, others: Mapping[str, Any]) -> str:
        """What a call takes, where something else came."""
        came = f"{', '.join(others)} came by name" if others else "nothing came"
        maps = ", ".join(f"'{name}': ..." for name in self.inputs)
        call = f"({{{maps}}})" + " or (picture)" * (len(self.inputs) == 1)
        return f"{came}; call the model with its maps, {call}, and with seed or style by name"

    def _any(self, inputs: Any, seed: int, said: Rules) -> Any:
        """One input of any type, or several."""
        if isinstance(inputs, Mapping):
            return self._named(inputs, seed, said)
        if isinstance(inputs, list | tuple):
            return [self._any(item, seed, said) for item in inputs]
        if isinstance(inputs, Tensor | np.ndarray) and inputs.ndim == 4:
            return stacked([self._any(item, seed, said) for item in inputs])
        if isinstance(inputs, str | Path):  # the data knows which files belong together
            return self._like(inputs, self._read(inputs), seed, said)
        if len(self.inputs) > 1:
            raise UserError(
                f"this model takes the maps {', '.join(self.inputs)}; give a dict of them"
            )
        return self._named({self.inputs[0]: inputs}, seed, said)

    def over(
        self, dataset: Dataset, *, seed: int = 0, style: Any = None
    ) -> Iterator[tuple[Sample, Tensor]]:
        """Translate the samples of a dataset, one after another.

        Raises:
            DataError: a file is not what the recipe says; names it.
        """
        for index in range(len(dataset)):
            sample = dataset.read(index, None)
            maps = {name: sample.maps[name] for name in self.inputs}
            yield sample, self.picture(maps, seed=seed, style=style)

    @property
    def _device(self) -> torch.device:
        return self.cast.precision.device

    def _modules(self) -> list[nn.Module]:
        return [*self.cast.networks.values(), *self.cast.conditions.values()]

    def _named(self, inputs: Mapping[str, Any], seed: int, said: Rules) -> Any:
        """One dict of maps, or a dict of batches."""
        if set(inputs) != set(self.inputs):
            came = ", ".join(inputs) or "none"
            raise UserError(f"the maps {came} came; this model takes {', '.join(self.inputs)}")
        pictures = [name for name in self.inputs if not self.shapes[name].ids]
        first = inputs[[*pictures, *self.inputs][0]]
        batched = {name: is_batch(value) for name, value in inputs.items()}
        if any(batched.values()):
            lengths = {len(v) if batched[name] else -1 for name, v in inputs.items()}
            if len(lengths) > 1:
                raise UserError("the maps of a batch must all have the same length")
            rows = zip(*inputs.values(), strict=True)
            made = [self._named(dict(zip(inputs, row, strict=True)), seed, said) for row in rows]
            return made if isinstance(first, list | tuple) else stacked(made)
        maps = {name: self._map(name, inputs[name]) for name in self.inputs}
        sizes = {name: f"{m.shape[-2]}x{m.shape[-1]}" for name, m in maps.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise UserError(f"the maps of one picture must have one size; {told} came")
        return self._like(first, maps, seed, said)

    def _read(self, path: str | Path, maps: list[str] | None = None) -> dict[str, Tensor]:
        names = maps or self.inputs
        dataset = self.recipe.data.inputs(path, maps=names)
        if len(dataset) != 1:
            raise UserError(
                f"{path} holds {len(dataset)} pictures; give one, or a list of them "
                "(gan_zoo.translate.translate_files takes folders)"
            )
        read = dataset.read(0, None).maps
        return {name: read[name] for name in names}

    def _map(self, name: str, value: Any) -> Tensor:
        """Any accepted type -> `C H W`."""
        if isinstance(value, str | Path):
            return self._read(value, [name])[name]
        return taken(name, value, self.shapes[name], self.recipe.data.ignored(name))

    def _like(self, given: Any, maps: Mapping[str, Tensor], seed: int, said: Rules) -> Any:
        """The translation in the type of what was given."""
        made = self.output(maps, seed=seed, style=said)
        return back(given, made if is_float(given) else to_8bit(made))


def load(
    run: str | Path | RunDir,
    *,
    device: str = "auto",
    weights: str | None = None,
    set: Mapping[str, Any] | None = None,
) -> Translator:
    """Open a run's folder to translate with it: `gan_zoo.load("runs/mine")("input.png")`.

    Args:
        run: The folder.
        device, weights: As of `Translator.load`.
        set: Change how pictures are made, as `{"inference.dropout": False}`.

    Raises:
        UserError: it is no run, or its weights are absent or damaged.
    """
    folder = run if isinstance(run, RunDir) else RunDir.open(run)
    folder = RunDir(folder.path, {**folder.set, **(set or {})})
    return Translator.load(folder, device=device, weights=weights)


def translate_files(
    run: str | Path | RunDir,
    input: str | Path,
    output: str | Path,
    *,
    seed: int = 0,
    pairs: bool = False,
    weights: str | None = None,
    device: str = "auto",
    style: Any = None,
) -> int:
    """Translate a file, or all of a folder and the folders in it, into PNG files.

    Args:
        run: The run's folder.
        input: A picture, a map of ids, or a table of inputs, as the data takes; or a folder.
        output: A folder, in which the inputs' names are kept; for one file also NAME.png. What an
            earlier translation wrote there is replaced, inputs never are.
        seed: The seed of dropout where inference keeps it on.
        pairs: The files hold input and target side by side; take the input half.
        weights: latest or best; what the recipe says if absent.
        device: As in the recipe's engine section.
        style: As of a call to a Translator; an instance must be in one of the pictures.

    Returns:
        How many pictures were written.

    Raises:
        UserError: no run, a file that is not what the recipe says, or nowhere to write.
        OSError: the disk is full; what was written is whole.
    """
    input, output = Path(input), Path(output)
    single, said = _place(input, output), rules(style)
    translator = Translator.load(run, device=device, weights=weights)
    dataset = translator.recipe.data.inputs(input, pairs=pairs, maps=translator.inputs)
    if single and len(dataset) != 1:
        raise UserError(f"{output} names one file, but {input} has {len(dataset)}; name a folder")
    drawn = translator.recipe.inference.dropout or "sample" in said.chosen.values()
    noise = f"; seed {seed}" if drawn else ""
    print(f"{dataset.describe()}\n{translator.describe()}{noise}")
    odd = 0
    for sample, picture in translator.over(dataset, seed=seed, style=said):
        height, width = picture.shape[1:]
        odd += translator.fitting(height, width) != (height, width)
        target = single or output / f"{sample.name}.png"
        if target.resolve() in {Path(file).resolve() for file in sample.files}:
            raise UserError(f"{target} is an input, and no input is overwritten; name another")
        _save(to_pil(picture), target)
    translator.stylist.refuse_unmet(said)
    if odd:
        multiple = translator.recipe.generator.multiple()
        print(f"{odd} padded by reflection to multiples of {multiple} and cropped back")
    return len(dataset)


def _place(input: Path, output: Path) -> Path | None:
    """The one file to write, or None for a folder of them.

    Raises:
        UserError: the output is of the wrong kind, or lies within the input.
    """
    suffix = output.suffix.lower()
    if not input.is_dir() and not output.is_dir():
        if suffix == ".png":
            return output
        if suffix in PIL.registered_extensions():
            raise UserError(
                f"{output}: translations are PNG files, which keep every pixel; "
                f"name it {output.with_suffix('.png')}, or name a folder"
            )
    if output.exists() and not output.is_dir():
        raise UserError(f"{output} is a file; a folder was expected")
    if input.is_dir():
        if output.resolve().is_relative_to(input.resolve()):
            raise UserError(
                f"{output} lies in {input}, whose pictures are all inputs; name a folder elsewhere"
            )
        if suffix == ".png":
            raise UserError(f"{output} names a file, but {input} is a folder; name a folder")
    return None


def _save(picture: PIL.Image, target: Path) -> None:
    """Write a PNG file, whole or not at all."""
    data = io.BytesIO()
    picture.save(data, format="PNG")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, data.getvalue())
    except OSError as problem:
        if problem.errno in NO_FAULT:
            raise
        raise UserError(f"{target} cannot be written: {problem.strerror}") from None
