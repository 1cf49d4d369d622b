"""The runs of an ablation as jobs of a Slurm cluster."""

from __future__ import annotations

from gan_zoo.components import ExecutorSpec, hookimpl
from gan_zoo_slurm.specs import SubmititSpec


@hookimpl
def gan_zoo_components() -> list[type[ExecutorSpec]]:
    """The menu of specs.py."""
    return [SubmititSpec]
