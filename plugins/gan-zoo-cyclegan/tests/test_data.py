from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.components import DataError
from gan_zoo_cyclegan.data_specs import TINY, UnpairedFolderSpec


def draw(n: int) -> np.random.Generator:
    return np.random.default_rng(n)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., UnpairedFolderSpec]:
    """Flat pictures whose color tells the side (red: A, blue: B) and the number (green)."""

    def make(
        a: int, b: int, size: tuple[int, int] = (8, 8), **options: object
    ) -> UnpairedFolderSpec:
        for side, count in (("A", a), ("B", b)):
            (tmp_path / f"train{side}").mkdir()
            for n in range(count):
                red, blue = (255, 0) if side == "A" else (0, 255)
                picture = Image.new("RGB", size, (red, n, blue))
                picture.save(tmp_path / f"train{side}" / f"{side.lower()}{n}.png")
        return UnpairedFolderSpec.model_validate({"root": str(tmp_path), **options})

    return make


def numbers(spec: UnpairedFolderSpec, seed: int | None) -> list[tuple[int, int]]:
    """The number of the picture A and B of every sample."""
    dataset, found = spec.open("train"), []
    for index in range(len(dataset)):
        maps = dataset.read(index, None if seed is None else draw(seed + index)).maps
        source, target = maps["source"], maps["target"]
        assert source[0, 0, 0] == 255
        assert target[2, 0, 0] == 255
        found.append((int(source[1, 0, 0]), int(target[1, 0, 0])))
    return found


def test_the_larger_side_counts_and_the_smaller_starts_over(
    folder: Callable[..., UnpairedFolderSpec],
) -> None:
    spec = folder(2, 5, pairing="serial")
    assert numbers(spec, seed=0) == [(0, 0), (1, 1), (0, 2), (1, 3), (0, 4)]
    dataset = spec.open("train")
    names = [dataset.read(n, None).name for n in range(len(dataset))]
    assert names == ["a0", "a1", "a0+1", "a1+1", "a0+2"]


def test_b_is_drawn_where_a_is_in_order(folder: Callable[..., UnpairedFolderSpec]) -> None:
    spec = folder(9, 3)
    found = [numbers(spec, seed=100 * n) for n in range(3)]
    for pairs in found:
        assert [a for a, _ in pairs] == list(range(9))
        assert {b for _, b in pairs} == {0, 1, 2}
    assert len({tuple(pairs) for pairs in found}) == 3  # another partner on every pass


def test_evaluation_draws_nothing(folder: Callable[..., UnpairedFolderSpec]) -> None:
    spec = folder(4, 3)
    assert numbers(spec, seed=None) == [(0, 0), (1, 1), (2, 2), (3, 0)]


def test_each_side_is_cropped_and_flipped_by_itself(tmp_path: Path) -> None:
    ramp = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for side in "AB":
        (tmp_path / f"train{side}").mkdir()
        Image.fromarray(np.stack([ramp] * 3, axis=-1)).save(tmp_path / f"train{side}" / "x.png")
    spec = UnpairedFolderSpec(root=str(tmp_path), crop=(5, 5), flip=0.5)
    dataset, same = spec.open("train"), 0
    for seed in range(40):
        maps = dataset.read(0, draw(seed)).maps
        assert maps["source"].shape == maps["target"].shape == (3, 5, 5)
        same += torch.equal(maps["source"], maps["target"])
    assert same < 8  # 16 places and 2 ways round


def test_sizes_and_mistakes_of_both_sides_are_found(
    folder: Callable[..., UnpairedFolderSpec],
) -> None:
    spec = folder(2, 2)
    root = Path(spec.root)
    Image.new("RGB", (6, 4)).save(root / "trainB" / "b1.png")
    assert set(spec.sizes("train")) == {(8, 8), (4, 6)}
    (root / "trainB" / "notes.txt").write_text("x")
    Image.new("L", (8, 8)).save(root / "trainA" / "a1.png")
    found = "\n".join(spec.inspect("train"))
    assert "notes.txt is not a picture" in found
    assert "a1.png is grey (L); the recipe says source: rgb. Say `source: grey`" in found
    with pytest.raises(DataError, match=r"notes\.txt"):
        spec.open("train")


def test_pixels_are_decoded_where_that_is_asked_for(
    folder: Callable[..., UnpairedFolderSpec],
) -> None:
    spec = folder(1, 1, size=(64, 64))
    broken = Path(spec.root) / "trainB" / "b0.png"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(broken)
    broken.write_bytes(broken.read_bytes()[:6000])
    assert spec.inspect("train") == []
    (line,) = spec.decode("train")
    assert line.startswith(f"{broken} is damaged or cut short")


@pytest.mark.parametrize("layout", [("A/train", "B/train"), ("train_A", "train_B")])
def test_other_layouts(tmp_path: Path, layout: tuple[str, str]) -> None:
    for side in layout:
        (tmp_path / side).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / side / f"{side[0]}.png")
    spec = UnpairedFolderSpec(root=str(tmp_path))
    assert len(spec.open("train")) == 1
    (tmp_path / "trainA").mkdir()
    with pytest.raises(DataError, match="more than once"):
        spec.open("train")


def test_what_is_not_there_is_told(folder: Callable[..., UnpairedFolderSpec]) -> None:
    spec = folder(1, 1)
    with pytest.raises(DataError, match=r"no split 'val': looked for .*valA/ and valB/.*train"):
        spec.open("val")
    (Path(spec.root) / "testA").mkdir()
    with pytest.raises(DataError, match="put pictures of the other side there"):
        spec.open("test")
    nowhere = UnpairedFolderSpec(root="no/such/folder")
    assert nowhere.missing()
    assert "no/such/folder" in nowhere.missing()[0]
    assert spec.missing() == []


def test_inputs_are_of_one_side() -> None:
    spec = UnpairedFolderSpec(root=str(TINY), load=(16, 16))
    for name, side in (("source", "A"), ("target", "B")):
        dataset = spec.inputs(TINY / f"test{side}", maps=[name])
        sample = dataset.read(0, None)
        assert [*sample.maps] == [name]
        assert sample.maps[name].shape == (3, 32, 32)  # as it is
        assert f"of side {side}" in dataset.describe()
    with pytest.raises(DataError, match=r"one side are inputs, .*source, target came"):
        spec.inputs(TINY / "testA", maps=["source", "target"])
    with pytest.raises(DataError, match="--pairs takes half of each file"):
        spec.inputs(TINY / "testA", pairs=True)
    with pytest.raises(DataError, match="holds both sides of test and train; name the folder of"):
        spec.inputs(TINY)


def test_the_description_says_that_nothing_belongs_together() -> None:
    spec = UnpairedFolderSpec(root=str(TINY), crop=(16, 16))
    said = spec.open("train").describe()
    assert said.startswith(
        f"6 pictures A in {TINY / 'trainA'} and 5 pictures B in {TINY / 'trainB'}"
    )
    assert "unpaired: each with any of the other side; in training cropped" in said


def test_folders_of_other_names_are_recognized(tmp_path: Path) -> None:
    def save(name: str) -> None:
        path = tmp_path / f"train{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)

    for name in ("A/a1", "A/a2", "A/a3", "B/b1"):
        save(name)
    found = UnpairedFolderSpec.recognize(tmp_path)
    assert found is not None
    assert dict(found.pairs) == {"train": 3}
    assert len(found.spec.open("train")) == 3
    for name in ("B/a1", "B/a2"):
        save(name)
    assert UnpairedFolderSpec.recognize(tmp_path) is None
