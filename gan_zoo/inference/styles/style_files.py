"""Styles that were gathered from the training data, and where a run keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_zoo.errors import UserError
from gan_zoo.runs.atomic import Content, write_files
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.tensor_files import stream_tensors

FOLDER, ABOUT = "styles", "about.json"
NO_CLASS = -1  # of instances that no label map tells anything of


@dataclass(frozen=True)
class Gathered:
    """What is known of the styles of one condition, `C` numbers each.

    Args:
        clusters: Class -> the centers of its styles, `K C`, the largest cluster first.
        means: Class -> the mean over its pixels, `C`.
        overall: The mean over all pixels, `C`.
    """

    clusters: Mapping[int, Tensor]
    means: Mapping[int, Tensor]
    overall: Tensor

    def usual(self, label: int) -> Tensor:
        """The mean of a class; where training had none of it, of all."""
        return self.means.get(label, self.overall)


def save(run: RunFolder, gathered: Mapping[str, Gathered], about: Mapping[str, Any]) -> Path:
    """Write what was gathered, a file a condition, and what is known `about` it.

    Raises:
        OSError: the disk is full or gone; names the file, and the old styles stay.
    """
    folder = run.path / FOLDER
    folder.mkdir(exist_ok=True)
    files: dict[str, Content] = {}
    for name, one in gathered.items():
        tensors = {f"clusters.{label}": centers for label, centers in one.clusters.items()}
        tensors |= {f"means.{label}": mean for label, mean in one.means.items()}
        files[f"{name}.safetensors"] = stream_tensors({**tensors, "overall": one.overall})
    write_files(folder, {**files, ABOUT: json.dumps(about, indent=2) + "\n"})
    return folder


def about(run: RunFolder) -> dict[str, Any] | None:
    """What is known about a run's styles; None where there are none.

    Raises:
        UserError: the file is damaged.
    """
    file = run.path / FOLDER / ABOUT
    if not file.is_file():
        return None
    try:
        told: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(f"{file} cannot be read: {problem}; {cure(run)}") from None
    if not isinstance(told, dict) or not {"weights", "step"} <= set(told):
        raise UserError(f"{file} is damaged: it names no weights; {cure(run)}")
    return told


def load(run: RunFolder, name: str) -> Gathered:
    """What was gathered for a condition.

    Raises:
        UserError: the file is absent or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file = run.path / FOLDER / f"{name}.safetensors"
    try:
        tensors = load_file(file)
        overall = tensors.pop("overall")
        kinds: dict[str, dict[int, Tensor]] = {"clusters": {}, "means": {}}
        for key, tensor in tensors.items():
            kind, _, label = key.partition(".")
            kinds[kind][int(label)] = tensor
    except (OSError, SafetensorError, KeyError, ValueError) as problem:
        raise UserError(f"{file} cannot be read ({problem}); {cure(run)}") from None
    return Gathered(kinds["clusters"], kinds["means"], overall)


def cure(run: RunFolder) -> str:
    """How styles are made."""
    if run.shared:
        return f"gan-zoo features gathers them in the run that {run.shared.name} was made of"
    return f"gan-zoo features {run.path} gathers them"


def classes_of(ids: Tensor, slots: int, label: Tensor | None, classes: int) -> Tensor:
    """The class of each slot, `S`: the one that most of its pixels are of, the lowest of equals;
    NO_CLASS where most are of none, or no pixel is in the slot.

    Args:
        ids: The slot of every pixel, `1 H W`.
        slots: S.
        label: The class of every pixel, `1 H W`, any ids; None where no map tells.
        classes: How many classes there are.
    """
    if label is None:
        return torch.full((slots,), NO_CLASS)
    wide = label.long()
    known = torch.where((wide < 0) | (wide >= classes), classes, wide)
    pairs = (ids.long() * (classes + 1) + known).flatten()
    table = pairs.bincount(minlength=slots * (classes + 1)).view(slots, classes + 1)
    most, found = table.max(1)  # of equals the first
    found = (table == most[:, None]).long().argmax(1)
    return torch.where((most == 0) | (found == classes), NO_CLASS, found)
