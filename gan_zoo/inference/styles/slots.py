"""Who is in the slots of a condition, and what a picture's styles are by instance and class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from gan_zoo.components.instance_ids import EMPTY


@dataclass(frozen=True)
class Slots:
    """Who is in the slots: raw ids, classes and pixels, `S` each."""

    raw: Tensor
    classes: Tensor
    pixels: Tensor

    def there(self) -> list[int]:
        """Those with a pixel."""
        found: list[int] = ((self.pixels > 0) & (self.raw != EMPTY)).nonzero().flatten().tolist()
        return found


@dataclass(frozen=True)
class Encoded:
    """The styles of one picture: by (raw id, class), by class, and over all of it."""

    ids: Mapping[tuple[int, int], Tensor]
    means: Mapping[int, Tensor]
    overall: Tensor

    @classmethod
    def among(cls, styles: Tensor, slots: Slots) -> Encoded:
        """Of the styles `S C` of the slots, weighted by pixels."""
        there = slots.there()
        weighted = styles * slots.pixels[:, None]
        means = {}
        for label in sorted({*slots.classes[there].tolist()}):
            mine = [slot for slot in there if slots.classes[slot] == label]
            means[label] = weighted[mine].sum(0) / slots.pixels[mine].sum()
        ids = {(int(slots.raw[s]), int(slots.classes[s])): styles[s] for s in there}
        return cls(ids, means, weighted[there].sum(0) / slots.pixels[there].sum())

    def of(self, raw: int, label: int) -> Tensor | None:
        """Of the same instance, else of its class; None where the picture has neither."""
        return self.ids.get((raw, label), self.means.get(label))
