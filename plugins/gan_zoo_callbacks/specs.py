"""The menu of callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, PositiveInt

from gan_zoo.components import CallbackSpec, Image

UNKNOWN = 256  # pixels a side, where nothing tells it


class PreviewsSpec(CallbackSpec, name="previews"):
    """Writes previews/PHASE-STEP.png: the same samples every time, input, target and output.

    Each output lies beside it as a file of its own, previews/NAME/STEP/SAMPLE.png, as `translate`
    would write it, and what was given in previews/NAME/given-PHASE/MAP/SAMPLE.png. All are shown in
    8 bits, of two channels the first, of more than four the first three. A model that takes styles
    is shown with those of the target.
    """

    earlier: ClassVar[Mapping[str, Any]] = {"keep": 1_000_000}  # all stayed

    count: PositiveInt = 4
    """Samples, spread evenly over the split."""
    every: PositiveInt = 1
    """Epochs between two previews; there is one at the end of every phase too."""
    split: str = "val"
    """Where the samples come from."""
    keep: int = Field(100, ge=2)
    """Times that stay on disk: the first, the last, and those between, denser at the beginning."""

    def splits(self) -> tuple[str, ...]:
        """The one that its samples come from."""
        return (self.split,)

    def disk(self, row: Sequence[Image], looks: int) -> int:
        """Outputs and sheets of the times that stay, and once what was given."""
        from gan_zoo.components import sheet_bytes, shown_channels

        sizes = [(image.height or UNKNOWN, image.width or UNKNOWN) for image in row]
        raw = [
            height * width * (3 if image.ids else shown_channels(image.channels))
            for image, (height, width) in zip(row, sizes, strict=True)
        ]
        times = min(self.keep, 1 + looks // self.every)
        a_time = self.count * raw[-1] + sheet_bytes(sizes, self.count)
        return times * a_time + self.count * sum(raw[:-1])

    def build(self) -> object:
        """The callback."""
        from gan_zoo_callbacks.previews import Previews

        return Previews(count=self.count, every=self.every, split=self.split, keep=self.keep)


class HealthSpec(CallbackSpec, name="health"):
    """Says what is wrong with a run while it goes on: a sentence where two witnesses agree, with
    one change that may help. Its numbers go to log.jsonl.

    It listens to the players every hundred steps, or forty times where a run is shorter, and looks
    at eight pictures every twentieth of the run, or every epoch where that is shorter, at most
    thirty times. It moves nothing, draws nothing and never acts by itself.
    """

    split: str = "val"
    """Where the pictures come from that it looks at."""

    def splits(self) -> tuple[str, ...]:
        """The one that its pictures come from."""
        return (self.split,)

    def build(self) -> object:
        """The callback."""
        from gan_zoo_callbacks.health import Health

        return Health(split=self.split)


class AverageSpec(CallbackSpec, name="average"):
    """Keeps weights/average, a moving average of the weights; `inference.weights: average` makes
    pictures with it (as Karras et al. 2018, sec. 4 and appendix A.1, do).
    """

    keeps = "average"

    decay: float = Field(0.999, ge=0, lt=1)
    """How much of the average a step keeps; early steps keep less."""

    def build(self) -> object:
        """The callback."""
        from gan_zoo_callbacks.average import Average

        return Average(decay=self.decay)
