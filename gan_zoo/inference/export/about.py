"""What a file says of itself, for whoever has nothing else of the run."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import torch

from gan_zoo.inference.export.comparing import Figures
from gan_zoo.inference.export.graph import Graph
from gan_zoo.recipe import text
from gan_zoo.recipe.neutral import shorten_paths
from gan_zoo.runs.folder import RunFolder


def describe(graph: Graph, folder: RunFolder, figures: Figures | None) -> dict[str, str]:
    """Key -> text, JSON where it is more than a word. The keys are told in the guide to exporting.

    Args:
        graph: That is written.
        folder: Of the run.
        figures: What the comparison measured; None before it.
    """
    model = graph.model
    maps = model.shapes
    whole = shorten_paths(folder.recipe().dump(), {})  # model.recipe is that of the phase alone
    classes = {name: maps[name].classes for name in model.inputs if maps[name].classes is not None}
    told: dict[str, Any] = {
        "gan_zoo": metadata.version("gan-zoo"),
        "torch": str(torch.__version__),
        "recipe": text.write(whole),
        "weights": model.weights,
        "step": folder.weights_step(model.weights),
        "phase": model.phase,
        "inputs": [port.described() for port in graph.ports],
        "outputs": graph.outputs,
        "multiple": graph.room.multiple,
        "notes": graph.notes,
    }
    if classes:
        told["classes"] = classes
    for name in model.inputs:
        for rule, said in model.data.id_rules(name).items():
            told.setdefault(rule, {})[name] = said
    if model.stylist.gathered:
        told["styles"] = {
            name: {
                "mean": known.overall.tolist(),
                "means_of_classes": {label: mean.tolist() for label, mean in known.means.items()},
            }
            for name, known in model.stylist.gathered.items()
        }
    if figures is not None:
        told["tolerance"] = vars(figures.tolerance)
        told["measured"] = figures.as_data()
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in told.items()
    }
