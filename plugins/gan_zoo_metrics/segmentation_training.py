"""A judge of classes: trained on the data's own photos and label maps, and kept."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load, save_file
from torch import Tensor

from gan_zoo.components import (
    Dataset,
    MetricContext,
    Sample,
    UserError,
    as_8bit,
    first_line,
    remembered,
)
from gan_zoo_metrics.segmentation import TrainedJudge, confusion, summary
from gan_zoo_metrics.segmentation_network import MULTIPLE, Judge

WIDTH = 32  # channels of the decoder
BATCH, CROP = 16, 256  # photos a step, and the side to which larger ones are cut
RATE = 3e-3  # of learning, at first; a third whenever a pass brings nothing
VERSION = 2  # one more where the same options train another judge
A_PASS, LOOKED_AT = 2000, 200  # photos: of a pass, and of the validation after it
ROUND_ABOUT = ("batch", "workers", "root")  # of the data's options: they change no sample
LEAST_GAIN = 0.01  # of mean IoU; a pass that brings less brings nothing
PATIENCE = 2  # passes without a better validation, after which it stops
LOOKED_INTO = 16  # samples whose pixels are part of the fingerprint
IGNORED = -100


@dataclass(frozen=True)
class Plan:
    """How a judge is made; the options of the metric.

    Args:
        label: The map of classes.
        encoder: A model of timm.
        passes: At most so many.
        seed: Of its first weights, its order and its crops.
    """

    label: str
    encoder: str
    passes: int
    seed: int


def trained_judge(plan: Plan, at: MetricContext) -> TrainedJudge:
    """The judge of this data: of the cache, or trained now; once a run, however often it scores.

    Raises:
        UserError: the data has no training photos.
        OSError: the cache cannot be written.
    """
    about = (plan, at.cache, at.device, at.learned, at.size, at.target)
    return remembered(f"judge of {about}", lambda: _judge(plan, at))


def _judge(plan: Plan, at: MetricContext) -> TrainedJudge:
    training = at.dataset("train")
    fingerprint = _fingerprint(plan, at, training)
    file = at.cache / "segmentation" / f"{fingerprint}.safetensors"
    maps = at.maps
    classes = maps[plan.label].classes
    assert classes is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = _make(plan, maps[at.target].channels, classes)
    network.to(at.device)
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass  # a folder that cannot be written to is told before minutes are spent
        _train(network, plan, at, training)
        _keep(network, file)
        at.say(f"  the judge is kept in {file}")
    kept = file.read_bytes()  # once: what is hashed is what judges
    network.load_state_dict(load(kept))
    network.eval().requires_grad_(False)
    about = {
        "network": f"timm {plan.encoder} from scratch, width {WIDTH}",
        "trained_on": fingerprint,
        "seed": plan.seed,
        "weights": hashlib.sha256(kept).hexdigest()[:16],
    }
    return TrainedJudge(network, classes, at.device, about)


def _train(network: Judge, plan: Plan, at: MetricContext, training: Dataset) -> None:
    """Train until the validation photos are judged no better; the best weights stay."""
    indices, looked_at, watched = _split(at, training)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    at.say(
        f"segmentation: training the judge ({plan.encoder}, {parameters:,} parameters) on "
        f"{len(indices)} photos and label maps of train, once for this data"
    )
    start, draw = time.monotonic(), np.random.default_rng(plan.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-4)
    best, kept, waited = -math.inf, _copy(network), 0
    steps = math.ceil(min(len(indices), A_PASS) / _batch(len(indices)))
    with at.progress(plan.passes * steps, "training the judge") as advance:
        for _ in range(plan.passes):
            network.train()
            for photos, labels in _batches(plan, at, training, indices, draw):
                loss = F.cross_entropy(network(photos), labels, ignore_index=IGNORED)
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                optimizer.step()
                advance()
            value = _score(network, plan, at, watched, looked_at)
            gain, better = value - best, value > best
            if better:
                best, kept = value, _copy(network)
            if gain > LEAST_GAIN:
                waited = 0
                continue
            waited += 1
            if waited == PATIENCE:
                break
            for group in optimizer.param_groups:
                group["lr"] /= 3
    network.load_state_dict(kept)
    took = time.monotonic() - start
    at.say(f"  mean IoU {best:.3f} on {len(looked_at)} real photos it has not seen; {took:.0f} s")


def _split(at: MetricContext, training: Dataset) -> tuple[list[int], list[int], Dataset]:
    """Which photos it learns from, and which of which dataset tell when to stop."""
    everything = list(range(len(training)))
    try:
        watched = at.dataset("val")
    except UserError:
        held = everything[::10][:LOOKED_AT]
        rest = [index for index in everything if index not in set(held)]
        return rest or everything, held, training
    count = min(len(watched), LOOKED_AT)
    return everything, [n * len(watched) // count for n in range(count)], watched


def _batches(
    plan: Plan,
    at: MetricContext,
    training: Dataset,
    indices: list[int],
    draw: np.random.Generator,
) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass, with the data's own augmentation: photos in [-1, 1] and the classes of pixels."""
    batch = _batch(len(indices))
    order = [indices[place] for place in draw.permutation(len(indices))[:A_PASS]]
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        if len(chosen) == 1 and first:  # batch norm wants more than one
            chosen = order[first - 1 : first + 1]
        samples = [
            training.read(index, np.random.default_rng(draw.integers(2**63))) for index in chosen
        ]
        sides = [min(sample.maps[at.target].shape[dim] for sample in samples) for dim in (-2, -1)]
        sides = [min(side, CROP) for side in sides]
        pairs = [_cropped(sample, plan, at, sides, draw) for sample in samples]
        photos, labels = (torch.stack(maps).to(at.device) for maps in zip(*pairs, strict=True))
        yield photos.float() / 127.5 - 1, labels


def _batch(photos: int) -> int:
    """Photos a step: fewer where few are there, for some steps a pass."""
    return max(2, min(BATCH, photos // 4))


def _cropped(
    sample: Sample,
    plan: Plan,
    at: MetricContext,
    sides: list[int],
    draw: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """A photo and its classes, cut at random to (height, width)."""
    photo, label = as_8bit(sample.maps[at.target]), sample.maps[plan.label][0]
    top, left = (
        int(draw.integers(photo.shape[dim - 2] - side + 1)) for dim, side in enumerate(sides)
    )
    height, width = sides
    within = slice(top, top + height), slice(left, left + width)
    return photo[:, *within], _known(label[within], at.maps[plan.label].classes or 0)


def _known(label: Tensor, classes: int) -> Tensor:
    """Class ids, with what is none set to be ignored."""
    label = label.long()
    return torch.where((label >= 0) & (label < classes), label, IGNORED)


def _score(
    network: Judge, plan: Plan, at: MetricContext, watched: Dataset, chosen: list[int]
) -> float:
    """Mean IoU on real photos."""
    network.eval()
    classes = at.maps[plan.label].classes or 0
    judge = TrainedJudge(network, classes, at.device, {})
    counts = torch.zeros(classes, classes, dtype=torch.int64)
    for index in chosen:
        maps = watched.read(index, None).maps
        found = judge.classes_of(as_8bit(maps[at.target])[None])[0]
        counts += confusion(found, maps[plan.label][0], classes)
    return summary(counts)["mean_iou"]


def _fingerprint(plan: Plan, at: MetricContext, training: Dataset) -> str:
    """Sixteen digits that are equal where the same judge would be trained: the data, by the names
    and bytes of its files and the pixels of a few, and how it is trained.
    """
    identity: Any = getattr(training, "identity", None)
    named = [*identity()] if identity else len(training)
    told = {
        "version": VERSION,
        "judge": asdict(plan),
        "data": {
            k: v for k, v in at.learned.model_dump(mode="json").items() if k not in ROUND_ABOUT
        },
        "size": at.size,
        "target": at.target,
        "samples": named,
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    count = min(len(training), LOOKED_INTO)
    for n in range(count):
        maps = training.read(n * len(training) // count, None).maps
        for name in (at.target, plan.label):
            digest.update(np.ascontiguousarray(maps[name].numpy()).tobytes())
    return digest.hexdigest()[:16]


def _make(plan: Plan, channels: int, classes: int) -> Judge:
    """An untrained judge.

    Raises:
        UserError: timm's model cannot be one.
    """
    side = 2 * MULTIPLE
    try:
        made = Judge(encoder=plan.encoder, channels=channels, classes=classes, width=WIDTH)
        with torch.no_grad():
            made.eval()(torch.zeros(1, channels, side, side + MULTIPLE))
    except Exception as problem:
        told = f"segmentation.encoder: timm's {plan.encoder} cannot judge pictures of any size"
        cure = "use a convolutional one, as resnet18"
        raise UserError(f"{told} ({first_line(problem)}); {cure}") from problem
    return made


def _keep(network: Judge, file: Path) -> None:
    """Write the weights so that another process finds all of them or none. Of two that train the
    same judge the first one's stay: no score changes its judge in the middle of a run.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    save_file({k: v.cpu().contiguous() for k, v in network.state_dict().items()}, temporary)
    try:
        os.link(temporary, file)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not file.is_file():
            temporary.replace(file)
    temporary.unlink(missing_ok=True)


def _copy(network: Judge) -> Mapping[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
