"""Pictures small enough for a page: a few times, a few samples, each as WebP."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

from gan_zoo.components.thinning import thinned
from gan_zoo.report.previews import Gallery

TIMES, SAMPLES = 24, 8  # at most, of a run
SIDE, SHEET_SIDE = 256, 768  # pixels of the longer side, at most
QUALITY = 85  # of WebP
BYTES = 1_500_000  # of the pictures of a run, about
Encoded = tuple[str | None, tuple[int, int] | None]  # a data URI, and the size on disk


@dataclass
class Frames:
    """What a page shows of one callback of one run.

    Args:
        steps: Of its times.
        outputs: Sample -> a picture a time, as data URIs; None where there is none.
        given: Title -> sample -> picture.
        sizes: Sample -> (width, height) of its picture on disk.
        phases: Step -> phase.
        times: How many there are on disk.
        sheets: Whether each picture is a sheet.
    """

    steps: list[int]
    outputs: dict[str, list[str | None]] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    phases: dict[int, str] = field(default_factory=dict)
    times: int = 0
    sheets: bool = False

    @property
    def bytes(self) -> int:
        """Of all pictures as they stand on the page."""
        made = [uri for row in self.outputs.values() for uri in row if uri]
        return sum(map(len, made)) + sum(
            len(u) for row in self.given.values() for u in row.values()
        )


def make_frames(gallery: Gallery, samples: Sequence[str] | None = None) -> Frames:
    """Encode what a page shows; where pictures are large, of fewer times.

    Args:
        gallery: What lies on disk.
        samples: Which ones; the first ones if absent.
    """
    chosen = list(samples if samples is not None else gallery.samples)[:SAMPLES]
    times, encoded = TIMES, dict[Path, Encoded]()
    while True:
        made = _make(gallery, chosen, thinned(gallery.steps, times), encoded)
        if made.bytes <= BYTES or times <= 3:
            return made
        times = max(3, min(len(made.steps) - 1, int(times * BYTES / made.bytes)))


def _make(
    gallery: Gallery, samples: Sequence[str], steps: list[int], encoded: dict[Path, Encoded]
) -> Frames:
    def get(path: Path) -> Encoded:
        if path not in encoded:
            encoded[path] = encode(path, side)
        return encoded[path]

    side = SHEET_SIDE if gallery.sheets else SIDE
    made = Frames(steps, times=len(gallery.outputs), sheets=gallery.sheets)
    made.phases = {step: gallery.phases.get(step, "") for step in steps}
    for sample in samples:
        row: list[str | None] = []
        for step in steps:
            path = gallery.outputs[step].get(sample)
            uri, size = get(path) if path else (None, None)
            row.append(uri)
            if size:
                made.sizes[sample] = size
        made.outputs[sample] = row
        for title, files in gallery.given.items():
            if sample in files:
                uri, _ = get(files[sample])
                if uri:
                    made.given.setdefault(title, {})[sample] = uri
    return made


def encode(path: Path, side: int) -> Encoded:
    """A picture as a data URI, and its size on disk; None where it cannot be read.

    Args:
        path: Of the picture.
        side: The longer side in pixels, at most.
    """
    picture = _open(path)
    if picture is None:
        return None, None
    size = picture.size
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    data = BytesIO()
    picture.save(data, format="WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode(), size


def shared_samples(galleries: Mapping[str, Gallery]) -> list[str]:
    """Samples that all of these hold, in the order of the first."""
    first, *others = galleries.values()
    return [name for name in first.samples if all(name in other.samples for other in others)]


def differing_samples(galleries: Mapping[str, Gallery], samples: Sequence[str]) -> list[str]:
    """Those of one name whose given pictures are of one size and not the same: other data."""
    found = []
    for sample in samples:
        seen: dict[tuple[str, tuple[int, int]], bytes] = {}
        for gallery in galleries.values():
            for title, files in gallery.given.items():
                if sample in files and (picture := _open(files[sample])):
                    pixels = picture.tobytes()
                    if seen.setdefault((title, picture.size), pixels) != pixels:
                        found.append(sample)
    return list(dict.fromkeys(found))


def _open(path: Path) -> Image.Image | None:
    """A picture in three colors; None where it cannot be read."""
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except OSError:
        return None
