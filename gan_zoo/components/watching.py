"""Watching: metrics score pictures, callbacks follow a run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from gan_zoo.components.spec import Spec

if TYPE_CHECKING:
    from gan_zoo.components.interfaces import Metric
    from gan_zoo.components.shapes import Image


class MetricSpec(Spec, kind="metric"):
    """Generated and real 8-bit pictures -> a number, with the protocol that makes it comparable."""

    lower_is_better: ClassVar[bool] = True
    unasked: ClassVar[bool] = False  # scored where nobody names metrics
    protocol: ClassVar[str] = ""

    @abstractmethod
    def build(self) -> Metric:
        """A fresh accumulator."""


class CallbackSpec(Spec, kind="callback"):
    """Watches a run through the lifecycle hooks of gan_zoo.components.lifecycle."""

    keeps: ClassVar[str] = ""  # the name under weights/ of networks of its own, if it has any

    def splits(self) -> tuple[str, ...]:
        """The splits of the data that it will read; they are checked before the first step."""
        return ()

    def disk(self, row: Sequence[Image], looks: int) -> int:
        """The most bytes that its files take in a phase, for `check`; 0 where it writes none.

        Args:
            row: The maps that a picture is made of, the target, the picture.
            looks: Epochs of the phase.
        """
        return 0

    @abstractmethod
    def build(self) -> object:
        """An object with hook implementations, registered for one run only.

        One that remembers has two methods more: `state()` gives nested mappings of tensors and
        plain numbers, which checkpoints keep, and `restore(state)` takes them back before the run
        goes on. One that keeps weights has `networks`, by name.
        """
