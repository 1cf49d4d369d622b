"""Generated scenes: three renders that agree, the shares of their kinds, bytes that stay."""

from __future__ import annotations

import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_zoo.components import Sample
from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError
from gan_zoo_data.folder_specs import LabelFolderSpec
from gan_zoo_data.scenes.dataset import Scenes
from gan_zoo_data.scenes.dice import Dice
from gan_zoo_data.scenes.graph import Box, Part
from gan_zoo_data.scenes.render import find_rims, noise, rasterize
from gan_zoo_data.scenes.themes import MOST, THEMES, ThemeName
from gan_zoo_data.shipped_specs import ScenesSpec

themes = pytest.mark.parametrize("theme", list(THEMES))


def scenes(theme: ThemeName, split: str = "train", **options: Any) -> Scenes:
    made = {"count": 1000, "size": (64, 64), "seed": 0, **options}
    return Scenes(theme, split, **made)


def touching(label: np.ndarray, instance: np.ndarray) -> np.ndarray:
    """Whether a pixel's right or lower neighbor is another instance of its class, `H W`."""
    found = np.zeros(label.shape, bool)
    found[:, :-1] |= (label[:, 1:] == label[:, :-1]) & (instance[:, 1:] != instance[:, :-1])
    found[:-1] |= (label[1:] == label[:-1]) & (instance[1:] != instance[:-1])
    return found


# ---------------------------------------------------------------------------------- agreement


@settings(max_examples=25, deadline=None)
@given(
    theme=st.sampled_from(list(THEMES)),
    index=st.integers(0, 999),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_the_class_of_an_instance_is_its_label(
    theme: ThemeName, index: int, size: tuple[int, int]
) -> None:
    made = scenes(theme, size=size).render(index)
    identity = made.instance
    assert made.picture.shape == (3, *size)
    assert np.array_equal(np.where(identity < 1000, identity, identity // 1000), made.label)
    stuff = len(THEMES[theme].stuff)
    assert np.array_equal(made.label < stuff, identity < 1000)
    assert made.label.max() < len(THEMES[theme].classes)
    assert len(np.unique(identity)) <= MOST


@themes
def test_every_class_is_seen(theme: ThemeName) -> None:
    seen = {int(one) for n in range(40) for one in np.unique(scenes(theme).render(n).label)}
    assert seen == set(range(len(THEMES[theme].classes)))


@themes
def test_things_have_a_dark_rim_also_where_they_touch(
    theme: ThemeName, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture shows borders that the label map does not, and nothing else of it changes."""
    made = [scenes(theme, size=(128, 128)).render(index) for index in range(30)]
    monkeypatch.setattr("gan_zoo_data.scenes.render.RIM", 1.0)
    touched = 0
    for index, scene in enumerate(made):
        without = scenes(theme, size=(128, 128)).render(index)
        edge = find_rims(scene.instance) & (scene.instance >= 1000)
        assert np.array_equal(scene.picture[:, ~edge], without.picture[:, ~edge])
        for where in (edge, edge & touching(scene.label, scene.instance)):
            if where.any():
                share = scene.picture[:, where].mean() / without.picture[:, where].mean()
                assert 0.38 < share < 0.45  # 0.4, but for what is clipped at 255
        touched += touching(scene.label, scene.instance).any()
    assert touched >= 9


@themes
def test_colors_of_instances_are_spread_widely(theme: ThemeName) -> None:
    """Mean colors of the instances of a class differ by more than the label map can know."""
    name = {"facade": "shutter", "street": "car"}[theme]
    kind, colors = THEMES[theme].id(name), []
    for index in range(60):
        made = scenes(theme).render(index)
        ids = np.unique(made.instance[made.label == kind])
        colors += [made.picture[:, made.instance == one].mean(1) for one in ids]
    assert len(colors) > 60
    assert np.std(colors, axis=0).min() > 20  # of 255, in every channel


def test_boxes_that_share_an_edge_share_no_pixel_and_leave_none_out() -> None:
    edges = [0.0, 0.123, 0.4567, 0.5, 0.77, 1.0]
    columns = pairwise(edges)
    parts = [Part(Box(0, 0, 1, 1), (0, 0, 0))]
    parts += [Part(Box(left, 0, right, 1), (0, 0, 0)) for left, right in columns]
    for width in (5, 8, 64, 97):
        cells = rasterize(parts, 2, width)[0]
        assert cells.min() >= 1 or width == 5
        assert (np.diff(cells) >= 0).all()
        assert len(cells) == width


def test_outlines_are_what_they_are_called() -> None:
    def area(outline: Any) -> float:
        parts = [Part(Box(0, 0, 1, 1), (0, 0, 0)), Part(Box(0, 0, 1, 1), (0, 0, 0), None, outline)]
        return float(rasterize(parts, 200, 300).mean())

    assert area("box") == 1
    assert area("ellipse") == pytest.approx(np.pi / 4, abs=0.01)
    assert area("arch") == pytest.approx(0.7 + 0.3 * np.pi / 4, abs=0.01)
    assert area("taper") == pytest.approx(7 / 9, abs=0.01)


def test_rims_are_both_sides_of_a_border_and_not_the_edge_of_the_picture() -> None:
    ids = np.zeros((5, 6), np.int32)
    ids[:, 3:] = 5001
    assert find_rims(ids).sum(0).tolist() == [0, 0, 5, 5, 0, 0]
    assert find_rims(ids, 2).sum(0).tolist() == [0, 5, 5, 5, 5, 0]


def test_noise_is_the_same_field_at_any_size() -> None:
    fine = noise(np.random.default_rng(3), 4, 192, 192)
    coarse = noise(np.random.default_rng(3), 4, 64, 64)
    assert np.allclose(fine[1::3, 1::3], coarse, atol=1e-5)  # the centers of every third pixel
    assert 0.2 < fine.std() < 0.6
    assert np.abs(fine).max() <= 1


# ---------------------------------------------------------------------------------- shares


@themes
def test_a_third_has_touching_instances_of_one_class(theme: ThemeName) -> None:
    made = scenes(theme)
    found = 0
    for index in range(300):
        done = made.render(index)
        touches = bool(touching(done.label, done.instance).any())
        assert touches == (made.mood(index) in ("touching", "crowded")), index
        found += touches
    assert 0.28 < found / 300 < 0.39


@themes
def test_some_scenes_are_empty_and_one_in_a_hundred_is_a_crowd(theme: ThemeName) -> None:
    """Shares by the graph for all, and by the pixels for all that are not ordinary."""
    made = scenes(theme)
    moods = [made.mood(index) for index in range(1000)]
    assert 38 <= moods.count("empty") <= 42
    assert 9 <= moods.count("crowded") <= 11
    for index, mood in enumerate(moods):
        things = len(made.graph(index).things) if index % 5 == 0 or mood != "apart" else 1
        assert (things == 0) == (mood == "empty")
        assert (things > 100) == (mood == "crowded")
        if mood == "crowded":
            assert len(np.unique(made.render(index).instance)) > 100 + 3


@pytest.mark.parametrize("split", ["train", "val", "test"])
@themes
def test_the_shares_hold_in_a_hundred_scenes(theme: ThemeName, split: str) -> None:
    for seed in range(5):
        made = scenes(theme, split, seed=seed, count=100)
        moods = [made.mood(index) for index in range(100)]
        assert 3 <= moods.count("empty") <= 5
        assert 32 <= moods.count("touching") + moods.count("crowded") <= 35


# ---------------------------------------------------------------------------------- the same


Place = tuple[ThemeName, str]
CHECKSUMS: dict[int, dict[Place, tuple[int, int, int]]] = {  # of label, instance, picture; by draws
    1: {
        ("facade", "train"): (0xD9AB3253, 0xAC8C35E1, 0x01039FB5),
        ("facade", "val"): (0xA534EFB1, 0xCCFFF49D, 0x1B06E641),
        ("facade", "test"): (0xC1D60109, 0x990A9761, 0x7918D2D5),
        ("street", "train"): (0xAC5B2DB9, 0x4A42DCC8, 0xC0772A74),
        ("street", "val"): (0x0C28AB91, 0xF65EC04E, 0x40166FEF),
        ("street", "test"): (0xCB900BB2, 0xA6F3FBD1, 0x933814AF),
    },
    2: {
        ("facade", "train"): (0x503C5CC2, 0x7DEABCBD, 0x99D31DAA),
        ("facade", "val"): (0x0DB86D45, 0xB9790918, 0xB9679F84),
        ("facade", "test"): (0xA2A040FC, 0xC4ED1105, 0xE667FCC8),
        ("street", "train"): (0xEB84B8E3, 0x6025FF63, 0xCC14545B),
        ("street", "val"): (0x67E7EE62, 0x44EE0CEB, 0xA42A132A),
        ("street", "test"): (0x720228B1, 0x1AEE4BE1, 0x7296854A),
    },
}


@pytest.mark.parametrize("draws", CHECKSUMS)
@pytest.mark.parametrize("place", CHECKSUMS[1], ids=" ".join)
def test_scene_0_stays_what_it_is(place: Place, draws: int) -> None:
    made = scenes(*place, draws=draws)
    found = tuple(zlib.crc32(array.tobytes()) for array in made.render(0))
    assert found == CHECKSUMS[draws][place]


@themes
def test_the_first_scene_has_a_stream_of_its_own(theme: ThemeName) -> None:
    """Others are the same by both schemes, and the kinds of all."""
    then, now = scenes(theme, draws=1), scenes(theme)
    assert [then.mood(n) for n in range(50)] == [now.mood(n) for n in range(50)]
    assert all(then.graph(n) == now.graph(n) for n in range(1, 50))
    assert then.graph(0) != now.graph(0)
    stream = Dice(0, 0)  # of the kinds of the training scenes
    assert then.graph(0).light.side == stream.between(-1, 1) != now.graph(0).light.side


@themes
def test_a_scene_follows_from_its_place_alone(theme: ThemeName) -> None:
    """Whatever was read before it, and however many there are."""
    few, many = scenes(theme, count=6), scenes(theme, count=5000)
    forward = [few.read(n, None) for n in range(6)]
    backward = [many.read(n, None) for n in reversed(range(6))]
    for ours, theirs in zip(forward, reversed(backward), strict=True):
        assert ours.name == theirs.name
        assert all(torch.equal(ours.maps[name], theirs.maps[name]) for name in ours.maps)


@themes
def test_splits_and_seeds_are_different_scenes(theme: ThemeName) -> None:
    streams = [scenes(theme, "train"), scenes(theme, "val"), scenes(theme, "test")]
    streams.append(scenes(theme, seed=1))
    pictures = {made.render(n).picture.tobytes() for made in streams for n in range(10)}
    assert len(pictures) == 40
    labels = {made.render(n).label.tobytes() for made in streams for n in range(10)}
    assert len(labels) >= 38  # two empty streets may be alike


@pytest.mark.parametrize(("height", "width"), [(128, 128), (256, 256), (128, 320)])
@themes
def test_a_scene_is_the_same_at_any_size(theme: ThemeName, height: int, width: int) -> None:
    small, large = scenes(theme), scenes(theme, size=(height, width))
    rows = (np.arange(64) * 2 + 1) * height // 128
    columns = (np.arange(64) * 2 + 1) * width // 128
    agreed = []
    for index in range(12):
        one, other = small.render(index), large.render(index)
        agreed.append((one.label == other.label[np.ix_(rows, columns)]).mean())
        assert (one.instance == other.instance[np.ix_(rows, columns)]).mean() > 0.9
        closeness = np.abs(one.picture.mean((1, 2)) - other.picture.mean((1, 2))).max()
        assert closeness < 12  # of 255: rims are of whole pixels, so they weigh less at 256
    assert min(agreed) > 0.9


# ---------------------------------------------------------------------------------- reading


@themes
def test_a_sample_has_raw_ids_and_8_bit_colors(theme: ThemeName) -> None:
    spec = ScenesSpec(theme=theme, samples=(7, 2, 3))
    assert [len(spec.open(split)) for split in ("train", "val", "test")] == [7, 2, 3]
    assert spec.maps((32, 48))["instance"] == Image(1, 32, 48, instances=256)
    assert spec.maps()["label"] == Image(1, 64, 64, classes=len(THEMES[theme].classes))
    maps = spec.open("test", (32, 48)).read(2, None).maps
    kinds = {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in maps.items()}
    assert kinds == {
        "label": (torch.int32, (1, 32, 48)),
        "instance": (torch.int32, (1, 32, 48)),
        "target": (torch.uint8, (3, 32, 48)),
    }
    assert spec.inspect("train") == []
    assert spec.sizes("train") == {}
    assert "7 " + theme + " scenes at 64x64" in spec.open("train").describe()


def test_a_flip_turns_all_maps_together() -> None:
    plain, flipped = scenes("street"), scenes("street", flip=1.0)
    for index in range(3):
        before = plain.read(index, np.random.default_rng(0)).maps
        after = flipped.read(index, np.random.default_rng(0)).maps
        evaluated = flipped.read(index, None).maps
        for name in before:
            assert torch.equal(after[name], before[name].flip(-1))
            assert torch.equal(evaluated[name], before[name])
            assert not torch.equal(after[name], before[name])
    half = scenes("street", flip=0.5)
    kept = [
        torch.equal(half.read(1, np.random.default_rng(n)).maps["label"], before["label"])
        for before in [plain.read(1, None).maps]
        for n in range(60)
    ]
    assert 18 <= sum(kept) <= 42


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(DataError, match=r"splits train, val, test; 'training' came"):
        ScenesSpec().open("training")
    with pytest.raises(DataError, match=r"scene 4 of train .* data.samples makes 4"):
        ScenesSpec.example().open("train").read(4, None)


def samples_of(spec: ScenesSpec, *splits: str) -> dict[str, list[Sample]]:
    opened = {split: spec.open(split) for split in splits}
    return {
        split: [scenes.read(index, None) for index in range(len(scenes))]
        for split, scenes in opened.items()
    }


@themes
def test_written_scenes_read_back_equal(theme: ThemeName, tmp_path: Path) -> None:
    spec = ScenesSpec(theme=theme, size=(40, 56), samples=(2, 1, 3))
    folder = LabelFolderSpec.write(samples_of(spec, "train", "test"), tmp_path, spec)
    assert not (tmp_path / "val_label").exists()
    assert folder == LabelFolderSpec(
        root=str(tmp_path), classes=len(THEMES[theme].classes), instances=256
    )
    for split, count in (("train", 2), ("test", 3)):
        ours, theirs = spec.open(split), folder.open(split)
        assert len(theirs) == count
        assert folder.inspect(split) == []
        for index in range(count):
            made, read = ours.read(index, None), theirs.read(index, None)
            assert made.name == read.name
            assert list(made.maps) == list(read.maps)
            for name, tensor in made.maps.items():
                assert torch.equal(tensor, read.maps[name]), name
    given = spec.inputs(tmp_path / "test_label", maps=("label", "instance"))
    maps = given.read(1, None).maps
    assert set(maps) == {"label", "instance"}
    assert torch.equal(maps["instance"], spec.open("test").read(1, None).maps["instance"])


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "train_label").write_text("in the way")
    with pytest.raises(DataError, match="train_label"):
        LabelFolderSpec.write(samples_of(ScenesSpec.example(), "train"), tmp_path, ScenesSpec())
