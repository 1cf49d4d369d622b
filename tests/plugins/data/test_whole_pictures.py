"""What is no pair side by side is refused, with the lines of a recipe that would be right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pictures

from gan_zoo.components import Found, Refused
from gan_zoo.registry.recognition import recognize
from gan_zoo_data.folders.halves import doubt, look_at
from gan_zoo_data.folders.listing import list_pictures
from tests.plugins.data.making import SHARED, picture, save, side_by_side, spec

Pixels = NDArray[np.uint8]
INSIST = "If each file does hold A left and B right, say `layout: side_by_side`"


def scene(seed: int, height: int = 48, width: int = 48) -> Pixels:
    """Smooth hills and a few things on them: H W 3."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    made = np.zeros((height, width, 3))
    for _ in range(6):
        high, wide, turn = (*draw.uniform(0.02, 0.25, 2), draw.uniform(0, 6))
        color = draw.uniform(10, 40, 3)
        made += color * np.sin(rows * high + columns * wide + turn)[..., None]
    for _ in range(8):
        top, left = draw.integers(0, height - 8), draw.integers(0, width - 8)
        made[top : top + 8, left : left + 8] += draw.uniform(-60, 60, 3)
    return np.clip(made + 128, 0, 255).astype(np.uint8)


def outlined(of: Pixels) -> Pixels:
    """The other side of a pair: where it changes, dark on white."""
    rows, columns = np.gradient(of.astype(float).mean(axis=2))
    edges = np.clip(255 - 8 * np.hypot(rows, columns), 0, 255)
    return np.repeat(edges[..., None], 3, axis=2).astype(np.uint8)


def noise(seed: int, height: int = 20, width: int = 20) -> Pixels:
    return np.random.default_rng(seed).integers(1, 250, (height, width, 3)).astype(np.uint8)


def write(root: Path, name: str, *panels: Pixels, axis: int = 1) -> None:
    save(root / f"{name}.png", Pictures.fromarray(np.concatenate(panels, axis=axis)))


def flat(value: int) -> Pixels:
    return np.full((20, 20, 3), value, np.uint8)


WHOLE = {
    "square noise": ("whole pictures", lambda n: (noise(n),), 1),
    "square scenes": ("whole pictures", lambda n: (scene(n),), 1),
    "wide scenes": ("whole pictures", lambda n: (scene(n, 48, 96),), 1),
    "panoramas": ("whole pictures", lambda n: (scene(n, 40, 200),), 1),
    "three flat panels": ("three panels", lambda n: (flat(10), flat(120), flat(240)), 1),
    "three panels": ("three panels", lambda n: (scene(n), outlined(scene(n)), scene(n + 9)), 1),
    "flat, above": ("pictures one above the other", lambda n: (flat(10), flat(240)), 0),
    "above": ("pictures one above the other", lambda n: (scene(n), outlined(scene(n))), 0),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_no_pairs(tmp_path: Path, kind: str) -> None:
    what, make, axis = WHOLE[kind]
    for number in range(4):
        write(tmp_path / "train", str(number), *make(number), axis=axis)
    [told] = spec(tmp_path).inspect("train")
    start = f"{tmp_path}/train holds files that look like {what} and not like two sides, left and "
    assert told.startswith(start)
    assert told.endswith(INSIST)
    [(name, refused)] = recognize(tmp_path)
    assert (name, type(refused)) == ("paired_folder", Refused)
    assert told in refused.why
    insisted = spec(tmp_path, layout="side_by_side")
    if kind != "panoramas":  # which are even all the same
        assert insisted.facts("train")[0] == "layout side_by_side, as the recipe says"
    assert "look like" not in "".join(insisted.inspect("train"))


PAIRS = {
    "scenes and outlines": lambda n: (scene(n), outlined(scene(n))),
    "of photos of 3 to 2": lambda n: (scene(n, 48, 72), outlined(scene(n, 48, 72))),
    "of portraits": lambda n: (scene(n, 64, 32), outlined(scene(n, 64, 32))),
    "of strips": lambda n: (scene(n, 24, 96), outlined(scene(n, 24, 96))),
    "noisy and clean": lambda n: (scene(n) // 2 + noise(n, 48, 48) // 4, scene(n)),
    "unrelated scenes": lambda n: (scene(n), scene(n + 50)),
    "flat": lambda n: (flat(10), flat(240)),
    "noise": lambda n: (noise(n), noise(n + 9)),
}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize("count", [1, 6])
def test_pairs(tmp_path: Path, kind: str, count: int) -> None:
    for number in range(count):
        write(tmp_path / "train", str(number), *PAIRS[kind](number))
    assert spec(tmp_path).inspect("train") == []
    [(_, found)] = recognize(tmp_path)
    assert isinstance(found, Found)
    assert dict(found.pairs) == {"train": count}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 9999), st.integers(24, 90), st.integers(24, 90))
def test_any_shape_of_a_pair_is_one(
    tmp_path_factory: pytest.TempPathFactory, seed: int, height: int, width: int
) -> None:
    root = tmp_path_factory.mktemp("pairs")
    for number in range(3):
        side = scene(seed + number, height, width)
        write(root, str(number), side, outlined(side))
    assert doubt(look_at(list_pictures(root))) is None


def test_couples_of_names(tmp_path: Path) -> None:
    """Whatever is in them, unless each holds two sides itself."""
    for ends in (("_A", "_B"), ("_label", "_photo"), ("-input", "-target"), (".lq", ".gt")):
        root = tmp_path / ends[0]
        for number in range(3):
            for end, seed in zip(ends, (0, 9), strict=True):
                write(root / "train", f"{number}{end}", noise(number + seed))
        assert spec(root).inspect("train") == [
            f"{root}/train holds files whose names come in couples, as x{ends[0]} and x{ends[1]}, "
            f"and not pictures of both sides. Say `suffixes: {{a: {ends[0]}, b: {ends[1]}}}`. "
            + INSIST
        ]
        named = dict(zip("ab", ends, strict=True))
        [(_, found)] = recognize(root)
        assert isinstance(found, Found)
        assert found.spec.suffixes == named
        data = spec(root, suffixes=named).open("train")
        assert (len(data), data.read(2, None).name) == (3, "2")
        assert data.read(2, None).maps["target"][:, 5, 6].tolist() == noise(11)[5, 6].tolist()
        assert spec(root, suffixes=named).facts("train")[0].startswith("layout {split} with coup")
        assert len(spec(root, suffixes=named).inputs(root / "train")) == 3
    for name in ("x_A", "x_B"):
        write(tmp_path / "pairs/train", name, scene(0), outlined(scene(0)))
    assert len(spec(tmp_path / "pairs").open("train")) == 2


def test_folders_with_equal_names(tmp_path: Path) -> None:
    for folder in ("mine", "yours"):
        for number in range(3):
            write(tmp_path / "train" / folder, str(number), noise(number))
    assert spec(tmp_path).inspect("train") == [
        f"{tmp_path}/train holds folders with equal names, mine/ and yours/, and not pictures of "
        f"both sides. Say `layout: {{a: '{{split}}/mine', b: '{{split}}/yours'}}`. {INSIST}"
    ]
    named = spec(tmp_path, layout={"a": "{split}/mine", "b": "{split}/yours"})
    assert len(named.open("train")) == 3


def test_a_split_of_wide_and_whole_pictures_names_them_as_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "my/train", "0", noise(0))
    monkeypatch.chdir(tmp_path)
    [told] = spec(Path("my")).inspect("train")
    assert told.startswith("my/train holds files")
    assert "in my/A/train and my/B/train" in told


def test_a_folder_without_splits(tmp_path: Path) -> None:
    save(tmp_path / "x.png", side_by_side(picture(), picture()))
    [(_, refused)] = recognize(tmp_path)
    assert refused == Refused(
        f"{tmp_path} holds pictures, but no splits: name the folder around it, or move them into "
        f"folders {tmp_path}/train, {tmp_path}/val, {tmp_path}/test"
    )
    for side in ("input", "target"):
        save(tmp_path / "sides" / side / "x.png")
    [(_, refused)] = recognize(tmp_path / "sides")
    assert "hold pictures, but no splits: move them into folders train, val" in refused.why


REAL = ("earth_relief_ab", "emoji_fluent_ab", "facades_inst_ab")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real pictures are not here")
@pytest.mark.parametrize("name", REAL)
def test_real_pairs_show_two_sides_and_their_halves_do_not(tmp_path: Path, name: str) -> None:
    for split in ("train", "val", "test"):
        look = look_at(list_pictures(SHARED / name / split))
        assert look.paired, look
    assert spec(SHARED / name).inspect("test") == []
    files = sorted((SHARED / name / "train").iterdir())[:6]
    for number, file in enumerate(files):
        with Pictures.open(file) as both:
            right = both.crop((both.width // 2, 0, both.width, both.height)).convert("RGB")
        save(tmp_path / f"train/{number}.png", right)
    assert "look like whole pictures" in spec(tmp_path).inspect("train")[0]
