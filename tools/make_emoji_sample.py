"""Make the shipped emoji sample from side-by-side pictures: line art left, color right.

    python tools/make_emoji_sample.py SOURCE TARGET

SOURCE holds train/, val/ and test/ with pictures of two squares side by side. TARGET gets
A/SPLIT/NAME.png (grey line art) and B/SPLIT/NAME.png (color), 64 x 64. The same source gives the
same pixels every time; what is already in TARGET's A and B is refused, not mixed in.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
from pathlib import Path

from PIL import Image, ImageChops

SIDE = 64
COUNTS = {"train": 560, "val": 40, "test": 60}
PAPER = 246  # a pixel with every channel at least this bright is paper; JPEG left ringing there


def chosen(folder: Path, count: int) -> list[Path]:
    """The first files in the order of their names' SHA-1: a fixed, well mixed choice."""

    def order(path: Path) -> str:
        return hashlib.sha1(path.stem.encode()).hexdigest()

    return sorted(folder.glob("*.jpg"), key=order)[:count]


def small(picture: Image.Image, left: int) -> Image.Image:
    """One square of a pair, starting at that column, at the sample's size and on clean paper."""
    height = picture.height
    square = picture.crop((left, 0, left + height, height))
    square = square.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    darkest = functools.reduce(ImageChops.darker, square.split())
    paper = darkest.point([255 * (value >= PAPER) for value in range(256)])
    square.paste("white", mask=paper)
    return square


def main() -> None:
    """Read SOURCE, write TARGET, say how much."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("source", type=Path)
    arguments.add_argument("target", type=Path)
    given = arguments.parse_args()
    for split, count in COUNTS.items():
        folders = {side: given.target / side / split for side in "AB"}
        for folder in folders.values():
            folder.mkdir(parents=True)
        written = 0
        for path in chosen(given.source / split, count):
            with Image.open(path) as picture:
                line = small(picture.convert("L"), 0)
                color = small(picture.convert("RGB"), picture.height)
            for side, made in (("A", line), ("B", color)):
                file = folders[side] / f"{path.stem}.png"
                made.save(file, optimize=True)
                written += file.stat().st_size
        print(f"{split}: {count} pairs, {written} bytes")


if __name__ == "__main__":
    main()
