"""A run folder -> a Translator: paths, PIL, numpy, tensors in; the same out.

Previews, validation, evaluation and translation all end in `Translator.output`, one picture at a
time, so that none of them can differ from another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from gan_zoo.components.instance_ids import renumber
from gan_zoo.components.interfaces import Dataset, Method, Sample
from gan_zoo.components.weights import put_back
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.norm_errors import single_values
from gan_zoo.engine.phase import playing
from gan_zoo.engine.precision import Precision, pick_device
from gan_zoo.errors import UserError
from gan_zoo.inference.conversions import is_batch, is_float, stack, to_map, to_type_of
from gan_zoo.inference.networks import (
    fitting_size,
    inference_state,
    pad_by_reflection,
    set_to_inference,
    to_8bit,
)
from gan_zoo.inference.noise import OwnNoise, seed_of
from gan_zoo.inference.styles.rules import Rules, read_rules
from gan_zoo.inference.styles.stylist import Stylist
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.runs.folder import RunFolder


class Translator:
    """Makes pictures as the recipe's `inference` says.

    Args:
        phase: That plays, with the run's recipe as it is there.
        cast: Who plays.
        method: Makes the scene, whose output is the picture.
        weights: Their name in a run's folder, where they come from one.
        run: That folder, where styles may have been gathered.
        settled: The networks are this translator's own and stay in inference: threads may share it.
            Others are being trained, and go back to that after every picture.
    """

    def __init__(
        self,
        phase: WiredPhase,
        cast: Cast,
        method: Method,
        *,
        weights: str = "",
        run: RunFolder | None = None,
        settled: bool = False,
    ) -> None:
        self.recipe = recipe = phase.recipe
        self.cast = cast
        self.method = method
        self.phase = phase.name
        self.weights = weights
        wiring = phase.wiring
        asked = (name for spec in recipe.conditions.values() for name in spec.asks())
        self.inputs = list(dict.fromkeys(wiring.inputs or asked))
        self.target = wiring.target
        self._made = wiring.networks[0]
        self.shapes = recipe.data.maps()
        self.stylist = Stylist(phase, cast, self.inputs, run, weights, settled=settled)
        self._settled = settled
        if settled:
            set_to_inference(self._modules(), recipe.inference)

    @classmethod
    def load(
        cls, run: str | Path | RunFolder, *, device: str = "auto", weights: str | None = None
    ) -> Translator:
        """Open a run's folder.

        Args:
            run: The folder.
            device: As in the recipe's engine section.
            weights: latest or best; what the recipe says if absent.

        Raises:
            UserError: it is no run, or its weights are absent or damaged.
        """
        folder = run if isinstance(run, RunFolder) else RunFolder.open(run)
        recipe = folder.recipe()
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise UserError(f"device: {device} came; auto, cpu, cuda, cuda:N or mps was expected")
        precision = Precision.of(**{**recipe.engine.computing, "device": pick_device(device)})
        weights = weights or recipe.inference.weights
        phase = folder.weights_phase(weights)
        assembly = assemble(recipe, weights=False, losses="none")
        for name in assembly.networks:
            if assembly.owner(name) != assembly.wiring.players[0]:
                continue
            try:
                put_back(assembly.networks[name], folder.load_weights(weights, name))
            except RuntimeError as problem:
                raise UserError(
                    f"weights {weights} of {name} do not fit the run's recipe: {problem}"
                ) from None
            precision.place(assembly.networks[name])
        wired = assembly.wired.phase(phase)
        cast = Cast(*playing(assembly, wired), precision)
        return cls(wired, cast, assembly.method, weights=weights, run=folder, settled=True)

    @property
    def paired(self) -> bool:
        """Whether the target of a sample is what its picture should be."""
        return self.recipe.data.paired

    def style_of(self, maps: Mapping[str, Tensor]) -> Any:
        """The style that a sample itself has, of its maps with the target; None without styles, or
        where inference.styles takes what a translation takes.
        """
        if self.recipe.inference.styles == "usual" or not self.paired:
            return None
        return self.stylist.of_real(maps)

    def describe(self, style: Any = None, *, targets: bool = False) -> str:
        """One line: which weights make pictures how, and on what.

        Args:
            style: As of a call.
            targets: Of samples whose target is known, as in validation.
        """
        inference = self.recipe.inference
        norm = "each picture's own" if inference.norm == "picture" else "learned"
        noise = "on" if inference.dropout else "off"
        kept = f"weights {self.weights} of phase {self.phase}; " if self.weights else ""
        said = self.describe_styles(style, targets=targets)
        styles = f"{said}; " if said else ""
        return f"{kept}norm statistics {norm}, dropout {noise}; {styles}{self.cast.precision}"

    def describe_styles(self, style: Any = None, *, targets: bool = False) -> str:
        """Where styles come from; empty for models without any. Arguments as of `describe`."""
        own = targets and self.paired and self.recipe.inference.styles == "own"
        if own and len(self.stylist.id_maps) == 1:
            return "styles: each instance's own, of its target"
        return self.stylist.describe(read_rules(style))

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
        room = self.fitting_size(height, width)
        ready = renumber(maps, self.shapes)
        batch = {name: tensor[None] for name, tensor in ready.items()}
        batch |= {name: pad_by_reflection(batch[name], room) for name in maps}
        batch |= self.stylist.styles(ready, read_rules(style), seed)
        inference, alone = self.recipe.inference, single_values("inference.norm: running")
        state = inference_state(self._modules(), inference, settled=self._settled)
        with alone, state, OwnNoise(seed_of(maps, seed)):
            scene = self.method.scene(self.cast, self.cast.precision.receive(batch))
            made: Tensor = scene[self.method.output]
        return made[0, :, :height, :width].to("cpu", copy=True)  # out of inference mode

    def fitting_size(self, height: int, width: int) -> tuple[int, int]:
        """The smallest (height, width) that the generator takes and that holds this one.

        Raises:
            UserError: it takes none that is near.
        """
        return fitting_size(self._made, height, width)

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
        said = read_rules(style)
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
            return stack([self._any(item, seed, said) for item in inputs])
        if isinstance(inputs, str | Path):  # the data knows which files belong together
            return self._like(inputs, self._read(inputs), seed, said)
        if len(self.inputs) > 1:
            raise UserError(
                f"this model takes the maps {', '.join(self.inputs)}; give a dict of them"
            )
        return self._named({self.inputs[0]: inputs}, seed, said)

    def translate_dataset(
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
            return made if isinstance(first, list | tuple) else stack(made)
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
                "(gan_zoo.translate takes folders)"
            )
        read = dataset.read(0, None).maps
        return {name: read[name] for name in names}

    def _map(self, name: str, value: Any) -> Tensor:
        """Any accepted type -> `C H W`."""
        if isinstance(value, str | Path):
            return self._read(value, [name])[name]
        return to_map(name, value, self.shapes[name], self.recipe.data.ignored_ids(name))

    def _like(self, given: Any, maps: Mapping[str, Tensor], seed: int, said: Rules) -> Any:
        """The translation in the type of what was given."""
        made = self.output(maps, seed=seed, style=said)
        return to_type_of(given, made if is_float(given) else to_8bit(made))
