"""The menu of callbacks."""

from __future__ import annotations

from pydantic import PositiveInt

from gan_zoo.specs import CallbackSpec


class PreviewsSpec(CallbackSpec, name="previews"):
    """Writes previews/PHASE-STEP.png: the same samples every time, input, target and output."""

    count: PositiveInt = 4
    """Samples, spread evenly over the split."""
    every: PositiveInt = 1
    """Epochs between two previews; there is one at the end of every phase too."""
    split: str = "val"
    """Where the samples come from."""

    def splits(self) -> tuple[str, ...]:
        """The one that its samples come from."""
        return (self.split,)

    def build(self) -> object:
        """The callback."""
        from gan_zoo_callbacks.previews import Previews

        return Previews(count=self.count, every=self.every, split=self.split)
