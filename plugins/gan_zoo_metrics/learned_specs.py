"""What metrics have in common that judge by a network which was learned elsewhere. No torch."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from gan_zoo.components import MetricSpec, UserError
from gan_zoo_metrics.published_files import PublishedFile, package_missing

if TYPE_CHECKING:
    from gan_zoo.components import Metric, MetricContext


class LearnedSpec(MetricSpec):
    """A metric with a network whose weights lie in a file."""

    files: ClassVar[tuple[str, ...]] = ("weights",)
    package: ClassVar[tuple[str, str]] = ("torch_fidelity", "torch-fidelity")

    weights: Literal["cached"] | str = "cached"
    """A file with the network's state dict, or `cached`: the published one in torch hub's cache."""

    @property
    @abstractmethod
    def file(self) -> PublishedFile:
        """The published weights."""

    def missing(self) -> list[str]:
        """The package and the file, where they are not at hand."""
        return [*package_missing(*self.package), *self.file.missing(self.weights)]

    def fetch(self) -> None:
        """The published file, into torch hub's cache."""
        self.file.fetch(self.weights)

    def with_absolute_paths(self) -> Self:
        """The same from any working directory: the file's path made absolute."""
        if self.weights == "cached":
            return self
        path = Path(self.weights).expanduser().resolve()
        return self.model_copy(update={"weights": str(path)})

    def build(self, at: MetricContext) -> Metric:
        """A fresh accumulator.

        Raises:
            UserError: what it needs is absent, or the pictures cannot be judged by it.
        """
        if missing := self.missing():
            raise UserError("\n".join(f"{self.name}: {line}" for line in missing))
        if (channels := at.maps[at.target].channels) not in (1, 3):
            raise UserError(
                f"{self.name}: the pictures have {channels} channels; its network sees RGB, or "
                "grey as such. Leave this metric out (null)"
            )
        return self.judge(at)

    @abstractmethod
    def judge(self, at: MetricContext) -> Metric:
        """A fresh accumulator, of what is there."""


class SetSpec(LearnedSpec):
    """A score of all pictures together, which means nothing for few."""

    of_sets: ClassVar[bool] = True

    @abstractmethod
    def require(self, count: int) -> None:
        """Refuse so few pictures.

        Raises:
            UserError: says the cure.
        """
