"""Callbacks that send what a run tells to TensorBoard, wandb, trackio or MLflow."""

from __future__ import annotations

from gan_zoo.components import CallbackSpec, hookimpl
from gan_zoo_trackers.specs import MLflowSpec, TensorBoardSpec, WandbSpec


@hookimpl
def gan_zoo_components() -> list[type[CallbackSpec]]:
    """The menu of specs.py."""
    return [TensorBoardSpec, WandbSpec, MLflowSpec]
