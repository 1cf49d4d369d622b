"""What a metric is handed, and the start of most metrics: one value a picture."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset, Pictures, Sample
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Size

if TYPE_CHECKING:
    from torch import Tensor

Numbers = float | Mapping[str, float]  # of one number, or field -> number


class Metric(Protocol):
    """Accumulates over pictures, uint8 `C H W` whatever their files hold.

    May have three methods more. `values()` gives what every single picture scores, in their order
    (a sequence, or one for each field that has such values). `beside()` gives numbers that stand
    beside a score, as a ceiling: name -> number, or field -> such a mapping; `biased_below` is the
    number of pictures below which the score is biased, which is then said. `protocol()` gives
    what only the built metric knows of how it measures, as JSON: its judging network, by a digest
    of the weights; scores that differ in it are not compared.
    """

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Add one picture and its target; `sample` has all maps of it, `C H W`."""
        ...

    def compute(self) -> Numbers:
        """The score of all that was added."""
        ...


@dataclass(frozen=True)
class MetricContext:
    """What a metric may know of where it measures.

    Args:
        data: The data that is scored, as the recipe has it.
        size: [height, width] of the samples at the run's size, in place of the data's own rule.
        learned: The data that the run learns from, where `data` lies elsewhere the run's own.
        split: The one that is scored.
        target: The map that is learned.
        pictures: Makes the pictures, for metrics that compare outputs among themselves.
        cache: A folder of the user's, for what takes long to make; need not exist.
        device: Where networks of its own may compute, as torch names it.
        seed: Of the run. A network that judges has seeds of its own, so that runs share it.
        say: Tells the user a line.
        progress: `with progress(total, label) as advance:` tells how far something is.
    """

    data: DataSpec
    learned: DataSpec
    size: Size | None
    split: str
    target: str
    pictures: Pictures | None
    cache: Path
    device: str
    seed: int
    say: Callable[[str], None]
    progress: Callable[[int | None, str], AbstractContextManager[Callable[[], None]]]

    @property
    def maps(self) -> Mapping[str, Image]:
        """The maps of a sample."""
        return self.data.maps(self.size)

    def dataset(self, split: str) -> Dataset:
        """The samples of a split, at the run's size: of the data that is scored, or of what the run
        learns from where it is another split.
        """
        data = self.data if split == self.split else self.learned
        return data.open(split, self.size)


class MeanOverPictures:
    """A metric of one value a picture, whose score is their mean: every picture counts the same,
    whatever its size. Subclass it with `score`.
    """

    def __init__(self) -> None:
        self._values: list[float] = []

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Add one picture and its target, uint8 `C H W`.

        Raises:
            ValueError: they differ in shape.
        """
        if generated.shape != real.shape:
            raise ValueError(f"pictures of {[*generated.shape]} and {[*real.shape]} came")
        self._values.append(self.score(generated, real, sample))

    @abstractmethod
    def score(self, generated: Tensor, real: Tensor, sample: Sample) -> float:
        """The value of one picture; nan where it has none, which then does not count."""

    def values(self) -> Sequence[float]:
        """What every picture scores."""
        return tuple(self._values)

    def compute(self) -> float:
        """The mean; not a number where no picture has a value."""
        found = [value for value in self._values if not math.isnan(value)]
        return math.fsum(found) / len(found) if found else math.nan
