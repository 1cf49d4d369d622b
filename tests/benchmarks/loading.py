"""Pairs a second and core: our loading beside the usual transforms, and later passes with a cache.

    python tests/benchmarks/loading.py
    python tests/benchmarks/loading.py --repeat 40 --only pix2pix,cache

Pictures are made up: smooth shapes with noise, JPEG of quality 90, PNG for ids. The usual way is
what published code does, on Pillow: open, convert, resize, crop, flip, to float tensor, normalize.
Both end in the same float tensors; samples of the two take turns, so that a busy moment hits both,
and what is told is the median of the ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.functional import normalize, to_tensor

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.instance_ids import renumber_sample
from gan_zoo.components.user_cache import VARIABLE
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.precision import Precision
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec

Maps = Mapping[str, torch.Tensor]
Way = Callable[[int], Maps]
HALF = (0.5, 0.5, 0.5)
SEED = 0
PAIRED = {"layout": "side_by_side", "load": (286, 286), "crop": (256, 256), "flip": 0.5}


def photo(height: int, width: int, draw: np.random.Generator) -> Any:
    """Smooth shapes with a little noise, uint8 `H W 3`."""
    small = draw.integers(0, 256, (height // 16, width // 16, 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(smooth + draw.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)


def save_pairs(root: Path, sizes: list[tuple[int, int]]) -> None:
    """Pairs side by side, of (height, width) each side."""
    (root / "train").mkdir(parents=True)
    draw = np.random.default_rng(SEED)
    for number, (height, width) in enumerate(sizes):
        picture = Image.fromarray(photo(height, 2 * width, draw))
        picture.save(root / f"train/{number:03}.jpg", quality=90)


def save_scenes(root: Path, count: int, height: int, width: int) -> None:
    """Label maps of 35 classes, instance maps of 16 bits and photos, with regions like streets'."""
    draw = np.random.default_rng(SEED)
    for kind in ("label", "inst", "img"):
        (root / f"train_{kind}").mkdir(parents=True)
    rows, columns = np.mgrid[0:height, 0:width]
    for number in range(count):
        label = np.full((height, width), 7)
        instance = label.copy()
        for thing in range(60):
            y, x = draw.random(2) * (height, width)
            high, wide = (draw.random(2) * 0.12 + 0.01) * (height, width)
            inside = ((rows - y) / high) ** 2 + ((columns - x) / wide) ** 2 < 1
            label[inside] = draw.integers(35)
            instance[inside] = 24000 + thing if thing % 3 else label[inside]
        name = f"{number:03}"
        Image.fromarray(label.astype(np.uint8)).save(root / f"train_label/{name}.png")
        Image.fromarray(instance.astype(np.uint16)).save(root / f"train_inst/{name}.png")
        Image.fromarray(photo(height, width, draw)).save(root / f"train_img/{name}.jpg", quality=90)


# ------------------------------------------------------------------------------- two ways


def ours(spec: Any) -> Way:
    """A sample as a run reads it, on the device."""
    data, precision, shapes = spec.open("train"), Precision.of(device="cpu"), spec.maps()

    def read(index: int) -> Maps:
        sample = renumber_sample(data.read(index, np.random.default_rng([SEED, index])), shapes)
        return precision.receive({n: tensor[None] for n, tensor in sample.maps.items()})

    return read


def usual_pairs(spec: Any) -> Way:
    """The same samples by Pillow and torchvision, with the same crops and flips."""
    files = sorted(Path(spec.root, "train").iterdir())
    (high, wide), (load_high, load_wide) = spec.crop, spec.load

    def read(index: int) -> Maps:
        down, across, turn = np.random.default_rng([SEED, index]).random(3)
        top, left = int(down * (load_high - high + 1)), int(across * (load_wide - wide + 1))
        both = Image.open(files[index]).convert("RGB")
        middle = both.width // 2
        done = {}
        for name, box in {
            "source": (0, 0, middle, both.height),
            "target": (middle, 0, both.width, both.height),
        }.items():
            picture = both.crop(box).resize((load_wide, load_high), Image.Resampling.BICUBIC)
            picture = picture.crop((left, top, left + wide, top + high))
            if turn < spec.flip:
                picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            done[name] = normalize(to_tensor(picture), HALF, HALF)[None]
        return done

    return read


def usual_scenes(spec: Any) -> Way:
    """Label and instance map by nearest, the photo bicubic, as float tensors."""
    names = sorted(path.stem for path in Path(spec.root, "train_label").iterdir())

    def read(index: int) -> Maps:
        turn = np.random.default_rng([SEED, index]).random(3)[2]
        done = {}
        for name, (kind, ending) in {
            "label": ("label", "png"),
            "instance": ("inst", "png"),
            "target": ("img", "jpg"),
        }.items():
            picture = Image.open(Path(spec.root, f"train_{kind}", f"{names[index]}.{ending}"))
            how = Image.Resampling.NEAREST
            if name == "target":
                picture, how = picture.convert("RGB"), Image.Resampling.BICUBIC
            if spec.scale_width and picture.width != spec.scale_width:
                height = spec.scale_width * picture.height // picture.width
                picture = picture.resize((spec.scale_width, height), how)
            if turn < spec.flip:
                picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            tensor = to_tensor(picture)
            if name == "target":
                tensor = normalize(tensor, HALF, HALF)
            done[name] = (tensor * 255 if name == "label" else tensor)[None]
        return done

    return read


# ------------------------------------------------------------------------------- measuring


def compare(told: str, ways: Mapping[str, Way], samples: int, repeat: int) -> None:
    """The median time of each way, how much faster than the first, and how far apart they are."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    furthest = dict.fromkeys(ways, 0.0)
    for turn in range(repeat + 1):
        made = {}
        for name, way in ways.items():
            begun = time.thread_time()  # of this core, whatever else the machine does
            made[name] = way(turn % samples)
            if turn:  # the first warms up
                times[name].append(time.thread_time() - begun)
        first = next(iter(made.values()))
        for name, maps in made.items():
            pictures = [n for n, tensor in maps.items() if tensor.is_floating_point()]
            apart = max(float((maps[n] - first[n]).abs().max()) for n in pictures)
            furthest[name] = max(furthest[name], apart * 127.5)
    base = next(iter(times.values()))
    for name, own in times.items():
        ratio = statistics.median(b / o for b, o in zip(base, own, strict=True))
        milliseconds = statistics.median(own) * 1000
        print(
            f"| {told} | {name} | {milliseconds:.2f} | {1000 / milliseconds:.0f} | {ratio:.2f} | "
            f"{furthest[name]:.1f} |",
            flush=True,
        )


def pix2pix(folder: Path, repeat: int) -> None:
    """286 -> 256 from JPEG, as pix2pix reads facades."""
    root = folder / "pairs"
    save_pairs(root, [(256, 256)] * 8)
    words = {"root": str(root), **PAIRED}
    fast = PairedFolderSpec.model_validate(words)
    slow = PairedFolderSpec.model_validate({**words, "resampler": "pillow"})
    ways = {"usual": usual_pairs(fast), "resampler: pillow": ours(slow), "ours": ours(fast)}
    compare("pairs 286 -> 256", ways, 8, repeat)


def pix2pixhd(folder: Path, repeat: int) -> None:
    """Label map, instance map and photo that become 1024 x 512."""
    for width in (1024, 2048):
        root = folder / f"scenes_{width}"
        save_scenes(root, 4, width // 2, width)
        words = {"root": str(root), "classes": 35, "scale_width": 1024, "flip": 0.5}
        spec = LabelFolderSpec.model_validate(words)
        ways = {"usual": usual_scenes(spec), "ours": ours(spec)}
        compare(f"scenes {width} -> 1024", ways, 4, repeat)


def passes(spec: Any, workers: int, count: int) -> Iterator[float]:
    """Pairs a second of each pass."""
    with read_once():
        data = spec.open("train")
        plan = Plan(samples=len(data), batch=4, seed=SEED, first_pass=0)
        steps = plan.steps_a_pass
        feed = read_batches(
            data, plan, start=0, stop=count * steps, workers=workers, pin=False, maps=spec.maps()
        )
        for _ in range(count):
            begun, seen = time.perf_counter(), 0
            for _ in range(steps):
                seen += len(next(feed).names)
            yield seen / (time.perf_counter() - begun)


def cache(folder: Path, repeat: int) -> None:
    """Later passes, of JPEG pairs 512 to 1024 wide each side by side."""
    root = folder / "wide"
    draw = np.random.default_rng(SEED)
    widths = draw.integers(256, 513, 64)
    save_pairs(root, [(int(width), int(width)) for width in widths])
    words = {"root": str(root), **PAIRED}
    for kept in ("none", "memory", "disk"):
        for workers in (0, 2):
            os.environ[VARIABLE] = str(folder / f"kept_{workers}")
            spec = PairedFolderSpec.model_validate({**words, "cache": kept})
            first, *later = passes(spec, workers, 5)
            best = statistics.median(later)
            print(
                f"| {kept} | {workers} | {first:.0f} | {best:.0f} | {best / first:.1f} |",
                flush=True,
            )


ALL = {"pix2pix": pix2pix, "pix2pixhd": pix2pixhd, "cache": cache}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=60)
    parser.add_argument("--only", default=",".join(ALL))
    said = parser.parse_args()
    torch.set_num_threads(1)
    print("| what | way | ms | a second and core | times | furthest of 255 |")
    print("|---|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for name in said.only.split(","):
            if name == "cache":
                print("\n| cache | workers | first pass, pairs a second | later | times |")
                print("|---|---:|---:|---:|---:|")
            ALL[name](Path(folder), said.repeat)


if __name__ == "__main__":
    main()
