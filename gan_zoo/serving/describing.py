"""What a service tells of its model, without a path of its machine."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from gan_zoo.components.shapes import Values
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.fetching import HUB
from gan_zoo.runs.folder import RunFolder
from gan_zoo.serving.limits import Limits
from gan_zoo.serving.model import ServedModel


def name_of(run: RunFolder) -> str:
    """What a model is called: its name on the hub, or the last name of its path."""
    said = run.shared.name if run.shared else str(run.path.resolve())
    return said if said.startswith(HUB) else Path(said).name


def describe_model(model: ServedModel, run: RunFolder, limits: Limits) -> dict[str, Any]:
    """What goes in, what comes out, and what is taken at most: of `GET /model`."""
    translator = model.translator
    generator = translator.recipe.generator
    return {
        "name": model.name,
        "weights": translator.weights,
        "phase": translator.phase,
        "step": run.weights_step(translator.weights),
        "inputs": [_input(translator, name) for name in model.maps],
        "output": {
            "channels": model.channels,
            "values": _values(model.values),
            "formats": [*model.suffixes],
            "size": "as the input",
        },
        "padded_to_multiples_of": generator.multiple(),
        "styles": _styles(translator),
        "noise": translator.recipe.inference.dropout,
        "how": translator.describe(),
        "limits": {
            "bytes": limits.bytes,
            "pixels": limits.pixels,
            "waiting": limits.waiting,
            "seconds_to_send": limits.seconds,
        },
    }


def _input(translator: Translator, name: str) -> dict[str, Any]:
    """What one map is."""
    data, shape = translator.recipe.data, translator.shapes[name]
    trained = {"height": shape.height, "width": shape.width}
    if not shape.ids:
        kind = {"kind": "picture", "channels": shape.channels}
        return {"name": name, **kind, "values": _values(data.values(name)), "trained_at": trained}
    told: dict[str, Any] = {"name": name, "kind": "ids", "trained_at": trained}
    if shape.classes is not None:
        told |= {"classes": shape.classes, "ignored": [*data.ignored_ids(name)]}
        if palette := getattr(data, "palette", None):  # an option of data whose labels are colors
            told["palette"] = {str(number): [*color] for number, color in palette.items()}
    if shape.instances is not None:
        told["instances"] = shape.instances
    return told


def _values(values: Values) -> dict[str, Any]:
    """What the numbers of files mean, in JSON, which has no number for what is none."""
    nodata = values.nodata
    told = nodata if nodata is None or math.isfinite(nodata) else str(nodata)
    return {
        "dtype": values.dtype,
        "low": values.low,
        "high": values.high,
        "nodata": told,
        "colors": values.colors or None,
    }


def _styles(translator: Translator) -> dict[str, Any] | None:
    """What `style` may say; None where no condition takes any."""
    stylist = translator.stylist
    if not stylist.id_maps:
        return None
    most = {
        name: {
            "all" if label < 0 else str(label): len(centers)
            for label, centers in gathered.clusters.items()
        }
        for name, gathered in stylist.gathered.items()
    }
    by_instance = any(translator.shapes[m].instances is not None for m in stylist.id_maps.values())
    return {
        "which": ["sample", "cluster:K"] if most else [],
        "whom": ["class:C"] * (stylist.label is not None) + ["instance:ID"] * by_instance,
        "clusters": most,
    }
