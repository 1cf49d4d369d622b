"""Styles in translation: what takes the place of the target, which no translation has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.components.instance_ids import ids_map_name, renumber, renumber_sample
from gan_zoo.components.shapes import Image
from gan_zoo.engine.cast import Cast
from gan_zoo.errors import ContractError, DataError, UserError
from gan_zoo.inference.networks import inference_state
from gan_zoo.inference.styles import style_files
from gan_zoo.inference.styles.rules import Choice, Key, Rules
from gan_zoo.inference.styles.slots import Encoded, Slots
from gan_zoo.inference.styles.style_files import NO_CLASS, Gathered, classes_of
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.runs.folder import RunFolder


class Stylist:
    """Gives a style to every id of the conditions that take them.

    Args:
        phase: That plays.
        cast: Who plays.
        inputs: The maps that a translation has.
        run: Where styles were gathered, if anywhere.
        weights: The name of the weights that play.
        settled: The networks were set to inference for good.
    """

    def __init__(
        self,
        phase: WiredPhase,
        cast: Cast,
        inputs: Iterable[str],
        run: RunFolder | None = None,
        weights: str = "",
        *,
        settled: bool = False,
    ) -> None:
        self.settled = settled
        self.recipe = recipe = phase.recipe
        self.target = phase.wiring.target
        self.cast = cast
        self.run = run
        self.shapes = recipe.data.maps()
        self.id_maps = {
            name: spec.styles() for name, spec in recipe.conditions.items() if spec.styles()
        }
        labels = [name for name in inputs if self.shapes[name].classes is not None]
        self.label = labels[0] if labels else None  # the map that tells the classes
        self.stale = ""
        self.gathered: dict[str, Gathered] = {}
        told = style_files.about(run) if run is not None and self.id_maps else None
        if run is not None and told is not None:
            step = run.weights_step(weights)
            if (told["weights"], told["step"]) == (weights, step):
                self.gathered = {name: style_files.load(run, name) for name in self.id_maps}
            else:
                self.stale = (
                    f"the run's styles are of weights {told['weights']} at step {told['step']}, "
                    f"and weights {weights} at step {step} play"
                )
        self.encoded: dict[tuple[str, str], Encoded] = {}  # (condition, file) -> found once

    def describe(self, said: Rules | None = None) -> str:
        """Where styles come from: as a caller says, and for the rest what a translation takes
        without that; nothing where no condition takes any.
        """
        if not self.id_maps:
            return ""
        rest = "the mean of the class" if self.gathered else "none"
        if said is not None and said.chosen:
            told = [_told(key, which) for key, which in said.chosen.items()]
            told += [f"else {rest}"] * (("", 0) not in said.chosen)
            return f"styles: {', '.join(told)}"
        if self.gathered:
            return f"styles: {rest}"
        return f"styles: none ({self.stale or 'none were gathered'})"

    def styles(self, maps: Mapping[str, Tensor], said: Rules, seed: int) -> dict[str, Tensor]:
        """`conditions.NAME` -> the style of every slot, `1 S C`, on the CPU.

        Args:
            maps: The inputs with their instances numbered, `C H W`.
            said: Whom a style is for.
            seed: With the raw id, what is sampled; so an edit elsewhere in the picture changes
                nothing.

        Raises:
            UserError: what is said cannot be done with this run.
        """
        self._refuse(said)
        if not (said.chosen or self.gathered):
            return {}
        return {
            f"conditions.{name}": self._of(name, maps, said, seed)[None] for name in self.id_maps
        }

    def refuse_unmet(self, said: Rules, told: str = "") -> None:
        """Refuse instances that no picture of a call had.

        Args:
            said: What the call said, after its last picture.
            told: What was done all the same.

        Raises:
            UserError: names them.
        """
        unmet = [str(number) for kind, number in said.chosen if kind == "instance"]
        unmet = [one for one in unmet if ("instance", int(one)) not in said.met]
        if unmet:
            none = "are no instances" if len(unmet) > 1 else "is no instance"
            raise UserError(f"--style: there {none} {', '.join(unmet)} here{told}")

    def of_sample(self, maps: Mapping[str, Tensor]) -> dict[str, dict[int, Tensor]]:
        """Condition -> id -> its style `C`, of a sample's maps `C H W` as a dataset reads them,
        with a target: `{"instance:ID": style}` gives one to a translation.

        Raises:
            DataError: there are more instances than slots.
        """
        ready, found = renumber(maps, self.shapes), {}
        for name in self.id_maps:
            styles, slots = self.encode(name, ready), self.slots(name, ready)
            found[name] = {int(slots.raw[slot]): styles[slot] for slot in slots.there()}
        return found

    def of_real(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
        """The style that gives each instance what it has in its own picture; None where no
        condition takes styles, or several do. Takes and raises as `of_sample`.
        """
        if len(self.id_maps) != 1:
            return None
        [found] = self.of_sample(maps).values()
        return {f"instance:{number}": style for number, style in found.items()}

    def encode(self, name: str, maps: Mapping[str, Tensor]) -> Tensor:
        """The style of every slot, `S C`, of maps `C H W` with a target, instances numbered."""
        module: Any = self.cast.conditions[name]
        modules: list[nn.Module] = [module]
        precision = self.cast.precision
        inference, compiled = self.recipe.inference, precision.compile != "off"
        state = inference_state(modules, inference, settled=self.settled, compiled=compiled)
        with state, precision.autocast():
            batch = precision.receive({key: tensor[None] for key, tensor in maps.items()})
            made: Tensor = module.encode(batch)
        return made[0].float().to("cpu", copy=True)

    def slots(self, name: str, maps: Mapping[str, Tensor]) -> Slots:
        """Who is in the slots of a condition."""
        over = self.id_maps[name]
        shape, ids = self.shapes[over], maps[over]
        count = shape.instances or shape.classes or 0
        within = ids[(ids >= 0) & (ids < count)].long()
        pixels = within.bincount(minlength=count)
        if shape.instances is None:
            return Slots(torch.arange(count), torch.arange(count), pixels)
        label, classes = None, 0
        if self.label is not None:
            label, classes = maps[self.label], self.shapes[self.label].classes or 0
        return Slots(
            maps[ids_map_name(over)].flatten().long(),
            classes_of(ids, count, label, classes),
            pixels,
        )

    def _of(self, name: str, maps: Mapping[str, Tensor], said: Rules, seed: int) -> Tensor:
        slots, known = self.slots(name, maps), self.gathered.get(name)
        for which in said.chosen.values():
            if isinstance(which, str) and which.startswith("encode:"):
                self._encode(name, which.removeprefix("encode:"))
        channels = self.recipe.conditions[name].gives(self.shapes).channels
        made = torch.zeros(len(slots.raw), channels)
        for slot in slots.there():
            raw, label = int(slots.raw[slot]), int(slots.classes[slot])
            by_class = self.shapes[self.id_maps[name]].instances is None
            keys: list[Key] = [("class", label), ("", 0)]
            keys = keys if by_class else [("instance", raw), *keys]
            key = next((key for key in keys if key in said.chosen), None)
            if key is None:
                if known is not None:
                    made[slot] = known.usual(label)
                continue
            said.met.add(key)
            style = self._chosen(name, said.chosen[key], raw, label, seed)
            if len(style) != channels:
                told = f"a style of {len(style)} numbers came"
                raise UserError(f"--style: {told}; conditions.{name} has {channels}")
            made[slot] = style
        return made

    def _chosen(self, name: str, which: Choice, raw: int, label: int, seed: int) -> Tensor:
        """The style of one slot."""
        known = self.gathered.get(name)
        if isinstance(which, Tensor):
            return which.detach().float().cpu().flatten()
        kind, _, rest = which.partition(":")
        if kind == "encode":
            encoded = self.encoded[name, rest]
            found = encoded.of(raw, label)
            if found is None:
                found = encoded.overall if known is None else known.usual(label)
            return found
        assert known is not None, "_refuse() says so"
        clusters = known.clusters.get(label)
        if clusters is None:
            return known.usual(label)
        if kind == "sample":
            return clusters[int(np.random.default_rng([seed, raw]).integers(len(clusters)))]
        if int(rest) >= len(clusters):
            whose = f"class {label}" if label != NO_CLASS else "the run"
            raise UserError(
                f"--style: cluster:{rest} came, but {whose} has cluster:0 to "
                f"cluster:{len(clusters) - 1}"
                + f"; class:{label}=cluster:K chooses for it alone"
                * (label != NO_CLASS)
            )
        return clusters[int(rest)]

    def _encode(self, name: str, path: str) -> Encoded:
        """A picture's styles, found once."""
        if (name, path) not in self.encoded:
            over = self.id_maps[name]
            beside = list(dict.fromkeys(filter(None, (over, self.label))))
            dataset = self.recipe.data.inputs(Path(path), maps=[self.target, *beside])
            if len(dataset) != 1:
                raise UserError(
                    f"--style: {path} holds {len(dataset)} pictures; encode takes one of them"
                )
            sample = renumber_sample(dataset.read(0, None), self.shapes)
            try:
                sizes = {
                    key: _sized(self.shapes[key], t)
                    for key, t in sample.maps.items()
                    if key in self.shapes
                }
                self.recipe.conditions[name].gives({**self.shapes, **sizes})
            except ContractError as problem:
                raise DataError(f"{path}: {problem}") from None
            styles, slots = self.encode(name, sample.maps), self.slots(name, sample.maps)
            self.encoded[name, path] = Encoded.among(styles, slots)
        return self.encoded[name, path]

    def _refuse(self, said: Rules) -> None:
        """Refuse rules that mean nothing for this run.

        Raises:
            UserError: says what can be said.
        """
        if not said.chosen:
            return
        if not self.id_maps:
            raise UserError(
                "--style: no condition of this run takes styles (the recipe names its conditions: "
                f"{', '.join(self.recipe.conditions) or 'none'})"
            )
        needs = [w for w in said.chosen.values() if isinstance(w, str) and "encode" not in w]
        if needs and not self.gathered:
            cure = style_files.cure(self.run) if self.run else "they are gathered of a run's folder"
            raise UserError(
                f"--style: {needs[0]} takes styles of the training data, and "
                f"{self.stale or 'none were gathered yet'}; {cure}"
            )
        by_instance = any(self.shapes[over].instances is not None for over in self.id_maps.values())
        classes = self.shapes[self.label].classes if self.label else None
        for kind, number in said.chosen:
            if kind == "instance" and not by_instance:
                raise UserError(
                    f"--style: instance:{number} came, but here a style is for a whole class; say "
                    "class:C"
                )
            if kind == "class" and classes is None:
                raise UserError(
                    f"--style: class:{number} came, but this model reads no label map that would "
                    "tell classes; say instance:ID"
                )
            if kind == "class" and classes is not None and number >= classes:
                raise UserError(
                    f"--style: class:{number} came; the model knows class:0 to class:{classes - 1}"
                )


def _sized(shape: Image, tensor: Tensor) -> Image:
    return shape.resized(tensor.shape[-2], tensor.shape[-1])


def _told(key: Key, which: Choice) -> str:
    """One rule as it was said; numbers by how many they are."""
    whom = f"{key[0]}:{key[1]}=" if key[0] else ""
    return f"{whom}{which if isinstance(which, str) else f'{which.numel()} numbers'}"
