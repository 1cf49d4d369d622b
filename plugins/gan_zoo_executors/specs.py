"""The menu of executors: what the file of an ablation may say of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, NonNegativeInt, Strict

from gan_zoo.components import Executor, ExecutorSpec

if TYPE_CHECKING:
    from typing import Self

Devices = Annotated[tuple[NonNegativeInt, ...], Field(min_length=1), Strict(False)]


class LocalSpec(ExecutorSpec, name="local"):
    """Processes of this machine: on GPUs one a device, which is all that it sees, on CPUs as many
    as `jobs` says. They go on without the process that started them.
    """

    here = True

    devices: Devices | None = None
    """GPUs to use, counted from 0 among those that this process may see; all of them if null. Not
    looked at on CPUs."""

    @classmethod
    def example(cls) -> Self:
        """One at a time."""
        return cls(jobs=1)

    def build(self, *, device: str, jobs: int | None) -> Executor:
        """Places for them."""
        from gan_zoo_executors.local import Local
        from gan_zoo_executors.places import find_places

        return Local(find_places(device, jobs or self.jobs, self.devices))
