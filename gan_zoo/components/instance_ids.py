"""Ids of instances as networks take them: counted from 0 in every sample, so that whatever is kept
for each instance has one static shape. What they were called before goes along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gan_zoo.components.interfaces import Sample
from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError

EMPTY = -1  # the id of a slot that no instance has
DENSE = 1 << 20  # ids below it are counted, which is faster than sorting the pixels


def ids_map_name(name: str) -> str:
    """The map that tells the raw ids of a map of instances, slot by slot."""
    return f"{name}_ids"


def slot_maps(maps: Mapping[str, Image]) -> dict[str, Image]:
    """The maps that go along: `B 1 1 S` each, S slots as the map of instances says."""
    return {
        ids_map_name(name): Image(1, 1, image.instances, instances=image.instances)
        for name, image in maps.items()
        if image.instances is not None
    }


def renumber(
    maps: Mapping[str, Tensor], shapes: Mapping[str, Image], file: str = ""
) -> dict[str, Tensor]:
    """Maps `C H W` of a sample with their instances renumbered 0 .. M - 1, in the order of their
    ids, and for each such map the raw ids, int32 `1 1 S`, EMPTY where there is none.

    Args:
        maps: The maps of a sample, those of instances with any ids from 0.
        shapes: Which of them hold instances, and how many at most.
        file: That the sample was read from, for messages.

    Raises:
        DataError: there are more instances than slots.
    """
    made, beside = dict(maps), {}
    at = f"{file}: " * bool(file)
    for name, image in shapes.items():
        if image.instances is None or name not in maps:
            continue
        if ids_map_name(name) in maps:
            raise DataError(
                f"{at}there is a map {ids_map_name(name)}, which is the name of the ids that go "
                f"along with {name}; give it another name"
            )
        raw = maps[name].cpu().numpy()
        found, inverse = _unique(raw)
        if len(found) > image.instances:
            raise DataError(
                f"{at}{name} holds {len(found)} different ids, but there are {image.instances} "
                f"slots for them; say `instances: {len(found)}` or more in the data"
            )
        ids = np.full((1, 1, image.instances), EMPTY, np.int32)
        ids[..., : len(found)] = found
        made[name] = torch.from_numpy(inverse.reshape(raw.shape))
        beside[ids_map_name(name)] = torch.from_numpy(ids)
    return {**made, **beside}


def renumber_sample(sample: Sample, shapes: Mapping[str, Image]) -> Sample:
    """The same sample with its instances renumbered.

    Raises:
        DataError: there are more instances than slots; names the file.
    """
    return replace(sample, maps=renumber(sample.maps, shapes, ", ".join(sample.files)))


def distinct_ids(ids: np.ndarray) -> np.ndarray:
    """The different ids, smallest first."""
    values, _ = _runs(ids)
    there = _there(values)
    return np.unique(values) if there is None else np.flatnonzero(there)


def _unique(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different ids, and for every pixel which of them it has."""
    values, lengths = _runs(ids)
    there = _there(values)
    if there is None:
        found, inverse = np.unique(values, return_inverse=True)
    else:
        found, inverse = np.flatnonzero(there), (np.cumsum(there) - 1)[values]
    return found, np.repeat(inverse.astype(np.int32), lengths)


def _runs(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The id of each run of equal neighbors, and its length: there are far fewer than pixels."""
    flat = ids.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))
    return flat[starts], np.diff(starts, append=flat.size)


def _there(ids: np.ndarray) -> np.ndarray | None:
    """Whether each number is an id; None where the table would be too long."""
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= DENSE:
        return None
    there = np.zeros(high + 1, bool)
    there[ids] = True
    return there
