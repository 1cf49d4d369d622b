"""Augmentation of a sample: one draw for all maps of a scope, ids by nearest.

Every number comes from the sample's own generator, so that it is the same with any number of
workers and after a resume.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from gan_zoo_data.augment_specs import COLORS, JOINT, Augmentation
from gan_zoo_data.files.ids import Array

Resize = Callable[[Array, tuple[int, int], bool], Array]  # pixels, size, whether they are ids
NOTHING = Augmentation()
FILLS = {"black": (0, -1.0), "grey": (128, 0.0), "white": (255, 1.0)}  # of uint8, of floats
LOW_BITS = 16  # of ids; float32 holds no more than 24 exactly


@dataclass(frozen=True)
class Augment:
    """What a recipe says below `augment`, and what it needs to know of the maps.

    Args:
        scopes: `joint` or a map -> its words.
        ignored: Map of labels -> its ignored id.
        alpha: Pictures whose last channel is no color.
    """

    scopes: Mapping[str, Augmentation] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)
    alpha: frozenset[str] = frozenset()

    @property
    def turning(self) -> bool:
        """Whether a side may take the place of the other."""
        return any(words.turns for words in self.scopes.values())

    def apply(
        self,
        maps: Mapping[str, Array],
        size: tuple[int, int],
        at: tuple[float, float],
        draw: np.random.Generator,
        resize: Resize,
        ids: frozenset[str],
    ) -> dict[str, Array]:
        """Maps of one size -> the same maps, augmented.

        Args:
            maps: Pictures `H W C` and ids `H W`.
            size: Height and width that come out: of the crop, or of the maps.
            at: Where the crop lies, down and across, from 0 to less than 1.
            draw: Gives only the numbers of the words that are said: of `joint` first, then those
                of each map in the order of the maps.
            resize: How the data resizes.
            ids: Which maps are ids.
        """
        given = _Scope(self.scopes.get(JOINT, NOTHING), self, draw, resize, ids)
        done = given.applied(maps, size, at)
        for name in maps:
            if (words := self.scopes.get(name, NOTHING)) != NOTHING:
                scope = _Scope(words, self, draw, resize, ids)
                own = (draw.random(), draw.random()) if words.scale else (0.5, 0.5)
                done |= scope.applied({name: done[name]}, size, own)
        return done


@dataclass(frozen=True)
class _Scope:
    """The words of one scope, for one sample."""

    words: Augmentation
    of: Augment
    draw: np.random.Generator
    resize: Resize
    ids: frozenset[str]

    def applied(
        self, maps: Mapping[str, Array], size: tuple[int, int], at: tuple[float, float]
    ) -> dict[str, Array]:
        done = self._moved(maps, size, at)
        pictures = {name: pixels for name, pixels in done.items() if name not in self.ids}
        if pictures:
            done |= self._noised(self._colored(pictures))
        return self._cut_out(done, size)

    def _moved(
        self, maps: Mapping[str, Array], size: tuple[int, int], at: tuple[float, float]
    ) -> dict[str, Array]:
        """Scaled, cut to size, turned, mirrored."""
        words = self.words
        factor = self.draw.uniform(*words.scale) if words.scale else 1.0
        angle = self.draw.uniform(-words.rotate, words.rotate) if words.rotate else 0.0
        across = bool(words.horizontal) and self.draw.random() < words.horizontal
        down = bool(words.vertical) and self.draw.random() < words.vertical
        quarters = _quarters(self.draw.random(), words.turns) if words.turns else 0
        done = {}
        for name, whole in maps.items():
            pixels = whole
            if factor != 1:
                height, width = (max(1, round(side * factor)) for side in whole.shape[:2])
                pixels = self.resize(whole, (height, width), name in self.ids)
            pixels = self._window(name, pixels, size, at, angle)
            pixels = pixels[:, ::-1] if across else pixels
            pixels = pixels[::-1] if down else pixels
            done[name] = np.rot90(pixels, quarters) if quarters else pixels
        return done

    def _window(
        self, name: str, pixels: Array, size: tuple[int, int], at: tuple[float, float], angle: float
    ) -> Array:
        """A part of this size about a place, turned; what lies beyond an edge is mirrored in it."""
        margins = _margins(size, angle)
        spans = [
            np.arange(first - margin, first + side + margin)
            for side, margin, first in zip(
                size, margins, map(_first, pixels.shape, size, at), strict=True
            )
        ]
        rows, columns = (
            _mirrored(span, side) for span, side in zip(spans, pixels.shape, strict=False)
        )
        part = pixels[rows[:, None], columns]
        if self.words.ids == "ignore" and name in self.of.ignored:
            part[rows != spans[0]] = self.of.ignored[name]
            part[:, columns != spans[1]] = self.of.ignored[name]
        if not angle:
            return part
        (high, wide), (above, beside) = size, margins
        turned = _rotated(part, angle, ids=name in self.ids)
        return turned[above : above + high, beside : beside + wide]

    def _colored(self, maps: Mapping[str, Array]) -> dict[str, Array]:
        """Pictures with other colors: the same factors for all."""
        said = {word: getattr(self.words, word) for word in COLORS if getattr(self.words, word)}
        middle = {word: 0.0 if word == "hue" else 1.0 for word in said}
        factors = {
            word: self.draw.uniform(middle[word] - most, middle[word] + most)
            for word, most in said.items()
        }
        if not factors:
            return dict(maps)
        done = {}
        for name, pixels in maps.items():
            done[name] = _adjusted(pixels, factors, alpha=name in self.of.alpha)
        return done

    def _noised(self, maps: Mapping[str, Array]) -> dict[str, Array]:
        """Pictures with normal noise: one field, of which each takes the channels that it has."""
        if not self.words.noise:
            return dict(maps)
        height, width = next(iter(maps.values())).shape[:2]
        most = max(pixels.shape[2] for pixels in maps.values())
        noise = self.draw.standard_normal((height, width, most), dtype=np.float32)
        done = {}
        for name, pixels in maps.items():
            done[name] = _moved_by(pixels, noise[..., : pixels.shape[2]] * self.words.noise)
            if name in self.of.alpha:
                done[name][..., -1] = pixels[..., -1]
        return done

    def _cut_out(self, maps: Mapping[str, Array], size: tuple[int, int]) -> dict[str, Array]:
        """Maps with a square that shows nothing."""
        if not self.words.cutout:
            return dict(maps)
        high, wide = (min(self.words.cutout, side) for side in size)
        down, across = self.draw.random(2)
        top, left = int(down * (size[0] - high + 1)), int(across * (size[1] - wide + 1))
        done = {}
        for name, pixels in maps.items():
            done[name] = pixels
            whole, real = FILLS[self.words.fill]
            value: float | None = real if pixels.dtype.kind == "f" else whole
            if name in self.ids:
                value = self.of.ignored.get(name) if self.words.ids == "ignore" else None
            if value is not None:
                done[name] = pixels.copy()
                done[name][top : top + high, left : left + wide] = value
        return done


def _quarters(drawn: float, probability: float) -> int:
    """Of one number from 0 to less than 1: how many quarter turns, 0 to 3."""
    return 1 + int(3 * drawn / probability) if drawn < probability else 0


def _first(side: int, wanted: int, at: float) -> int:
    """Where a window begins: anywhere within a longer side, anywhere about a shorter one."""
    space = side - wanted
    return int(at * (abs(space) + 1)) * (1 if space >= 0 else -1)


def _margins(size: tuple[int, int], angle: float) -> tuple[int, int]:
    """How much more than a window must be seen, so that it can be turned."""
    if not angle:
        return 0, 0
    height, width = size
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    high, wide = height * cosine + width * sine, width * cosine + height * sine
    return tuple(max(0, math.ceil((b - a) / 2)) + 2 for a, b in ((height, high), (width, wide)))  # type: ignore[return-value]


def _mirrored(places: Array, side: int) -> Array:
    """Places beyond an edge -> those as far within, as numpy's pad calls `reflect`."""
    if side == 1:
        return np.zeros_like(places)
    there = np.abs(places) % (2 * (side - 1))
    return np.where(there < side, there, 2 * (side - 1) - there)


def _rotated(pixels: Array, angle: float, *, ids: bool) -> Array:
    """Turned about the middle: bilinear, ids by nearest."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    if not ids:
        turned = functional.rotate(_tensor(pixels), angle, InterpolationMode.BILINEAR)
        return _array(turned)
    # As two numbers of 16 bits, since it computes in float32.
    halves = np.stack([pixels >> LOW_BITS, pixels & ((1 << LOW_BITS) - 1)]).astype(np.float32)
    turned = functional.rotate(torch.from_numpy(halves), angle, InterpolationMode.NEAREST)
    high, low = turned.numpy().astype(np.int32)
    joined: Array = (high << LOW_BITS) | low
    return joined


def _adjusted(pixels: Array, factors: Mapping[str, float], *, alpha: bool) -> Array:
    """A picture with other colors; where it has neither 1 nor 3 of them, each is a grey picture."""
    from torchvision.transforms.v2 import functional

    count = pixels.shape[2] - alpha
    tensor = _tensor(pixels[..., :count])
    real = tensor.is_floating_point()
    tensor = (tensor + 1) / 2 if real else tensor
    tensor = tensor if count in (1, 3) else tensor[:, None]  # C 1 H W
    adjust = {
        "brightness": functional.adjust_brightness,
        "contrast": functional.adjust_contrast,
        "saturation": functional.adjust_saturation,
        "hue": functional.adjust_hue,
    }
    for word, factor in factors.items():
        tensor = adjust[word](tensor, factor)
    tensor = tensor.reshape(count, *pixels.shape[:2])
    done = _array(tensor * 2 - 1 if real else tensor)
    return np.concatenate([done, pixels[..., count:]], axis=2) if alpha else done


def _moved_by(pixels: Array, noise: Array) -> Array:
    """A picture plus noise in units of 255, within what it can show."""
    if pixels.dtype == np.uint8:
        moved: Array = np.clip(np.rint(pixels + noise), 0, 255)
    else:
        moved = np.clip(pixels + noise / np.float32(127.5), -1, 1)
    return moved.astype(pixels.dtype)


def _tensor(pixels: Array) -> torch.Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())  # C H W


def _array(tensor: torch.Tensor) -> Array:
    pixels: Array = np.ascontiguousarray(tensor.numpy().transpose(1, 2, 0))
    return pixels
