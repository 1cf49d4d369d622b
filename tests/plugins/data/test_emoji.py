"""The sample that ships with gan-zoo, and what holds for all data of this package."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pictures

from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError
from gan_zoo_data.augment_specs import Augmentation
from gan_zoo_data.shipped_specs import SAMPLE, EmojiSpec
from tests.plugins.data.making import one_pair


@pytest.mark.parametrize(("split", "count"), [("train", 560), ("val", 40), ("test", 60)])
def test_emoji_are_complete(split: str, count: int) -> None:
    recipe = EmojiSpec()
    assert len(recipe.open(split)) == count
    assert recipe.inspect(split) == []
    for side, mode in (("A", "L"), ("B", "RGB")):
        for path in (SAMPLE / side / split).iterdir():
            with Pictures.open(path) as image:
                assert (image.mode, image.size, image.format) == (mode, (64, 64), "PNG")


def test_emoji_pixels_are_pinned() -> None:
    recipe = EmojiSpec(flip=1.0)
    assert recipe.maps() == {"source": Image(1, 64, 64), "target": Image(3, 64, 64)}
    sample = recipe.open("train").read(0, None)
    assert sample.name == "3rd-place-medal"
    digests = {
        name: hashlib.sha256(pixels.permute(1, 2, 0).contiguous().numpy().tobytes()).hexdigest()
        for name, pixels in sample.maps.items()
    }
    assert digests == {
        "source": "33dbdb78d6d980bd77c7a7610f6434783a3b795159c62b9e3bab4c5b37751cb3",
        "target": "555784220f616a96b142429e3d51c18fcdf5f8a8c8cdf1d258fd59509c0cee95",
    }
    flipped = recipe.open("train").read(0, np.random.default_rng(0))
    assert torch.equal(flipped.maps["target"], sample.maps["target"].flip(-1))


def test_emoji_change_in_training_as_told_and_nowhere_else() -> None:
    mirrored = {"joint": Augmentation(vertical=1.0)}
    train, val = (EmojiSpec(augment=mirrored).open(split) for split in ("train", "val"))
    as_stored = train.read(0, None).maps
    drawn = train.read(0, np.random.default_rng(0)).maps
    for name in ("source", "target"):  # one draw for both
        assert torch.equal(drawn[name], as_stored[name].flip(-2))
    same = val.read(0, None).maps["target"]
    assert torch.equal(same, EmojiSpec().open("val").read(0, None).maps["target"])


def test_emoji_refuse_words_that_fit_no_map() -> None:
    with pytest.raises(ValueError, match="grey pictures have no hue"):
        EmojiSpec(augment={"source": Augmentation(hue=0.1)})
    with pytest.raises(ValueError, match="both mirror the pictures"):
        EmojiSpec(flip=0.5, augment={"joint": Augmentation(horizontal=0.5)})
    (note,) = EmojiSpec(augment={"target": Augmentation(rotate=5)}).notes()
    assert "moves target alone (rotate)" in note


def test_emoji_stay_small() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert len(files) == 1322  # pictures, README.md, LICENSE
    assert sum(path.stat().st_size for path in files) < 3_300_000


def test_emoji_at_another_size() -> None:
    assert EmojiSpec().open("val", (32, 32)).read(0, None).maps["target"].shape == (3, 32, 32)
    assert EmojiSpec().maps((32, 32))["source"] == Image(1, 32, 32)
    with pytest.raises(ContractError) as caught:
        EmojiSpec().maps((32, 64))
    assert str(caught.value) == "emoji are square, and size is [32, 64]; use a square"


def test_emoji_inputs() -> None:
    recipe = EmojiSpec()
    data = recipe.inputs(recipe.test_inputs)
    assert len(data) == 60
    sample = data.read(0, None)
    assert sample.name == "aerial-tramway"
    assert sample.maps["source"].shape == (1, 64, 64)
    assert data.describe() == f"60 pictures in {recipe.test_inputs}, whole"


# ---------------------------------------------------------------------------------- the rest


def test_data_travels_to_other_processes(tmp_path: Path) -> None:
    recipes = [one_pair(tmp_path, load=[9, 9], crop=[4, 4], flip=0.5), EmojiSpec()]
    for data in [recipe.open("train") for recipe in recipes]:
        copy = pickle.loads(pickle.dumps(data))
        one = data.read(0, np.random.default_rng(3))
        other = copy.read(0, np.random.default_rng(3))
        assert one.name == other.name
        assert all(torch.equal(one.maps[name], other.maps[name]) for name in one.maps)


def test_the_menu_imports_no_torch() -> None:
    code = (
        "import sys, gan_zoo_data; gan_zoo_data.gan_zoo_components(); "
        "print([m for m in ('torch', 'torchvision', 'PIL', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
