"""Styles of a run: what the training instances look like to its encoders, in clusters by class
(Wang et al. 2018, sec. 3.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan_zoo.components.instance_ids import renumber_sample
from gan_zoo.errors import UserError
from gan_zoo.inference.styles import style_files
from gan_zoo.inference.styles.clustering import kmeans
from gan_zoo.inference.styles.style_files import Gathered
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder

CLUSTERS = 10  # of a class at most, as published
LEAST = 1 / 64  # of the picture; smaller instances make no clusters, as published


@dataclass(frozen=True)
class Count:
    """What was found of a class for a condition: instances, large ones, clusters of these."""

    condition: str
    label: int
    instances: int
    large: int
    clusters: int


def gather(
    run: str | Path | RunFolder,
    *,
    clusters: int = CLUSTERS,
    least: float = LEAST,
    seed: int = 0,
    weights: str | None = None,
    device: str = "auto",
) -> list[Count]:
    """Encode the training instances of a finished run and keep their styles with it.

    Args:
        run: The run's folder.
        clusters: Of a class, at most.
        least: Only instances above this share of their picture make clusters; means are of all.
        seed: Of the clustering.
        weights: latest or best; what the recipe says if absent.
        device: As in the recipe's engine section.

    Returns:
        What was found, by condition and class.

    Raises:
        UserError: no run, or none of its conditions takes styles.
        DataError: the training data is not what the recipe says; names the file.
        OSError: the disk is full; earlier styles stay.
    """
    folder = run if isinstance(run, RunFolder) else RunFolder.open(run)
    translator = Translator.load(folder, device=device, weights=weights)
    over = translator.stylist.id_maps
    if not over:
        raise UserError(
            f"{folder.path}: no condition of its recipe takes styles (it has "
            f"{', '.join(translator.recipe.conditions) or 'none'})"
        )
    made: dict[str, Gathered] = {}
    counts: list[Count] = []
    rows = {name: list[Row]() for name in over}
    for name, row in _rows(translator):
        rows[name].append(row)
    for name, found in rows.items():
        made[name], told = _clustered(name, found, translator, clusters, least, seed)
        counts += told
    about = {
        "format": 1,
        "weights": translator.weights,
        "step": folder.weights_step(translator.weights),
        "seed": seed,
        "least": least,
        "counts": [vars(count) for count in counts],
    }
    style_files.save(folder, made, about)
    return counts


@dataclass(frozen=True)
class Row:
    """One picture: styles `M C`, and of each its class, its pixels and its share of the picture."""

    styles: Tensor
    classes: Tensor
    pixels: Tensor
    shares: Tensor


def _rows(translator: Translator) -> Iterator[tuple[str, Row]]:
    recipe, stylist = translator.recipe, translator.stylist
    dataset = recipe.data.open("train", recipe.phases[translator.phase].size)
    for index in range(len(dataset)):
        sample = renumber_sample(dataset.read(index, None), translator.shapes)
        for name, over in stylist.id_maps.items():
            slots = stylist.slots(name, sample.maps)
            there, all_of_it = slots.there(), sample.maps[over].numel()
            styles = stylist.encode(name, sample.maps)[there]
            pixels = slots.pixels[there]
            yield name, Row(styles, slots.classes[there], pixels, pixels / all_of_it)


def _clustered(
    name: str,
    rows: list[Row],
    translator: Translator,
    most: int,
    least: float,
    seed: int,
) -> tuple[Gathered, list[Count]]:
    styles, classes, pixels, shares = (
        torch.cat([getattr(row, column) for row in rows])
        for column in ("styles", "classes", "pixels", "shares")
    )
    device = translator.cast.precision.device
    exact = torch.float32 if device.type == "mps" else torch.float64
    weighted = styles.double() * pixels[:, None]
    clusters, means, counts = {}, {}, []
    for label in sorted({*classes.tolist()}):
        mine = classes == label
        means[label] = (weighted[mine].sum(0) / pixels[mine].sum()).float()
        large = styles[mine & (shares > least)]
        if len(large):
            centers = kmeans(large.to(device, exact), most, seed=seed)
            clusters[label] = centers.float().cpu()
        found = len(clusters.get(label, ()))
        counts.append(Count(name, label, int(mine.sum()), len(large), found))
    overall = (weighted.sum(0) / pixels.sum()).float()
    return Gathered(clusters, means, overall), counts
