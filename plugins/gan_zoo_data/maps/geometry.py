"""Resize, crop and flip: one draw for all maps of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate

from gan_zoo_data.augment_specs import describe
from gan_zoo_data.faults import Misfit, OtherSize
from gan_zoo_data.files.ids import Array
from gan_zoo_data.maps.augment import Augment

HeightWidth = tuple[int, int]
Resampler = Literal["torch", "pillow"]
NEAREST, BICUBIC = Image.Resampling.NEAREST, Image.Resampling.BICUBIC


class Steps(NamedTuple):
    """What happens to the maps of a sample before the flip.

    Args:
        keep: The part of the picture that is used: top, left, height, width.
        resize: Its new height and width.
        crop: Height and width of the random crop after that.
    """

    keep: tuple[int, int, int, int]
    resize: HeightWidth
    crop: HeightWidth | None


@dataclass(frozen=True)
class Geometry:
    """The size rule of a data set. Every size is (height, width).

    Args:
        load: Resize to this, then crop.
        scale_width: Resize to this width and keep the aspect ratio, then crop.
        crop: Random crop in training.
        flip: Probability of a horizontal flip in training.
        size: Exactly this, in place of load, scale_width and crop.
        aspect: What to do where `size` has another aspect ratio.
        ids: Maps of ids, whose values are never mixed: nearest instead of bicubic.
        augment: What else is drawn in training.
        resampler: Whose bicubic resizes pictures in training.
    """

    load: HeightWidth | None = None
    scale_width: int | None = None
    crop: HeightWidth | None = None
    flip: float = 0.0
    size: HeightWidth | None = None
    aspect: Literal["refuse", "stretch", "crop"] = "refuse"
    ids: frozenset[str] = frozenset()
    augment: Augment = field(default_factory=Augment)
    resampler: Resampler = "pillow"

    def apply(
        self, maps: Mapping[str, Array], draw: np.random.Generator | None, file: str
    ) -> dict[str, Array]:
        """Maps of one size -> the same maps, ready to be tensors.

        Args:
            maps: Pictures `H W C` and ids `H W`, all of one size.
            draw: Decides crop, flip and augmentation; None is evaluation.
            file: Whom to name where the rule does not fit.

        Raises:
            DataError: the rule does not fit this size.
        """
        fitted = self.fit(maps, file, training=draw is not None)
        return fitted if draw is None else self.vary(fitted, draw)

    def fit(self, maps: Mapping[str, Array], file: str, *, training: bool) -> dict[str, Array]:
        """What happens to maps in every pass: all but the crop.

        Raises:
            DataError: the rule does not fit this size.
        """
        height, width = next(iter(maps.values())).shape[:2]
        steps = self.steps(height, width, file, training=training)
        resampler: Resampler = self.resampler if training else "pillow"
        return {
            name: resize(_cut(whole, *steps.keep), steps.resize, name in self.ids, resampler)
            for name, whole in maps.items()
        }

    def vary(self, maps: Mapping[str, Array], draw: np.random.Generator) -> dict[str, Array]:
        """What is drawn in each pass: crop and flip by exactly three numbers, then the rest."""
        down, across, turn = draw.random(3)
        height, width = next(iter(maps.values())).shape[:2]
        high, wide = (height, width) if self.size or not self.crop else self.crop
        if self.augment.scopes:
            resizing = partial(resize, resampler=self.resampler)
            done = self.augment.apply(maps, (high, wide), (down, across), draw, resizing, self.ids)
        else:
            top = int(down * (height - high + 1))  # 0 .. both ends included
            left = int(across * (width - wide + 1))
            done = {name: _cut(whole, top, left, high, wide) for name, whole in maps.items()}
        if turn < self.flip:
            done = {name: pixels[:, ::-1] for name, pixels in done.items()}
        return done

    def steps(self, height: int, width: int, file: str, *, training: bool) -> Steps:
        """What happens to a picture of this size.

        Raises:
            DataError: the rule does not fit this size.
        """
        steps = self._steps(height, width, file, training=training)
        high, wide = steps.crop or steps.resize
        if training and self.augment.turning and high != wide:
            told = f"{_by((high, wide))} in training, but augment turns pictures by quarters, "
            told += f"which must be square; say `crop: [{min(high, wide)}, {min(high, wide)}]`, "
            told += "or leave `turns` out"
            raise Misfit.of(Path(file), OtherSize((_by((height, width)),), told))
        return steps

    def _steps(self, height: int, width: int, file: str, *, training: bool) -> Steps:
        whole = (0, 0, height, width)
        if self.size:
            return Steps(self._fitting(height, width, file), self.size, None)
        if self.load and self.crop and not training:
            return Steps(whole, self.crop, None)  # the published test: load size = crop size
        resized = self.load or (height, width)
        if self.scale_width:
            resized = (max(1, self.scale_width * height // width), self.scale_width)
        if not self.crop or not training:
            return Steps(whole, resized, None)
        if resized[0] < self.crop[0] or resized[1] < self.crop[1]:
            scaled = f", {_by(resized)} after scale_width" if self.scale_width else ""
            told = f"smaller than crop [{self.crop[0]}, {self.crop[1]}]"
            told += "; use a smaller crop, or enlarge with load"
            raise Misfit.of(Path(file), OtherSize((f"{_by((height, width))}{scaled}",), told))
        return Steps(whole, resized, self.crop)

    def describe(self) -> str:
        """What is done to samples in training; empty where they stay as they are."""
        done = []
        if self.size:
            how = {
                "refuse": "",
                "stretch": ", stretched where they must be",
                "crop": " after a crop",
            }
            done.append(f"resized to {_by(self.size)}{how[self.aspect]}")
        elif self.load:
            done.append(f"resized to {_by(self.load)}")
        elif self.scale_width:
            done.append(f"resized to a width of {self.scale_width}")
        if self.crop and not self.size:
            done.append(f"cropped at random to {_by(self.crop)}")
        sides = " (height x width)" * bool(done)
        if self.flip:
            done.append(f"mirrored with probability {self.flip:g}")
        sizes = f"in training {', '.join(done)}{sides}" if done else ""
        augmented = describe(self.augment.scopes)
        beside = f"{'' if sizes else 'in training '}{augmented}" if augmented else ""
        return "; ".join(filter(None, (sizes, beside)))

    def _fitting(self, height: int, width: int, file: str) -> tuple[int, int, int, int]:
        """The part of the picture that becomes `size`."""
        assert self.size
        high, wide = self.size
        # The same aspect ratio, to the pixel that rounding leaves open.
        same = round(height * wide / width) == high or round(width * high / height) == wide
        if same or self.aspect == "stretch":
            return 0, 0, height, width
        if self.aspect == "refuse":
            told = f"which is not the aspect ratio of size [{high}, {wide}]"
            told += "; say `aspect: crop` or `aspect: stretch` in data"
            raise Misfit.of(Path(file), OtherSize((_by((height, width)),), told))
        kept_height = min(height, max(1, round(width * high / wide)))
        kept_width = min(width, max(1, round(height * wide / high)))
        return (height - kept_height) // 2, (width - kept_width) // 2, kept_height, kept_width


def resize(pixels: Array, size: HeightWidth, ids: bool, resampler: Resampler = "pillow") -> Array:
    """Bicubic for pictures `H W C`, nearest for ids `H W`.

    A channel is a picture of its own: Pillow would weigh color by alpha. Both resamplers compute
    one bicubic with antialiasing; of 8 bits torch rounds the weights to fewer bits than Pillow and
    is several times as fast. Floats stay within [-1, 1], as 8 bits within theirs.
    """
    if pixels.shape[:2] == size:
        return pixels
    if ids:
        return np.asarray(Image.fromarray(pixels).resize(size[::-1], NEAREST))
    torch_can = resampler == "torch" and 1 not in size  # of floats, it repeats one pixel there
    resized = _by_torch(pixels, size) if torch_can else _by_pillow(pixels, size)
    return np.clip(resized, -1, 1) if resized.dtype.kind == "f" else resized


def _by_torch(pixels: Array, size: HeightWidth) -> Array:
    own = pixels if pixels.flags.writeable else pixels.copy()  # torch warns of what is not
    batch = torch.from_numpy(own)[None].permute(0, 3, 1, 2)  # 1 C H W, channels last to torch too
    resized: Array = interpolate(batch, size, mode="bicubic", antialias=True)[0].numpy()
    return resized.transpose(1, 2, 0)


def _by_pillow(pixels: Array, size: HeightWidth) -> Array:
    wide_high = size[::-1]
    channels = pixels.shape[2]
    if channels == 3 and pixels.dtype == np.uint8:
        return np.asarray(Image.fromarray(pixels).resize(wide_high, BICUBIC))
    bands = (Image.fromarray(np.ascontiguousarray(pixels[..., n])) for n in range(channels))
    return np.stack([np.asarray(band.resize(wide_high, BICUBIC)) for band in bands], axis=-1)


def _cut(pixels: Array, top: int, left: int, height: int, width: int) -> Array:
    return pixels[top : top + height, left : left + width]


def _by(size: HeightWidth) -> str:
    return f"{size[0]}x{size[1]}"
