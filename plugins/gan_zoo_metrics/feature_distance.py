"""A kernel distance of two sets of pictures, by the features that a fixed network has of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components import Sample, UserError, remembered
from gan_zoo_metrics.kernels import cubic_kernel

ROWS = 1024  # of the kernel at once: memory stays small for many pictures


class FeatureDistance:
    """The squared maximum mean discrepancy (Gretton et al. 2012, lemma 7) with the kernel of KID,
    (x.y/d + 1)^3 of features of d numbers (Binkowski et al. 2018, sec. 4), over all pictures.

    It is unbiased, so that it may be below 0. Terms that compare an output with its own target are
    left out, which the estimate for equally many pictures allows: here the two sets are no
    independent draws. Of equal sets it is 0.

    Args:
        network: Pictures `B 3 H W` in [-1, 1] -> features `B d`.
        judge: What it is, as JSON.
        device: Where it computes.
        dtype: In which type.
        say: Tells the user a line.
    """

    def __init__(
        self,
        network: nn.Module,
        judge: Mapping[str, Any],
        *,
        device: str,
        dtype: torch.dtype,
        say: Callable[[str], None],
    ) -> None:
        self.network = network.requires_grad_(False).eval().to(device, dtype)
        self.judge = judge
        self.device, self.dtype = device, dtype
        self.say = say
        self._said = False
        self._ours: list[Tensor] = []
        self._theirs: list[Tensor] = []

    def update(self, generated: Tensor, real: Tensor, sample: Sample) -> None:
        """Keep the features of one picture and of its target.

        Raises:
            UserError: they have other than 1 or 3 channels.
        """
        if len(real) not in (1, 3):
            raise UserError(
                f"{sample.files[0]}: {len(real)} channels came; the network sees RGB, or grey as "
                "such. Leave feature_distance out"
            )
        self._ours.append(self._features(generated))
        self._theirs.append(self._features(real))

    def compute(self) -> float:
        """The distance; not a number of fewer than two pictures."""
        if len(self._ours) < 2:
            self._say("feature_distance has no value: it is of sets, two pictures at least")
            return math.nan
        count = len(self._ours)
        return self._by_picture().sum().item() / (count * (count - 1))

    def beside(self) -> Mapping[str, float]:
        """How much it may be off by the choice of the pictures: the jackknife's standard error."""
        count = len(self._ours)
        if count < 3:
            return {}
        parts = self._by_picture()
        without = (parts.sum() - 2 * parts) / ((count - 1) * (count - 2))
        spread = (without - without.mean()).square().sum() * (count - 1) / count
        return {"standard error": spread.sqrt().item()}

    def protocol(self) -> Mapping[str, Any]:
        """The judging network."""
        return self.judge

    def _say(self, line: str) -> None:
        """Tell it once, and in a run not at every validation again."""
        if not self._said:
            self._said = True
            remembered(f"said: {line}", lambda: self.say(line))

    def _features(self, picture: Tensor) -> Tensor:
        """Of one, float64."""
        with torch.inference_mode():
            seen = picture.to(self.device, self.dtype).expand(3, -1, -1)[None] / 127.5 - 1
            features: Tensor = self.network(seen)[0]
            return features.double().cpu()

    def _by_picture(self) -> Tensor:
        """For every picture i the sum over all others j of
        k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(y_i, x_j).
        """
        x, y = torch.stack(self._ours), torch.stack(self._theirs)
        found = []
        for start in range(0, len(x), ROWS):
            some = slice(start, start + ROWS)
            terms = cubic_kernel(x[some], x) + cubic_kernel(y[some], y)
            terms -= cubic_kernel(x[some], y) + cubic_kernel(y[some], x)
            found.append(terms.sum(1) - terms.diagonal(start))
        return torch.cat(found)
