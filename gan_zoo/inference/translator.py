"""A run folder -> a Translator: paths, PIL, numpy, tensors in; the same out.

Previews, validation, evaluation and translation all end in `Translator.output`, one picture at a
time, so that none of them can differ from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from gan_zoo.components.data import DataSpec
from gan_zoo.components.instance_ids import renumber
from gan_zoo.components.interfaces import Method
from gan_zoo.components.shapes import Values
from gan_zoo.components.weights import put_back
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.norm_errors import single_values
from gan_zoo.engine.playing import cast_of
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import UserError
from gan_zoo.inference.calls import Call, describe_call
from gan_zoo.inference.compiled import Program
from gan_zoo.inference.networks import (
    fitting_size,
    inference_state,
    pad_by_reflection,
    set_to_inference,
    to_8bit,
)
from gan_zoo.inference.noise import OwnNoise, seed_of
from gan_zoo.inference.numbers import choose_precision, has_float64, refuse_rounded
from gan_zoo.inference.ranges import read_range
from gan_zoo.inference.styles.rules import read_rules
from gan_zoo.inference.styles.stylist import Stylist
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.reporter import Reporter
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
        self._wiring = wiring = phase.wiring
        asked = (name for spec in recipe.conditions.values() for name in spec.asks())
        self.inputs = list(dict.fromkeys(wiring.inputs or asked))
        self.target = wiring.target
        self.maker = wiring.networks[0]
        self._asked_precision: str | None = None  # that a caller asked for
        self._wide = False  # whether files hold digits that float32 loses
        self._rounded = False  # whether they are lost
        self._programs: list[Program] = []
        self.shapes = recipe.data.maps()
        self.stylist = Stylist(phase, cast, self.inputs, run, weights, settled=settled)
        self._settled = settled
        if settled:
            set_to_inference(self._modules(), recipe.inference)

    @classmethod
    def load(
        cls,
        run: str | Path | RunFolder,
        *,
        device: str = "auto",
        weights: str | None = None,
        precision: str | None = None,
        compile: bool = False,
        reporter: Reporter | None = None,
    ) -> Translator:
        """Open a run's folder. Takes and raises as `gan_zoo.load`."""
        folder = run if isinstance(run, RunFolder) else RunFolder.open(run)
        recipe = folder.recipe()
        numbers = choose_precision(recipe.engine, device, precision)
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
        wired = assembly.wired.phase(phase)
        cast = cast_of(assembly, wired, numbers)
        model = cls(wired, cast, assembly.method, weights=weights, run=folder, settled=True)
        model._wide = has_float64(model._moving())
        model._place(numbers, precision)
        if compile:
            told = reporter or Reporter()
            model._programs = [Program(name, one, told) for name, one in model._makers().items()]
        return model

    def to(self, device: str | torch.device | None = None, *, precision: str | None = None) -> Self:
        """Move the model to a device, in what the recipe's engine section means there, and give it
        back: `gan_zoo.load(run).to("cuda")`. No thread may make a picture meanwhile.

        Args:
            device: In the words of that section; where it is if absent.
            precision: As of `load`, and auto is the device's own, whatever the recipe says; what
                was asked for before if absent.

        Raises:
            UserError: the device is not there, or does not compute in that precision; or networks
                are being trained. Nothing has moved.
        """
        if not self._settled:
            raise UserError("these networks are being trained, and move with their run alone")
        place = str(self.cast.precision.device if device is None else device)
        precision = precision or self._asked_precision
        numbers = choose_precision(self.recipe.engine, place, precision)
        if self._rounded:
            refuse_rounded(numbers)
        self._place(numbers, precision)
        return self

    def _place(self, numbers: Precision, asked: str | None) -> None:
        """Move everything that makes pictures."""
        self.cast.precision, self._asked_precision = numbers, asked
        self._rounded |= self._wide and numbers.dtype != torch.float64
        for module in self._moving():
            numbers.place(module)
        self.stylist.encoded.clear()  # other numbers find other styles
        for program in self._programs:
            program.forget()

    def _moving(self) -> list[nn.Module]:
        return [*self._makers().values(), *self.cast.conditions.values()]

    def _makers(self) -> dict[str, nn.Module]:
        """The networks of the player whose picture it is; the others have no weights here."""
        wiring = self._wiring
        names = [one.name for one in wiring.networks if one.player == wiring.players[0]]
        return {name: self.cast.networks[name] for name in names}

    @property
    def paired(self) -> bool:
        """Whether the target of a sample is what its picture should be."""
        return self.recipe.data.paired

    @property
    def data(self) -> DataSpec:
        """That of the recipe."""
        return self.recipe.data

    def values(self, name: str) -> Values:
        """What the numbers of a picture mean in its files."""
        return self.recipe.data.values(name)

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
        styles, how = f"{said}; " if said else "", ", compiled" if self._programs else ""
        return f"{kept}norm statistics {norm}, dropout {noise}; {styles}{self.cast.precision}{how}"

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
        compiled = self.cast.precision.compile != "off"
        state = inference_state(
            self._modules(), inference, settled=self._settled, compiled=compiled
        )
        with alone, state, OwnNoise(seed_of(maps, seed)):
            scene = self.method.scene(self.cast, self.cast.precision.receive(batch))
            made: Tensor = scene[self.method.output]
        return made[0, :, :height, :width].to("cpu", copy=True)  # out of inference mode

    def fitting_size(self, height: int, width: int) -> tuple[int, int]:
        """The smallest (height, width) that the generator takes and that holds this one.

        Raises:
            UserError: it takes none that is near.
        """
        return fitting_size(self.maker, height, width)

    def picture(self, maps: Mapping[str, Tensor], *, seed: int = 0, style: Any = None) -> Tensor:
        """`output` as an 8-bit picture, uint8 `D H W`."""
        return to_8bit(self.output(maps, seed=seed, style=style))

    def __call__(
        self,
        inputs: Any = None,
        *,
        seed: int = 0,
        style: Any = None,
        range: tuple[float, float] | None = None,
        **others: Any,
    ) -> Any:
        """Translate one input or a batch of them; the answer is of the same type.

        Args:
            inputs: A path (gives a PIL picture), a PIL picture, a numpy array `H W C` or `H W`, a
                tensor `C H W`, or a dict of named maps, each one of these. A batch is a list, a
                numpy array `B H W C` or a tensor `B C H W`. uint8 gives uint8; floats in [-1, 1]
                give floats, not rounded on the way. Ids are integers of any width (in PIL the
                modes 1, L, P, I;16, I) and give uint8. Where a dict mixes types, its first
                picture says the type of the answer; if all are ids, its first map.
                Maps whose files hold other numbers than 0 to 255 (a `range:` in the recipe) are
                given as these numbers, of any type, clipped to the range as those of files are. A
                target of such is always answered as floats
                of its files' numbers, neither rounded nor clipped: a tensor for tensors, else an
                array, `H W` of one channel unless an array `H W 1` came.
            seed: The seed of dropout where inference keeps it on, and of sampled styles.
            style: For models that take styles: `sample`, `cluster:K` or `encode:IMAGE`, with
                `instance:ID=` or `class:C=` before it for these alone; a list of such, or a dict
                of `instance:ID`, `class:C` or "" (all) and which, which may be a tensor too.
            range: (low, high) of the numbers that were given, where they are none of the above:
                (0, 1) as torchvision's ToTensor and matplotlib give them, which give floats of the
                same range. uint8 is 0 to 255 all the same. Floats in [-1, 1] of which none is
                negative are refused without it, since they may be either.
            others: Refused: maps come as one dict.

        Raises:
            UserError: the type, the channels, the value range or the style is not what the model
                takes.
        """
        if inputs is None or others:
            raise UserError(describe_call(self.inputs, others))
        said = read_rules(style)
        made = Call(self, seed, said, read_range(range)).answer(inputs)
        self.stylist.refuse_unmet(said)
        return made

    def _modules(self) -> list[nn.Module]:
        return [*self.cast.networks.values(), *self.cast.conditions.values()]
