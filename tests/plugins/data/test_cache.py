"""Maps kept from one pass to the next: the same to the bit, bounded, shared, and never stale."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from gan_zoo.components.user_cache import VARIABLE
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.errors import DataError
from gan_zoo_data.bases import Files
from gan_zoo_data.cache_specs import count_bytes
from gan_zoo_data.files import pictures
from gan_zoo_data.maps.map_cache import RECORD, MapCache, Stored
from gan_zoo_data.samples import Samples
from tests.plugins.data.making import ids, one_pair, picture, save, side_by_side, spec, triple

KEPT = ["memory", "disk"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))


def opened(recipe: Files, split: str = "train") -> Samples:
    data = recipe.open(split)
    assert isinstance(data, Samples)
    return data


def passes(data: Samples, count: int = 2) -> list[dict[str, torch.Tensor]]:
    """All samples of some passes."""
    return [
        data.read(index, np.random.default_rng([number, index])).maps
        for number in range(count)
        for index in range(len(data))
    ]


def same(ours: list[dict[str, torch.Tensor]], theirs: list[dict[str, torch.Tensor]]) -> bool:
    return len(ours) == len(theirs) and all(
        one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)
        for one, other in zip(ours, theirs, strict=True)
    )


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were decoded so far."""
    found, read = [], pictures.read
    monkeypatch.setattr(pictures, "read", lambda *a: found.append(a[0]) or read(*a))
    return found


def pairs(root: Path, **options: Any) -> Files:
    """Three pairs side by side, of two sizes."""
    for name, height in (("a", 12), ("b", 12), ("c", 16)):
        one = picture(height=height, width=20, value=ord(name))
        save(root / f"train/{name}.png", side_by_side(one, one.point(lambda v: 255 - v)))
    return spec(root, **options)


@pytest.mark.parametrize("cache", KEPT)
@pytest.mark.parametrize(
    "options",
    [
        {"load": [16, 16], "crop": [8, 8], "flip": 0.5},
        {"scale_width": 10, "flip": 0.5},
        {"augment": {"joint": {"rotate": 20.0, "noise": 4.0}}},
    ],
)
def test_a_pass_gives_the_same_maps_with_and_without(
    tmp_path: Path, cache: str, options: dict[str, Any], decoded: list[Path]
) -> None:
    plain = passes(opened(pairs(tmp_path, **options)))
    assert len(decoded) == 6
    kept = opened(pairs(tmp_path, cache=cache, **options))
    assert same(passes(kept), plain)
    assert len(decoded) == 9  # a second pass decodes nothing
    travelled = pickle.loads(pickle.dumps(kept))
    assert same(passes(travelled), plain)
    assert len(decoded) == 9


@pytest.mark.parametrize("cache", KEPT)
def test_ids_of_every_depth_are_kept(tmp_path: Path, cache: str, decoded: list[Path]) -> None:
    save(tmp_path / "train_inst/y.tif", ids([[0, 0, 7, 2**31 - 1, 1, 1]] * 4, np.int32))
    save(tmp_path / "train_label/y.png", ids([[255, 0, 1, 1, 2, 2]] * 4))
    save(tmp_path / "train_img/y.bmp", picture())
    plain = passes(opened(triple(tmp_path, ignore=[255], flip=0.5)))
    kept = opened(triple(tmp_path, ignore=[255], flip=0.5, cache=cache))
    decoded.clear()
    assert same(passes(kept), plain)
    assert len(decoded) == 6
    assert {name: stored.bytes for name, stored in kept.cache.stored.items()} == {
        "label": 1,
        "instance": 4,
        "target": 1,
    }


@pytest.mark.parametrize("cache", KEPT)
def test_pictures_with_a_range_are_kept(tmp_path: Path, cache: str, decoded: list[Path]) -> None:
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    for side in "AB":
        save(tmp_path / side / "train/x.png", ids(deep, np.uint16))
    words = {"source": {"mode": "grey", "range": [0, 65535]}, "load": [12, 12], "crop": [8, 8]}
    words = {**words, "target": words["source"]}
    plain = passes(opened(spec(tmp_path, **words)))
    assert plain[0]["source"].dtype == torch.float32
    decoded.clear()
    assert same(passes(opened(spec(tmp_path, cache=cache, **words))), plain)
    assert len(decoded) == 2


def test_evaluation_reads_the_files(tmp_path: Path, decoded: list[Path]) -> None:
    data = opened(one_pair(tmp_path, 16, 16, load=[20, 20], crop=[8, 8], cache="memory"))
    passes(data)
    decoded.clear()
    assert data.read(0, None).maps["source"].shape == (3, 8, 8)
    assert len(decoded) == 2


def test_disk_serves_a_later_run(tmp_path: Path, decoded: list[Path]) -> None:
    recipe = pairs(tmp_path, cache="disk")
    first = passes(opened(recipe), 1)
    decoded.clear()
    assert same(passes(opened(recipe), 1), first)
    assert decoded == []
    passes(opened(spec(tmp_path, cache="disk", load=[8, 8])), 1)  # another rule, other maps
    assert len(decoded) == 3


@pytest.mark.parametrize("cache", KEPT)
def test_a_file_that_changed_is_read_anew(tmp_path: Path, cache: str, decoded: list[Path]) -> None:
    data = opened(pairs(tmp_path, cache=cache))
    passes(data, 1)
    path = tmp_path / "train/b.png"
    one = picture(height=12, width=20, value=1)
    save(path, side_by_side(one, one))
    os.utime(path, ns=(1, 1))
    decoded.clear()
    changed = data.read(1, np.random.default_rng(0)).maps
    assert decoded == [path]
    assert changed["source"][2].unique().tolist() == [1]
    data.read(1, np.random.default_rng(0))
    assert decoded == [path]
    path.unlink()
    with pytest.raises(DataError, match=f"{path} cannot be read"):
        data.read(1, np.random.default_rng(0))


@pytest.mark.parametrize("place", ["record", "slot", "cut"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, place: str, decoded: list[Path]) -> None:
    recipe = pairs(tmp_path, cache="disk")
    data = opened(recipe)
    plain = passes(data, 1)
    path = data.cache.path
    whole = bytearray(path.read_bytes())
    at = {"record": 0, "slot": 3 * RECORD.itemsize + 5, "cut": 0}[place]
    whole[at] ^= 255
    path.write_bytes(whole if place != "cut" else whole[:100])
    decoded.clear()
    again = opened(recipe)
    assert same(passes(again, 1), plain)
    assert len(decoded) == (3 if place == "cut" else 1)
    assert same(passes(opened(recipe), 1), plain)
    assert len(decoded) == (3 if place == "cut" else 1)


@pytest.mark.parametrize("cache", KEPT)
def test_what_does_not_fit_is_read_each_time(
    tmp_path: Path, cache: str, decoded: list[Path]
) -> None:
    """Two of 12 x 20 pixels fit, of two maps with three channels, beside three records."""
    size = 2 * 2 * 3 * 12 * 20 + 3 * RECORD.itemsize
    data = opened(pairs(tmp_path, cache=cache, cache_size=f"{size}B"))
    place = "memory" if cache == "memory" else str(tmp_path / "cache/maps")
    told = f"; kept in {place} once they were read: 2 of 3 fit in {size}B"
    assert data.describe().endswith(told)
    passes(data, 3)
    assert len(decoded) == 5
    assert data.cache.path.stat().st_size == size
    assert "1 of 3" in opened(pairs(tmp_path, cache=cache, cache_size=f"{size - 1}B")).describe()


def test_the_folder_on_disk_is_bounded(tmp_path: Path) -> None:
    """The files that nobody has opened for longest go first."""
    root, folder = tmp_path / "pairs", tmp_path / "cache" / "maps"
    files = []
    for number, load in enumerate(([8, 8], [9, 9], [10, 10])):
        data = opened(pairs(root, cache="disk", load=load, cache_size="4KB"))
        files.append(data.cache.path)
        os.utime(files[-1], (number, number))
    assert sorted(folder.iterdir()) == sorted(files[1:])
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4000


def test_what_is_only_looked_at_takes_no_room(tmp_path: Path) -> None:
    """Opening another split neither keeps it nor drives out what is learned from."""
    recipe = pairs(tmp_path / "pairs", cache="disk", cache_size="4KB")
    shutil.copytree(tmp_path / "pairs/train", tmp_path / "pairs/val")
    data = opened(recipe)
    assert "kept in" not in recipe.open("val").describe()
    assert data.cache.path.is_file()
    data.cache.path.unlink()  # as another run does that makes room for its own
    passes(data, 2)
    assert data.cache.path.is_file()


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    data = opened(pairs(tmp_path, cache="disk"))
    monkeypatch.setattr("gan_zoo_data.maps.map_cache._write_at", full)
    with pytest.raises(DataError, match=r"No space left on device\); make room, or say a smaller"):
        passes(data, 1)
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    with pytest.raises(DataError, match="name another folder in GAN_ZOO_CACHE"):
        opened(pairs(tmp_path, cache="disk"))


@pytest.mark.parametrize("cache", KEPT)
def test_workers_share_what_they_read(tmp_path: Path, cache: str) -> None:
    """Each sample is there once a pass has ended, whoever read it."""
    plain, kept = (
        opened(pairs(tmp_path, cache=name, crop=[8, 8], flip=0.5)) for name in ("none", cache)
    )
    plan = Plan(samples=3, batch=1, seed=5, first_pass=0)

    def seen(data: Samples, workers: int) -> list[dict[str, torch.Tensor]]:
        feed = read_batches(data, plan, start=0, stop=6, workers=workers, pin=False)
        return [batch.maps for batch in feed]

    assert same(seen(kept, 2), seen(plain, 0))
    assert [kept.cache.read(index, kept._stamp(index)) is None for index in range(3)] == [False] * 3
    assert same(seen(kept, 0), seen(plain, 0))


def test_memory_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the system's own files of memory, or by files that go with the samples."""
    for there in (True, False):
        if not there:
            monkeypatch.delattr(os, "memfd_create", raising=False)
        cache = MapCache("memory", "1MB", "x", {"source": "rgb"}, [(4, 4)])
        maps = {"source": np.asarray(picture(height=4, width=4))}
        cache.write(0, bytes(16), maps)
        assert np.array_equal(cache.read(0, bytes(16))["source"], maps["source"])
        assert cache.read(0, bytes(15) + b"x") is None
        path = cache.path
        assert path.stat().st_size == RECORD.itemsize + 48
        del cache
        assert not path.exists()


def test_floats_are_kept_where_files_hold_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a mode whose files may be either."""
    monkeypatch.setattr(Stored, "of", lambda kind: Stored(1, 4))
    cache = MapCache("memory", "1MB", "x", {"source": "grey"}, [(2, 2)])
    for dtype in (np.float32, np.uint8):
        maps = {"source": np.arange(4, dtype=dtype).reshape(2, 2, 1)}
        cache.write(0, bytes(16), maps)
        back = cache.read(0, bytes(16))["source"]
        assert back.dtype == dtype
        assert np.array_equal(back, maps["source"])


@pytest.mark.parametrize(
    ("size", "count"),
    [("4GB", 4 * 10**9), ("1.5MB", 1_500_000), ("2 GiB", 2**31), ("12B", 12), ("1KB", 1000)],
)
def test_sizes_in_words(size: str, count: int) -> None:
    assert count_bytes(size) == count


@pytest.mark.parametrize(
    ("size", "meant"),
    [
        (1e10, "10GB"),
        ("1e10", "10GB"),
        (4 * 10**9, "4GB"),
        ("1.5E+12", "1.5TB"),
        (2_500_000, "2.5MB"),
    ],
)
def test_large_numbers_are_taken_for_bytes(size: object, meant: str) -> None:
    with pytest.raises(ValidationError, match=f"; write {meant}, if bytes are meant"):
        spec(Path("nowhere"), cache_size=size)


@pytest.mark.parametrize("size", ["4", "4G", "many", "-1GB", "GB", 2, 1.5, None, True, [4], {}])
def test_what_is_no_size_is_refused(size: object) -> None:
    with pytest.raises(ValidationError) as problem:
        spec(Path("nowhere"), cache_size=size)
    [told] = [error["msg"] for error in problem.value.errors()]
    assert "a number with a unit is expected, as 4GB or 500MB" in told
    cure = f"; write {size}GB or {size}MB, whichever is meant"
    assert told.endswith(cure) == (size in ("4", 2, 1.5) and size is not True)
