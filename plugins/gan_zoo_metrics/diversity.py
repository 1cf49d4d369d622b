"""How far apart the pictures lie that a model makes of one input, in 8-bit values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gan_zoo.components import DataError, MetricContext, Sample, UserError, remembered

GRID = 32  # places of a side, at which targets are compared
SEEDS = (0, 1)


class Diversity:
    """The mean distance of two outputs of one input over that of two targets: 0 where a model makes
    one picture of an input.

    Args:
        at: Has the model.
        styles: Styles are drawn too, where those of the sample itself are kept otherwise.
    """

    def __init__(self, at: MetricContext, *, styles: bool) -> None:
        self.at = at
        self.styles = styles
        self._outputs: list[float] = []
        self._targets: Tensor | None = None  # how often each level came: places of channels x 256
        self._said: set[str] = set()

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Make two pictures of the sample's input, and remember its target. `generated` is neither
        of them: whoever scores may have made it in another way.

        Raises:
            UserError: the target has other channels than those before it.
        """
        self._outputs.append(self._distance(sample))
        counts = _levels(real)
        if self._targets is not None and len(self._targets) != len(counts):
            raise UserError(
                f"{sample.files[0]}: its target has {len(real)} channels, and others have "
                f"{len(self._targets) // GRID**2}; they cannot be compared. Leave diversity out"
            )
        self._targets = counts if self._targets is None else self._targets + counts

    def compute(self) -> float:
        """The ratio; not a number where there are no two targets that differ, or the model could
        not draw styles.
        """
        outputs, targets = self._means()
        return outputs / targets if targets > 0 else math.nan

    def beside(self) -> Mapping[str, float]:
        """Both distances, 0 to 255."""
        outputs, targets = self._means()
        return {"outputs": outputs, "targets": targets}

    def _means(self) -> tuple[float, float]:
        found = [distance for distance in self._outputs if not math.isnan(distance)]
        outputs = math.fsum(found) / len(found) if found else math.nan
        if self._targets is None or len(self._outputs) < 2:
            return outputs, math.nan
        return outputs, _mean_distance(self._targets, len(self._outputs))

    def _distance(self, sample: Sample) -> float:
        """Of two outputs; nan where styles are to be drawn and cannot be."""
        pictures = self.at.pictures
        assert pictures is not None, "a metric is built with the model where it is updated"
        given = {name: sample.maps[name] for name in pictures.inputs}
        style: Any = "sample" if self.styles else pictures.style_of(sample.maps)
        if style is not None and not self.styles:
            self._say(
                "diversity: this model takes styles, and each instance kept its own; only noise "
                "is measured. With `vary: styles` they are drawn"
            )
        try:
            one, other = (pictures.picture(given, seed=seed, style=style) for seed in SEEDS)
        except DataError:
            raise
        except UserError as problem:
            if not self.styles:
                raise
            self._say(f"diversity has no value: {problem}")
            return math.nan
        return (one.double() - other.double()).abs().mean().item()

    def _say(self, line: str) -> None:
        """Tell it once, and in a run not at every validation again."""
        if line not in self._said:
            self._said.add(line)
            remembered(f"said: {line}", lambda: self.at.say(line))


def _levels(picture: Tensor) -> Tensor:
    """`C H W ->` how often each level came at each place, `C*32*32 256`."""
    rows, columns = (
        torch.arange(GRID).add(0.5).mul(side / GRID).long() for side in picture.shape[-2:]
    )
    places = picture.cpu()[:, rows][:, :, columns].long().flatten()
    counts = torch.zeros(len(places), 256, dtype=torch.int64)
    return counts.scatter_(1, places[:, None], 1)


def _mean_distance(counts: Tensor, pictures: int) -> float:
    """Of all pairs of pictures. |x - y| is the number of levels v with one of them at most v and
    the other above: whole numbers, which no order changes.
    """
    below = counts.cumsum(1)
    apart = (below * (pictures - below)).sum().item()
    return 2 * apart / (len(counts) * pictures * (pictures - 1))
