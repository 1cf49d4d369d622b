"""One call of a model: inputs of any type, one or several -> the answer of the same type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from gan_zoo.components.data import DataSpec
from gan_zoo.components.shapes import Image, Values
from gan_zoo.errors import UserError
from gan_zoo.inference.conversions import is_batch, is_float, stack, to_map, to_type_of
from gan_zoo.inference.ranges import NETWORK, Range
from gan_zoo.inference.styles.rules import Rules


class Model(Protocol):
    """What is called."""

    @property
    def inputs(self) -> Sequence[str]:
        """The maps that it makes a picture of."""
        ...

    @property
    def target(self) -> str:
        """The map that is learned."""
        ...

    @property
    def data(self) -> DataSpec:
        """Reads files, and tells what their numbers mean."""
        ...

    @property
    def shapes(self) -> Mapping[str, Image]:
        """Those of the data's maps."""
        ...

    def values(self, name: str) -> Values:
        """What the numbers of a map's files mean; of ids nothing."""
        ...

    def output(self, maps: Mapping[str, Tensor], *, seed: int = 0, style: Any = None) -> Tensor:
        """Named maps -> floats in [-1, 1]."""
        ...


@dataclass(frozen=True)
class Call:
    """What was said besides the inputs.

    Args:
        model: Is called.
        seed: Of noise and of sampled styles.
        style: Where styles come from.
        range: What the numbers of pictures mean; by their types and files if None.
        known: Map -> the same, where a batch tells it.
    """

    model: Model
    seed: int
    style: Rules
    range: Range | None = None
    known: Mapping[str, Range | None] = field(default_factory=dict)

    def answer(self, inputs: Any) -> Any:
        """Translate one input of any type, or several.

        Raises:
            UserError: it is not what the model takes.
        """
        names = self.model.inputs
        if isinstance(inputs, Mapping):
            return self._named(inputs)
        if isinstance(inputs, list | tuple):
            return [self.answer(item) for item in inputs]
        if isinstance(inputs, Tensor | np.ndarray) and inputs.ndim == 4 and len(names) == 1:
            return self._named({names[0]: inputs})
        if isinstance(inputs, str | Path):  # the data knows which files belong together
            return self._translate(inputs, self._read(inputs, names))
        if len(names) > 1:
            raise UserError(f"this model takes the maps {', '.join(names)}; give a dict of them")
        return self._named({names[0]: inputs})

    def _named(self, inputs: Mapping[str, Any]) -> Any:
        """One dict of maps, or a dict of batches."""
        names, shapes = self.model.inputs, self.model.shapes
        if set(inputs) != set(names):
            came = ", ".join(inputs) or "none"
            raise UserError(f"the maps {came} came; this model takes {', '.join(names)}")
        pictures = [name for name in names if not shapes[name].ids]
        first = inputs[[*pictures, *names][0]]
        batched = {name: is_batch(value) for name, value in inputs.items()}
        if any(batched.values()):
            lengths = {len(v) if batched[name] else -1 for name, v in inputs.items()}
            if len(lengths) > 1:
                raise UserError("the maps of a batch must all have the same length")
            known = {n: self._range_of(n, inputs[n]) for n in pictures}
            one, rows = replace(self, known=known), zip(*inputs.values(), strict=True)
            made = [one._named(dict(zip(inputs, row, strict=True))) for row in rows]
            return made if isinstance(first, list | tuple) else stack(made)
        maps = {name: self._map(name, inputs[name]) for name in names}
        sizes = {name: f"{m.shape[-2]}x{m.shape[-1]}" for name, m in maps.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise UserError(f"the maps of one picture must have one size; {told} came")
        return self._translate(first, maps)

    def _map(self, name: str, value: Any) -> Tensor:
        """Any accepted type -> `C H W`."""
        if isinstance(value, str | Path):
            return self._read(value, [name])[name]
        ignored = self.model.data.ignored_ids(name)
        values = self.model.values(name)
        said = self.known.get(name, self.range)
        return to_map(name, value, self.model.shapes[name], ignored, values, said)

    def _range_of(self, name: str, batch: Any) -> Range | None:
        """What the numbers of a batch mean, which one picture of it may not show."""
        if self.range is not None or not self.model.values(name).plain or not is_float(batch):
            return self.range
        return NETWORK if bool((batch < 0).any()) else None  # of these one is negative

    def _read(self, path: str | Path, names: Sequence[str]) -> dict[str, Tensor]:
        dataset = self.model.data.inputs(path, maps=names)
        if len(dataset) != 1:
            raise UserError(
                f"{path} holds {len(dataset)} pictures; give one, or a list of them "
                "(gan_zoo.translate takes folders)"
            )
        read = dataset.read(0, None).maps
        return {name: read[name] for name in names}

    def _translate(self, given: Any, maps: Mapping[str, Tensor]) -> Any:
        """The translation in the type of what was given."""
        made = self.model.output(maps, seed=self.seed, style=self.style)
        return to_type_of(given, made, self.model.values(self.model.target), self.range)


def describe_call(inputs: Sequence[str], others: Mapping[str, Any]) -> str:
    """What a call takes, where something else came.

    Args:
        inputs: The maps of the model.
        others: What came by name.
    """
    came = f"{', '.join(others)} came by name" if others else "nothing came"
    maps = ", ".join(f"'{name}': ..." for name in inputs)
    call = f"({{{maps}}})" + " or (picture)" * (len(inputs) == 1)
    return f"{came}; call the model with its maps, {call}, seed, style or range by name"
