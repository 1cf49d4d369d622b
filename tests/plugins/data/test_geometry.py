"""Resize, crop and flip: one draw for all maps of a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
from gan_zoo_data.maps.geometry import Geometry, resize
from gan_zoo_data.shipped_specs import EmojiSpec
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.making import one_pair, picture, save, spec


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        ({}, None, (None, None)),
        ({"load": [286, 280]}, None, (286, 280)),
        ({"load": [286, 280], "crop": [256, 250]}, None, (256, 250)),
        ({"scale_width": 512}, None, (None, 512)),
        ({"scale_width": 512, "crop": [64, 32]}, None, (64, 32)),
        ({"load": [286, 280], "crop": [256, 250]}, (512, 1024), (512, 1024)),
    ],
)
def test_shapes_from_the_recipe_alone(
    options: dict[str, object],
    size: tuple[int, int] | None,
    expected: tuple[int | None, int | None],
) -> None:
    maps = spec(Path("nowhere"), target="grey", **options).maps(size)
    assert maps == {"source": Image(3, *expected), "target": Image(1, *expected)}


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_source_and_target_share_one_draw(
    height: int, width: int, seed: int, data: st.DataObject
) -> None:
    crop = (data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    source = np.asarray(picture(height=height, width=width))
    maps = {"source": source, "target": 255 - source}
    rule = Geometry(crop=crop, flip=0.5)
    done = rule.apply(maps, np.random.default_rng(seed), "x")
    again = rule.apply(maps, np.random.default_rng(seed), "x")
    one, other = (np.asarray(done[name]) for name in ("source", "target"))
    assert one.shape == (*crop, 3)
    assert np.array_equal(one, 255 - other)
    assert np.array_equal(one, np.asarray(again["source"]))
    columns = one[0, :, 1].astype(int)  # a run of columns, forwards or backwards
    assert set(np.diff(columns)) <= {1} or set(np.diff(columns)) <= {-1}


def test_resized_pairs_share_one_draw(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path, 12, 12, load=[16, 16], crop=[8, 8], flip=0.5)
    for seed in range(8):
        maps = recipe.open("train").read(0, np.random.default_rng(seed)).maps
        difference = maps["source"].int() + maps["target"].int() - 255
        assert difference.abs().max() <= 1  # rounding


def test_offsets_cover_the_whole_range() -> None:
    """0 .. size - crop, both ends included, all equally often."""
    rule = Geometry(crop=(4, 4), flip=0.25)
    maps = {"source": np.asarray(picture(height=6, width=8))}
    draw, seen, flips = np.random.default_rng(0), np.zeros((3, 5), int), 0
    for _ in range(3000):
        done = np.asarray(rule.apply(maps, draw, "x")["source"])
        flipped = done[0, 0, 1] > done[0, 1, 1]
        flips += bool(flipped)
        seen[done[0, 0, 0], done[0, 3 if flipped else 0, 1]] += 1
    assert seen.min() > 150  # 200 each on average
    assert seen.max() < 250
    assert abs(flips - 750) < 75


@pytest.mark.parametrize(
    "rule",
    [Geometry(), Geometry(flip=0.5), Geometry(load=(9, 9), crop=(4, 4)), Geometry(size=(4, 6))],
)
def test_three_numbers_are_drawn_whatever_the_rule(rule: Geometry) -> None:
    draw, other = np.random.default_rng(5), np.random.default_rng(5)
    rule.apply({"source": np.asarray(picture())}, draw, "x")
    other.random(3)
    assert draw.random() == other.random()


@pytest.mark.parametrize(
    ("options", "trained", "evaluated"),
    [
        ({}, (12, 20), (12, 20)),
        ({"load": [16, 16]}, (16, 16), (16, 16)),
        ({"crop": [8, 8]}, (8, 8), (12, 20)),  # every pixel is judged
        ({"load": [16, 16], "crop": [8, 8]}, (8, 8), (8, 8)),  # load size = crop size
        ({"scale_width": 33}, (19, 33), (19, 33)),  # 19.8, rounded down
        ({"scale_width": 40, "crop": [8, 8]}, (8, 8), (24, 40)),
    ],
)
def test_sizes_in_training_and_evaluation(
    tmp_path: Path,
    options: dict[str, object],
    trained: tuple[int, int],
    evaluated: tuple[int, int],
) -> None:
    data = one_pair(tmp_path, 12, 20, **options).open("train")
    assert data.read(0, np.random.default_rng(0)).maps["target"].shape == (3, *trained)
    assert data.read(0, None).maps["target"].shape == (3, *evaluated)


def test_evaluation_shows_the_whole_picture_and_never_flips(tmp_path: Path) -> None:
    maps = one_pair(tmp_path, 16, 16, load=[20, 20], crop=[8, 8], flip=1.0).open("train")
    source = maps.read(0, None).maps["source"]
    expected = picture(height=16, width=16, value=7).resize((8, 8), Pictures.Resampling.BICUBIC)
    assert torch.equal(source, torch.from_numpy(np.array(expected)).permute(2, 0, 1))


def test_pictures_smaller_than_the_crop(tmp_path: Path) -> None:
    path = tmp_path / "A/train/x.png"
    for options, seen in (({}, ""), ({"scale_width": 10}, ", 6x10 after scale_width")):
        recipe = one_pair(tmp_path, 12, 20, crop=[16, 8], **options)
        message = (
            f"{path} is 12x20{seen} (height x width), smaller than crop [16, 8]; "
            "use a smaller crop, or enlarge with load"
        )
        with pytest.raises(DataError) as caught:
            recipe.open("train").read(0, np.random.default_rng(0))
        assert str(caught.value) == message
        assert recipe.inspect("train") == [message]
        assert recipe.open("train").read(0, None).maps["source"].shape[0] == 3


def test_size_takes_the_place_of_the_size_rule(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path, 12, 24, load=[9, 9], crop=[8, 8], flip=1.0)
    data = recipe.open("train", (6, 12))
    assert data.read(0, None).maps["source"].shape == (3, 6, 12)
    turned = data.read(0, np.random.default_rng(0)).maps["source"]
    assert torch.equal(turned, data.read(0, None).maps["source"].flip(-1))


def test_another_aspect_ratio(tmp_path: Path) -> None:
    data = one_pair(tmp_path, 12, 24).open("train", (8, 8))
    with pytest.raises(DataError) as caught:
        data.read(0, None)
    assert str(caught.value) == (
        f"{tmp_path}/A/train/x.png is 12x24 (height x width), which is not the aspect ratio of "
        "size [8, 8]; say `aspect: crop` or `aspect: stretch` in data"
    )
    whole = picture(height=12, width=24, value=7)
    middle = whole.crop((6, 0, 18, 12))
    for aspect, part in (("stretch", whole), ("crop", middle)):
        read = spec(tmp_path, aspect=aspect).open("train", (8, 8)).read(0, None)
        expected = np.array(part.resize((8, 8), Pictures.Resampling.BICUBIC))
        assert torch.equal(read.maps["source"], torch.from_numpy(expected).permute(2, 0, 1))


@given(height=st.integers(1, 3000), width=st.integers(1, 3000), wide=st.integers(1, 3000))
def test_a_size_of_the_same_aspect_ratio_fits_to_the_pixel(
    height: int, width: int, wide: int
) -> None:
    high = max(1, round(height * wide / width))
    rule = Geometry(size=(high, wide))
    if high == round(height * wide / width):
        assert rule.steps(height, width, "x", training=True).keep == (0, 0, height, width)


@given(
    height=st.integers(1, 99),
    width=st.integers(1, 99),
    high=st.integers(1, 99),
    wide=st.integers(1, 99),
)
def test_a_centre_crop_lies_inside(height: int, width: int, high: int, wide: int) -> None:
    rule = Geometry(size=(high, wide), aspect="crop")
    top, left, kept_height, kept_width = rule.steps(height, width, "x", training=True).keep
    assert 0 <= top <= height - kept_height
    assert 0 <= left <= width - kept_width
    assert kept_height == height or kept_width == width
    assert min(kept_height, kept_width) >= 1


def test_ids_are_never_mixed() -> None:
    ids = np.array([[0, 10], [200, 30]], np.int32)
    done = Geometry(load=(7, 5), ids=frozenset({"label"})).apply({"label": ids}, None, "x")
    assert set(np.unique(np.asarray(done["label"]))) == {0, 10, 30, 200}


def test_sizes_in_training_are_told_with_their_first_file(tmp_path: Path) -> None:
    for name, height, width in (("a", 4, 6), ("b", 4, 6), ("c", 6, 4), ("d", 8, 12)):
        save(tmp_path / f"A/train/{name}.png", picture(height=height, width=width))
        save(tmp_path / f"B/train/{name}.png", picture(height=height, width=width))
    folder = tmp_path / "A/train"
    assert spec(tmp_path).sizes("train") == {
        (4, 6): f"{folder}/a.png",
        (6, 4): f"{folder}/c.png",
        (8, 12): f"{folder}/d.png",
    }
    assert spec(tmp_path, scale_width=12).sizes("train") == {
        (8, 12): f"{folder}/a.png",
        (18, 12): f"{folder}/c.png",
    }
    assert spec(tmp_path, crop=[4, 4]).sizes("train") == {(4, 4): f"{folder}/a.png"}
    assert spec(tmp_path, aspect="crop").sizes("train", (2, 2)) == {(2, 2): f"{folder}/a.png"}
    assert spec(tmp_path).sizes("nowhere") == {}
    assert EmojiSpec().sizes("val").keys() == {(64, 64)}


def test_where_the_data_stands_still_headers_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks, for whatever size; elsewhere a file that has changed is seen."""
    from gan_zoo_data.files import pictures

    opened, header = [], pictures.header
    monkeypatch.setattr(pictures, "header", lambda *a: opened.append(a[0]) or header(*a))
    recipe = one_pair(tmp_path)
    with read_once():
        for size in (None, (8, 12), (4, 6)):
            assert recipe.inspect("train", size) == []
            assert list(recipe.sizes("train", size)) == [size or (4, 6)]
    assert len(opened) == 2
    one_pair(tmp_path, height=40)
    assert list(recipe.sizes("train")) == [(40, 6)]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Geometry(), ""),
        (
            Geometry(load=(286, 300), crop=(256, 200), flip=0.5),
            "in training resized to 286x300, cropped at random to 256x200, mirrored with "
            "probability 0.5 (height x width)",
        ),
        (Geometry(scale_width=64), "in training resized to a width of 64 (height x width)"),
        (
            Geometry(load=(9, 9), crop=(8, 8), size=(4, 6), aspect="crop"),
            "in training resized to 4x6 after a crop (height x width)",
        ),
    ],
)
def test_the_size_rule_is_said(rule: Geometry, told: str) -> None:
    assert rule.describe() == told


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    high=st.integers(1, 60),
    wide=st.integers(1, 60),
    channels=st.sampled_from([1, 3, 5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_two_resamplers_compute_one_bicubic(
    height: int, width: int, high: int, wide: int, channels: int, seed: int
) -> None:
    """8 bits differ by rounding, floats hardly; of 8 bits each clips between its two passes, down
    or across first, so that the noise here stays clear of black and white.
    """
    noise = np.random.default_rng(seed).integers(80, 176, (height, width, channels))
    for pixels, most in ((noise.astype(np.uint8), 2), (np.float32(noise / 127.5 - 1), 1e-4)):
        ours, theirs = (
            resize(pixels, (high, wide), False, name).astype(float) for name in ("torch", "pillow")
        )
        assert ours.shape == (high, wide, channels)
        assert np.abs(ours - theirs).max() <= most


def test_runs_of_earlier_versions_resize_by_pillow(tmp_path: Path) -> None:
    source = picture(height=16, width=16, value=7).resize((20, 20), Pictures.Resampling.BICUBIC)
    recipe = one_pair(tmp_path, 16, 16, load=[20, 20], resampler="pillow")
    read = recipe.open("train").read(0, np.random.default_rng(0)).maps["source"]
    assert torch.equal(read, torch.from_numpy(np.array(source)).permute(2, 0, 1))
    for data in (PairedFolderSpec, LabelFolderSpec, ManifestSpec):
        assert data.earlier["resampler"] == "pillow"
