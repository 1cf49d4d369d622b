"""Augmentation by word: what moves, what it looks like, and that one draw serves all maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gan_zoo.errors import DataError
from gan_zoo_data.augment_specs import Augmentation
from gan_zoo_data.bases import Files
from gan_zoo_data.maps.augment import Augment
from gan_zoo_data.maps.geometry import Geometry
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.making import labelled, one_pair, picture, spec, triple

Maps = dict[str, Any]


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def varied(maps: Maps, seed: int = 0, rule: Maps | None = None, **scopes: Maps) -> Maps:
    """What training sees of maps; `label` and `instance` are ids."""
    words = {scope: Augmentation.model_validate(said) for scope, said in scopes.items()}
    ids = frozenset(name for name in maps if name in ("label", "instance"))
    augment = Augment(words, {"label": 255})
    return Geometry(ids=ids, augment=augment, **(rule or {})).apply(maps, draw(seed), "x")


def places(height: int = 16, width: int = 16, channels: int = 3) -> Any:
    """A picture whose channels tell row and column."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.uint8)
    return np.stack([rows * 8, columns * 8, rows + columns, rows][:channels], axis=-1)


def numbered(height: int = 16, width: int = 16) -> Any:
    """Every pixel an id of its own; the last beyond what float32 holds exactly."""
    return (2**30 + np.arange(height * width, dtype=np.int32)).reshape(height, width)


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        ({"horizontal": 1.0}, lambda a: a[:, ::-1]),
        ({"vertical": 1.0}, lambda a: a[::-1]),
        ({"horizontal": 1.0, "vertical": 1.0}, lambda a: a[::-1, ::-1]),
        ({"scale": [1.0, 1.0]}, lambda a: a),
        ({"cutout": 4, "fill": "black"}, None),
    ],
)
def test_what_is_sure_to_happen(words: Maps, moved: Any) -> None:
    given = {"source": places(), "label": numbered()}
    done = varied(given, joint=words)
    if moved is None:
        assert np.array_equal(done["label"], given["label"])
        assert (done["source"] != given["source"]).any(-1).sum() <= 16
        return
    for name, pixels in given.items():
        assert np.array_equal(done[name], moved(pixels)), name


def test_quarter_turns_are_of_every_kind_alike() -> None:
    seen = np.zeros(4, int)
    for seed in range(400):
        maps = varied({"source": places(), "label": numbered()}, seed, joint={"turns": 0.75})
        [turns] = [n for n in range(4) if np.array_equal(maps["label"], np.rot90(numbered(), n))]
        assert np.array_equal(maps["source"], np.rot90(places(), turns))
        seen[turns] += 1
    assert seen.min() > 70  # 100 each on average


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    channels=st.sampled_from([1, 3, 4]),
    real=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_any_size_and_number_of_channels(
    height: int, width: int, channels: int, real: bool, seed: int, data: st.DataObject
) -> None:
    """Sizes and types stay, and ids are only those that there were."""
    pixels = draw(seed).integers(0, 256, (height, width, channels)).astype(np.uint8)
    source: Any = pixels.astype(np.float32) / np.float32(127.5) - 1 if real else pixels
    crop = (data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    words = {"scale": [0.5, 2.0], "rotate": 180.0, "horizontal": 0.5, "vertical": 0.5}
    colors = {"brightness": 0.5, "contrast": 0.5, "noise": 9.0, "cutout": 3}
    given = {"source": source, "label": numbered(height, width)}
    for rule in ({"crop": crop}, {"size": (5, 7), "aspect": "stretch"}):
        for resampler in ("torch", "pillow"):
            rule = {**rule, "resampler": resampler}
            done = varied(given, seed, rule, joint={**words, **colors}, source=words)
            again = varied(given, seed, rule, joint={**words, **colors}, source=words)
            size = rule.get("size", crop)
            assert done["source"].shape == (*size, channels)
            assert done["source"].dtype == source.dtype
            assert np.array_equal(done["source"], again["source"])
            assert done["label"].shape == size
            assert done["label"].dtype == np.int32
            assert np.isin(done["label"], given["label"]).all()
            if real:
                assert np.abs(done["source"]).max() <= 1


@pytest.mark.parametrize("words", [{"rotate": 45.0}, {"scale": [0.5, 2.0]}])
def test_ids_lie_where_their_pixels_lie(words: Maps) -> None:
    """Of classes as large as these, all but the pixels at their rims."""
    blocks = np.kron(np.arange(16).reshape(4, 4) % 5, np.ones((16, 16), int)).astype(np.int32)
    photo = (blocks[..., None] * 50).astype(np.uint8)
    agreed = []
    for seed in range(12):
        done = varied({"label": blocks, "target": photo}, seed, {"crop": (48, 48)}, joint=words)
        agreed.append(np.mean(np.abs(done["target"][..., 0].astype(int) - done["label"] * 50) < 5))
    assert min(agreed) > 0.8
    assert not np.array_equal(done["label"], blocks[:48, :48])


def test_what_lies_beyond_an_edge_is_mirrored_or_ignored() -> None:
    given = {"label": np.full((8, 8), 3, np.int32), "source": np.full((8, 8, 3), 90, np.uint8)}
    for words, expected in (({"rotate": 45.0}, {3}), ({"rotate": 45.0, "ids": "ignore"}, {3, 255})):
        done = varied(given, 1, joint=words)
        assert set(np.unique(done["label"])) == expected
        assert set(np.unique(done["source"])) == {90}
    done = varied(given, joint={"cutout": 2, "ids": "ignore", "fill": "white"})
    assert (done["label"] == 255).sum() == 4
    assert np.array_equal(done["label"] == 255, done["source"][..., 0] == 255)
    small = varied(given, joint={"scale": [0.5, 0.5], "ids": "ignore"})
    assert (small["label"] == 3).sum() == 16


def test_a_scope_is_a_map_or_all_of_them() -> None:
    given = {"source": places(), "target": places()}
    alone = varied(given, source={"brightness": 0.5, "noise": 3.0})
    assert np.array_equal(alone["target"], places())
    assert not np.array_equal(alone["source"], places())
    both = varied(given, joint={"brightness": 0.5, "noise": 3.0, "cutout": 5, "rotate": 9.0})
    assert np.array_equal(both["source"], both["target"])
    assert not np.array_equal(both["source"], places())


def test_colors_are_those_of_torchvision() -> None:
    from torchvision.transforms.v2 import functional

    given = draw().integers(0, 256, (8, 8, 3)).astype(np.uint8)
    drawn = draw(3)
    drawn.random(3)  # of crop and flip
    factors = [drawn.uniform(0.6, 1.4), drawn.uniform(-0.2, 0.2)]
    tensor = torch.from_numpy(given.transpose(2, 0, 1).copy())
    expected = functional.adjust_hue(functional.adjust_contrast(tensor, factors[0]), factors[1])
    done = varied({"source": given}, 3, joint={"contrast": 0.4, "hue": 0.2})
    assert np.array_equal(done["source"], expected.numpy().transpose(1, 2, 0))
    real = {"source": given.astype(np.float32) / np.float32(127.5) - 1}
    floats = varied(real, 3, joint={"contrast": 0.4, "hue": 0.2})["source"]
    assert np.abs((floats + 1) * 127.5 - done["source"]).max() < 3  # rounding on the way


def test_alpha_is_no_color() -> None:
    given = draw().integers(0, 256, (8, 8, 4)).astype(np.uint8)
    words = {"joint": Augmentation(brightness=0.5, contrast=0.5, noise=9.0)}
    for alpha in (frozenset[str](), frozenset({"source"})):
        rule = Geometry(augment=Augment(words, alpha=alpha))
        done = rule.apply({"source": given}, draw(), "x")["source"]
        assert not np.array_equal(done[..., :3], given[..., :3])
        assert np.array_equal(done[..., 3], given[..., 3]) == bool(alpha)


def test_noise_has_the_strength_that_is_said() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    done = varied({"source": grey}, source={"noise": 10.0})["source"].astype(float)
    assert abs(done.std() - 10) < 0.3
    real = varied({"source": np.zeros((64, 64, 2), np.float32)}, source={"noise": 10.0})["source"]
    assert abs(real.std() * 127.5 - 10) < 0.3


def test_words_draw_after_crop_and_flip_and_only_where_they_are_said(tmp_path: Path) -> None:
    """Recipes without them keep their numbers, and evaluation never draws."""
    plain = one_pair(tmp_path, 16, 16, crop=[8, 8], flip=0.5)
    colored = spec(tmp_path, crop=[8, 8], flip=0.5, augment={"target": {"contrast": 0.5}})
    still = spec(tmp_path, crop=[8, 8], flip=0.5, augment={"joint": {}})
    for seed in range(4):
        ours, theirs, none = (
            data.open("train").read(0, draw(seed)).maps for data in (plain, colored, still)
        )
        assert torch.equal(ours["source"], theirs["source"])
        assert not torch.equal(ours["target"], theirs["target"])
        assert torch.equal(ours["target"], none["target"])
    ours, theirs = (data.open("train").read(0, None).maps for data in (plain, colored))
    assert torch.equal(ours["target"], theirs["target"])


REFUSED: list[tuple[Maps, Maps, str]] = [
    ({"both": {}}, {}, "augment.both: there is no map both; a scope is joint"),
    ({"label": {"hue": 0.1}}, {}, "label holds ids, which have no hue"),
    ({"instance": {"noise": 1.0}}, {}, "instance holds ids, which have no noise"),
    ({"target": {"hue": 0.1}}, {"target": 4}, "target has 4 channels, but only red, green and"),
    ({"joint": {"saturation": 0.1}}, {"target": 2}, "target has 2 channels"),
    ({"target": {"hue": 0.1}}, {"target": "grey"}, "grey pictures have no hue"),
    ({"joint": {"cutout": 3, "ids": "ignore"}}, {}, "say `ignore: [255]` in the data"),
    ({"target": {"ids": "ignore"}}, {"ignore": [255]}, "no label map with ignored ids in target"),
    ({"joint": {"horizontal": 0.5}}, {"flip": 0.5}, "keep one of them"),
    ({"joint": {"turns": 0.5}}, {"crop": [8, 16]}, "8x16 (height x width); say `crop: [8, 8]`"),
    ({"joint": {"cutout": 8}}, {"crop": [8, 16]}, "no less than the shorter side, 8"),
    ({"joint": {"scale": [1.2, 0.8]}}, {}, "the smaller one first"),
    ({"joint": {"scale": [0.1, 1.0]}}, {}, "two factors from 0.5 to 4"),
    ({"joint": {"zoom": 1}}, {}, "zoom"),
    ({"joint": {"rotate": -1.0}}, {}, "greater than or equal to 0"),
]


@pytest.mark.parametrize(("augment", "options", "told"), REFUSED)
def test_words_that_do_not_fit_are_refused(augment: Maps, options: Maps, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        labelled(Path("nowhere"), augment=augment, **options)
    assert told in str(caught.value)


def test_quarter_turns_need_squares_of_every_file(tmp_path: Path) -> None:
    recipe = one_pair(tmp_path, 12, 20, augment={"joint": {"turns": 0.5}})
    told = "augment turns pictures by quarters, which must be square; say `crop: [12, 12]`"
    [found] = recipe.inspect("train")
    assert told in found
    with pytest.raises(DataError, match="by quarters"):
        recipe.open("train").read(0, draw())
    assert recipe.open("train").read(0, None).maps["source"].shape == (3, 12, 20)


def test_moving_one_map_alone_is_remarked(tmp_path: Path) -> None:
    words = {"joint": {"rotate": 3.0}, "target": {"hue": 0.1}}
    assert triple(tmp_path, augment=words).notes() == []
    [note] = labelled(tmp_path, augment={"target": {"rotate": 3.0}}).notes()
    assert note.startswith("augment.target moves target alone (rotate): its pixels no longer lie")


def test_every_data_of_files_takes_the_words(tmp_path: Path) -> None:
    triple(tmp_path)
    line = "name,label,target\nx,train_label/x.png,train_img/x.bmp\n"
    (tmp_path / "train.csv").write_text(line)
    words = {"joint": Augmentation(vertical=1.0)}
    table = ManifestSpec.model_validate(
        {"root": str(tmp_path), "labels": {"label": 3}, "pictures": {"target": "rgb"}}
    )
    for data in (table, labelled(tmp_path)):
        assert isinstance(data, Files)
        upright = data.open("train").read(0, draw()).maps
        turned = data.model_copy(update={"augment": words}).open("train")
        for name, pixels in turned.read(0, draw()).maps.items():
            assert torch.equal(pixels, upright[name].flip(1)), name
        assert "; in training augmented joint by vertical 1.0" in turned.describe()


def test_pictures_are_not_written_to() -> None:
    given = np.asarray(picture(height=8, width=8))
    assert not given.flags.writeable
    words = {"scale": [0.9, 1.1], "rotate": 9.0, "contrast": 0.5, "noise": 2.0, "cutout": 3}
    for rule in ({"resampler": "torch"}, {"resampler": "pillow"}):
        assert varied({"source": given}, 0, rule, joint=words)["source"].shape == (8, 8, 3)
