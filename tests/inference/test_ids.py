"""Translation of ids: from files, PIL, numpy and tensors, of any size and width of number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PIL
from torch import Tensor

import gan_zoo
from gan_zoo.components.sheets import GAP, TITLE, color_ids
from gan_zoo.errors import UserError
from gan_zoo.inference.files import translate_files
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.folder_specs import TINY

IDS = {
    "data": {"use": "label_folder", "root": str(TINY), "classes": 3, "ignore": [255], "workers": 0},
    "conditions": {"picture": None, "labels": {"use": "one_hot"}, "edges": {"use": "boundary"}},
    "generator": {"width": 4, "depth": 3, "dropout": "none"},
    "discriminator": {"width": 4, "layers": 1},
    "init.gain": 0.5,  # lively pictures after two steps
    "phases.main": {"epochs": None, "steps": 2, "schedule": None},
    "validation": None,
}


def trained(out: Path, **changes: Any) -> RunFolder:
    return gan_zoo.train(
        Recipe.load("quickstart", set={**IDS, **changes}), out, reporter=Reporter(quiet=True)
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("ids") / "run")


@pytest.fixture(scope="module")
def translator(run: RunFolder) -> Translator:
    return gan_zoo.load(run, device="cpu")


def ids(height: int = 20, width: int = 30) -> dict[str, Tensor]:
    """A label map and an instance map."""
    seeded = torch.Generator().manual_seed(height * width)
    label = torch.randint(0, 3, (1, height, width), generator=seeded)
    instance = label * 11000 + torch.randint(0, 9, label.shape, generator=seeded)
    label[0, 0, 0] = 255
    return {"label": label.int(), "instance": instance.int()}


def seen(picture: Any) -> np.ndarray:
    """Any answer as `H W C`."""
    return picture.movedim(0, -1).numpy() if isinstance(picture, Tensor) else np.asarray(picture)


# ------------------------------------------------------------------ types


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint16", "uint32", "int16"])
def test_numbers_of_any_width_are_the_same_ids(translator: Translator, dtype: str) -> None:
    """uint8 labels are ids and no 8-bit picture, whose values would become -1 to 1."""
    maps = ids()
    expected = translator.picture(maps)
    assert expected.float().std() > 1
    label = maps["label"].numpy().astype(dtype)
    for given in (label[0], label[0][..., None]):
        made = translator({"label": given, "instance": maps["instance"].numpy()[0]})
        assert made.dtype == np.uint8
        assert np.array_equal(made, seen(expected))
    tensor = torch.from_numpy(label)
    for given in (tensor, tensor[0]):
        made = translator({"label": given, "instance": maps["instance"]})
        assert made.dtype == torch.uint8
        assert torch.equal(made, expected)


def test_pictures_of_ids_are_the_same_ids(translator: Translator) -> None:
    maps = ids()
    label, instance = (maps[name][0].numpy() for name in ("label", "instance"))
    expected = seen(translator.picture(maps))
    palette = PIL.fromarray(label.astype(np.uint8))
    palette.putpalette([7 * n % 256 for n in range(768)])
    for given in (PIL.fromarray(label.astype(np.uint8)), palette, PIL.fromarray(label)):
        for other in (PIL.fromarray(instance.astype(np.uint16)), PIL.fromarray(instance)):
            made = translator({"label": given, "instance": other})
            assert isinstance(made, PIL.Image)
            assert np.array_equal(np.asarray(made), expected)
    big = PIL.frombuffer("I;16B", (30, 20), instance.astype(">u2").tobytes(), "raw", "I;16B", 0, 1)
    assert np.array_equal(np.asarray(translator({"label": palette, "instance": big})), expected)


def test_maps_of_several_types_go_together(translator: Translator, tmp_path: Path) -> None:
    """All are ids, so the first map, label, says the type of the answer."""
    maps = ids()
    path = tmp_path / "instance.png"
    PIL.fromarray(maps["instance"][0].numpy().astype(np.uint16)).save(path)
    expected = translator.picture(maps)
    assert torch.equal(translator({"instance": path, "label": maps["label"]}), expected)
    array = translator({"label": maps["label"][0].numpy(), "instance": str(path)})
    assert isinstance(array, np.ndarray)
    picture = translator({"instance": maps["instance"], "label": PIL.fromarray(array[..., 0] % 3)})
    assert isinstance(picture, PIL.Image)


def test_the_first_picture_says_the_type(tmp_path: Path) -> None:
    """A label map beside a picture: floats in the picture's place give floats."""
    lines = "\n".join(
        f"{TINY}/train_label/{n}.png,{TINY}/train_img/{n}.png,{TINY}/train_img/{n}.png"
        for n in (1, 2)
    )
    (tmp_path / "train.csv").write_text(f"label,source,target\n{lines}\n")
    colors = {"source": "rgb", "target": "rgb"}
    table = {"use": "manifest", "root": str(tmp_path), "pictures": colors, "labels": {"label": 3}}
    conditions = {"labels": {"use": "one_hot"}, "picture": {"use": "image"}}
    changes = {"data": {**table, "ignore": [255], "workers": 0}, "conditions": conditions}
    translator = gan_zoo.load(trained(tmp_path / "run", **changes, callbacks=None), device="cpu")
    label, source = ids()["label"], torch.rand(3, 20, 30) * 2 - 1
    made = translator({"label": label, "source": source})
    assert made.dtype == torch.float32
    array = translator({"label": label, "source": source.movedim(0, -1).numpy()})
    assert array.dtype == np.float32
    assert np.array_equal(array, seen(made))


def test_batches_of_ids(translator: Translator) -> None:
    one, other = ids(), {name: m.flip(-1) for name, m in ids().items()}
    expected = torch.stack([translator(one), translator(other)])
    both = {name: torch.stack([one[name], other[name]]) for name in one}
    assert torch.equal(translator(both), expected)
    listed = translator({name: list(batch) for name, batch in both.items()})
    assert torch.equal(torch.stack(listed), expected)
    assert torch.equal(torch.stack(translator([one, other])), expected)


def test_ids_are_not_averaged_into_the_seed_of_noise(tmp_path: Path) -> None:
    """The same ids get the same noise, whatever the type that they come in."""
    noisy = {"generator": {**IDS["generator"], "dropout": "paper", "depth": 4}}  # type: ignore[dict-item]
    run = trained(tmp_path / "run", **noisy, inference={"dropout": True, "norm": "picture"})
    translator = gan_zoo.load(run, device="cpu")
    maps = ids()
    made = translator(maps, seed=1)
    assert not torch.equal(made, translator(maps, seed=2))
    arrays = {name: m[0].numpy().astype(np.uint16) for name, m in maps.items()}
    assert np.array_equal(translator(arrays, seed=1), seen(made))
    assert torch.equal(translator({n: m.long() for n, m in maps.items()}, seed=1), made)


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        (
            "label",
            torch.full((1, 4, 4), 3),
            "the id 3 came; the model takes 0 to 2, and 255",
        ),
        ("label", torch.tensor([[[3, 300, -1]]]), "label: the id -1 came; ids are 0 to 2147483647"),
        ("label", torch.tensor([[[3, 300]]]), "label: the ids 3, 300 came"),
        ("label", torch.arange(20).view(1, 4, 5), "the ids 3, 4, 5, 6, 7, ... came"),
        ("instance", torch.full((1, 4, 4), 2**31), "instance: the id 2147483648 came"),
        ("instance", torch.arange(600).view(1, 20, 30), "600 different ids came; the model takes"),
        ("label", torch.zeros(1, 4, 4), "torch.float32 came, but ids are whole numbers"),
        ("label", np.zeros((4, 4)), "torch.float64 came, but ids are whole numbers"),
        ("label", np.array([["a"]]), "an array of <U1 came; numbers were expected"),
        (
            "label",
            torch.zeros(3, 4, 4).int(),
            "the model takes 1 channel; a batch is B 1 H W, as an array B H W 1",
        ),
        (
            "label",
            PIL.new("RGB", (4, 4)),
            "mode RGB came, but this map holds ids: one",
        ),
        ("label", PIL.new("LA", (4, 4)), "mode LA came, but this map holds ids"),
        ("label", PIL.new("F", (4, 4)), "mode F came, but this map holds ids"),
        ("label", torch.zeros(1, 4, 5).int(), "the maps of one picture must have one size; label"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_are_no_ids_of_the_model_is_refused(
    translator: Translator, name: str, given: Any, told: str
) -> None:
    maps: dict[str, Any] = {n: m[:, :4, :4].clip(0, 2) for n, m in ids().items()}
    with pytest.raises(UserError) as caught:
        translator({**maps, name: given})
    assert told in str(caught.value)


def test_both_maps_are_needed(translator: Translator) -> None:
    with pytest.raises(UserError, match="takes the maps label, instance; give a dict of them"):
        translator(ids()["label"])
    with pytest.raises(UserError, match="the maps label came; this model takes label, instance"):
        translator({"label": ids()["label"]})
    call = "call the model with its maps, ({'label': ..., 'instance': ...}), seed, style or range"
    for given, came in (
        (ids(), "label, instance came by name"),
        ({"sed": 3}, "sed came"),
        ({}, "nothing came"),
    ):
        with pytest.raises(UserError) as caught:
            translator(**given)
        assert str(caught.value).startswith(came)
        assert call in str(caught.value)


# ------------------------------------------------------------------ sizes and files


@pytest.mark.parametrize("size", [(1000, 700), (37, 53), (1, 1)], ids=str)
def test_ids_of_any_size(translator: Translator, size: tuple[int, int]) -> None:
    assert translator(ids(*size)).shape == (3, *size)


def test_ids_are_padded_by_reflection(translator: Translator) -> None:
    maps = ids(21, 30)
    larger = {n: torch.cat([m, m[:, 17:20].flip(1)], dim=1) for n, m in maps.items()}  # 24 high
    larger = {n: torch.cat([m, m[..., 27:29].flip(2)], dim=2) for n, m in larger.items()}  # 32 wide
    assert torch.equal(translator.output(maps), translator.output(larger)[:, :21, :30])


def test_a_path_brings_its_instance_map(
    run: RunFolder, translator: Translator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = TINY / "test_label/1.png"
    sample = translator.recipe.data.inputs(path).read(0, None)
    expected = seen(translator.picture(sample.maps))
    assert np.array_equal(np.asarray(translator(path)), expected)
    assert translate_files(run, TINY / "test_label", tmp_path / "out", device="cpu") == 2
    assert f"2 label maps in {TINY}/test_label, instance maps beside" in capsys.readouterr().out
    with PIL.open(tmp_path / "out/1.png") as made:
        assert np.array_equal(np.asarray(made), expected)


def test_what_is_not_asked_for_is_not_looked_for(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", **{"conditions.edges": None})
    alone = tmp_path / "alone.png"
    alone.write_bytes((TINY / "test_label/1.png").read_bytes())
    made = gan_zoo.load(run, device="cpu")(alone)
    assert made.size == (48, 32)
    assert translate_files(run, alone, tmp_path / "out.png", device="cpu") == 1


def test_a_table_of_inputs(tmp_path: Path) -> None:
    table = {
        "use": "manifest",
        "root": str(TINY),
        "labels": {"label": 3},
        "ignore": [255],
        "instances": {"instance": 512},
        "pictures": {"target": "rgb"},
        "workers": 0,
    }
    run = trained(tmp_path / "run", data=table)
    assert translate_files(run, TINY / "test.csv", tmp_path / "out", device="cpu") == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.png", "2.png"]
    with pytest.raises(UserError, match=r"one\.png names one file, but .*test\.csv has 2; name a"):
        translate_files(run, TINY / "test.csv", tmp_path / "one.png", device="cpu")


# ------------------------------------------------------------------ previews


def test_previews_show_ids_in_their_own_colors(run: RunFolder) -> None:
    (sheet,) = run.previews.glob("*.png")
    with PIL.open(sheet) as opened:
        shown = np.asarray(opened)
    sample = run.recipe().data.open("val").read(0, None)
    for place, name in enumerate(("label", "instance")):
        tile = np.asarray(color_ids(sample.maps[name]))
        height, width = 4 * tile.shape[0], 4 * tile.shape[1]  # enlarged for the eye
        left = GAP + place * (width + GAP)
        part = shown[TITLE + GAP : TITLE + GAP + height : 4, left : left + width : 4]
        assert np.array_equal(part, tile)


def test_colors_belong_to_ids() -> None:
    """Distinct, the same in every picture, and apart for neighbors."""
    one = np.asarray(color_ids(torch.arange(70000).view(1, 200, 350))).reshape(-1, 3)
    assert len(np.unique(one, axis=0)) == 70000
    assert one[[0, 1, 2, 3, 8]].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [128, 128, 0],
        [64, 0, 0],
    ]
    alone = np.asarray(color_ids(torch.tensor([[[33005]]], dtype=torch.int32)))
    assert alone[0, 0].tolist() == one[33005].tolist()
    assert np.abs(one[10003].astype(int) - one[10004]).max() == 128
