"""Generated pictures, judged by the classes that a network finds in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components import Sample


@dataclass(frozen=True)
class TrainedJudge:
    """A network that tells classes, with what is known of it.

    Args:
        network: Photos `B C H W` in [-1, 1] -> logits `B K H W`.
        classes: K.
        device: Where it computes.
        about: What a protocol says of it, the digest of its weights among that.
    """

    network: nn.Module
    classes: int
    device: str
    about: Mapping[str, Any]

    def classes_of(self, pictures: Tensor) -> Tensor:
        """uint8 `B C H W` -> the likeliest class of every pixel, `B H W`, on the CPU."""
        with torch.inference_mode():
            scaled = pictures.to(self.device).float() / 127.5 - 1
            found: Tensor = self.network(scaled).argmax(dim=1)
        return found.cpu()

    def confusion(self, picture: Tensor, label: Tensor) -> Tensor:
        """Pixels by their true class (row) and the one that is found (column), `K K`.

        Args:
            picture: uint8 `C H W`.
            label: Ids `1 H W`; those beyond the classes do not count.
        """
        return confusion(self.classes_of(picture[None])[0], label[0], self.classes)


class Segmentation:
    """One confusion matrix of all pixels, and one of the real photos for the ceiling.

    Args:
        judge: Tells the classes.
        label: The map that says the true ones.
    """

    def __init__(self, *, judge: TrainedJudge, label: str) -> None:
        self.judge = judge
        self.label = label
        self._made = torch.zeros(judge.classes, judge.classes, dtype=torch.int64)
        self._real = self._made.clone()
        self._accuracies: list[float] = []

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Judge one picture, and its real photo."""
        label = sample.maps[self.label]
        made = self.judge.confusion(generated, label)
        self._made += made
        self._real += self.judge.confusion(real, label)
        self._accuracies.append(summary(made)["pixel_accuracy"])

    def compute(self) -> dict[str, float]:
        """The three numbers of the confusion matrix."""
        return summary(self._made)

    def values(self) -> dict[str, list[float]]:
        """Single pictures have an accuracy; the others are of all pixels together."""
        return {"pixel_accuracy": list(self._accuracies)}

    def beside(self) -> dict[str, dict[str, float]]:
        """What the same judge scores on the real photos."""
        return {name: {"ceiling": value} for name, value in summary(self._real).items()}

    def protocol(self) -> Mapping[str, Any]:
        """Who judges."""
        return self.judge.about


def confusion(found: Tensor, label: Tensor, classes: int) -> Tensor:
    """Pixels by true class (row) and found class (column).

    Args:
        found: Classes `H W`.
        label: Ids `H W`; those that are no class do not count.
        classes: K.
    """
    known = (label >= 0) & (label < classes)
    places = label[known].long() * classes + found[known].long()
    return torch.bincount(places, minlength=classes * classes).reshape(classes, classes)


def summary(counts: Tensor) -> dict[str, float]:
    """What a confusion matrix says, over the classes that the labels hold; nan of no pixel."""
    counts = counts.double()
    right, true, found = counts.diag(), counts.sum(dim=1), counts.sum(dim=0)
    there = true > 0
    return {
        "mean_iou": (right / (true + found - right))[there].mean().item(),
        "pixel_accuracy": (right.sum() / true.sum()).item(),
        "class_accuracy": (right / true)[there].mean().item(),
    }
