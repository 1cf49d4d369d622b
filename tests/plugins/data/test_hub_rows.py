"""Rows of Hugging Face's `datasets`, saved on disk: the pictures that were put in."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan_zoo.errors import DataError
from gan_zoo.testing import examine
from gan_zoo_data.hub_specs import HfDatasetSpec
from tests.plugins.data.making import ids, picture, save

datasets = pytest.importorskip("datasets", reason="the extra datasets is not installed")


def spec(root: Path | str, **options: object) -> HfDatasetSpec:
    return HfDatasetSpec.model_validate({"root": str(root), **options})


def rows(count: int = 3, **columns: list[Any]) -> Any:
    pictures = {
        "imageA": [picture(value=n) for n in range(count)],
        "imageB": [picture(value=100 + n) for n in range(count)],
        **columns,
    }
    kinds = {
        name: datasets.Image() if hasattr(values[0], "size") else None
        for name, values in pictures.items()
    }
    features = datasets.Features(
        {name: kind or datasets.Value("string") for name, kind in kinds.items()}
    )
    return datasets.Dataset.from_dict(pictures, features=features)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    splits = {"train": rows(), "validation": rows(2), "extra": rows(1)}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "pairs")
    return tmp_path / "pairs"


def test_pictures_are_those_that_were_put_in(root: Path) -> None:
    data = spec(root)
    assert data.missing() == data.inspect("train") == data.decode("train") == []
    made = data.open("train")
    assert made.describe() == (
        f"3 rows of {root}:train: source (column imageA), target (column imageB)"
    )
    for index in range(3):
        sample = made.read(index, None)
        assert sample.name == str(index)
        assert sample.files == (
            f"{root}:train[{index}].imageA",
            f"{root}:train[{index}].imageB",
        )
        for name, value in (("source", index), ("target", 100 + index)):
            expected = torch.from_numpy(np.array(picture(value=value))).permute(2, 0, 1)
            assert torch.equal(sample.maps[name], expected)
    assert [name for name, _ in made.identity()] == ["0", "1", "2"]
    assert all(size > 100 for _, size in made.identity())
    cell = made.files["source"][0]
    assert cell.open("rb").read() == cell.read_bytes() != b""
    again = pickle.loads(pickle.dumps(made))  # as a process that reads ahead gets it
    assert torch.equal(again.read(2, None).maps["target"], made.read(2, None).maps["target"])


def test_the_size_rule_is_that_of_files(root: Path) -> None:
    data = spec(root, load=[9, 9], crop=[4, 4], flip=0.5)
    assert data.sizes("train").keys() == {(4, 4)}
    sample = data.open("train").read(1, np.random.default_rng(5))
    assert {map.shape for map in sample.maps.values()} == {(3, 4, 4)}
    assert torch.equal(sample.maps["source"][:2], sample.maps["target"][:2])  # one draw for both


def test_splits_by_name(root: Path) -> None:
    assert len(spec(root).open("val")) == 2  # validation
    assert len(spec(root, splits={"val": "extra"}).open("val")) == 1
    assert spec(root).inspect("test") == [
        f"{root} has no split 'test'; its splits are train, validation, extra. Say "
        "`splits: {test: train}`, where that is it"
    ]
    assert len(spec(root / "validation").open("train")) == 2  # one alone is that of training


def test_ids_and_names(tmp_path: Path) -> None:
    label, instance = ids([[0, 2, 255] * 2] * 4), ids([[300, 7, 7] * 2] * 4, np.uint16)
    made = rows(2, name=["a/1", "1.0"], seg=[label] * 2, inst=[instance] * 2)
    made.save_to_disk(tmp_path / "x")
    data = spec(
        tmp_path / "x",
        pictures={"target": "rgb"},
        labels={"label": 3},
        instances={"instance": 9},
        ignore=[255],
        columns={"target": "IMAGE_B", "label": "seg", "instance": "inst"},
    )
    assert data.decode("train") == []
    sample = data.open("train").read(1, None)
    assert sample.name == "1.0"
    assert sample.maps["label"][0, 0, :3].tolist() == [0, 2, 255]
    assert sample.maps["instance"][0, 0, :3].tolist() == [300, 7, 7]
    assert data.open("train").describe().endswith("; the column 'imageB' is taken for IMAGE_B")


def test_modes_are_judged_as_of_files(tmp_path: Path) -> None:
    made = rows(2, imageB=[picture(), picture("L")])
    made.save_to_disk(tmp_path / "x")
    told = f"{tmp_path}/x:train[1].imageB is grey (L); the recipe says target: rgb"
    [said] = spec(tmp_path / "x").inspect("train")
    assert said.startswith(told)


def strings(root: Path) -> None:
    rows(2, imageB=["a.png", "b.png"]).save_to_disk(root)


def other_names(root: Path) -> None:
    rows(1).rename_column("imageB", "image").save_to_disk(root)


def names_twice(root: Path) -> None:
    rows(3, name=["a", "a", "../b"]).save_to_disk(root)


def plain_folder(root: Path) -> None:
    save(root / "a.png")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            strings,
            "{root}:train: imageB holds Value, and pictures are the feature Image; save it anew: "
            "rows.cast_column('imageB', datasets.Image())",
        ),
        (
            other_names,
            "{root}:train: no column imageB; there are imageA, image. Say `columns: {{target: "
            "COLUMN}}`",
        ),
        (names_twice, "{root}:train[1]: the name a came before, in [0]"),
        (plain_folder, "{root} is nothing that `save_to_disk` of datasets wrote (Directory "),
    ],
)
def test_the_true_reason(tmp_path: Path, make: Callable[[Path], None], told: str) -> None:
    root = tmp_path / "x"
    make(root)
    assert spec(root).inspect("train")[0].startswith(told.format(root=root))
    with pytest.raises(DataError):
        spec(root).open("train")


def test_a_public_name_needs_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Any:
        raise ConnectionError(f"Couldn't reach '{name}' on the Hub")

    monkeypatch.setattr(datasets, "load_dataset", load)
    data = spec("hf://huggan/none")
    assert data.missing() == []
    assert data.with_absolute_paths() == data
    assert data.inspect("train") == [
        "hf://huggan/none cannot be had (Couldn't reach 'huggan/none' on the Hub). Where there is "
        "a network: "
        "datasets.load_dataset(NAME).save_to_disk(FOLDER); then name that folder"
    ]
    monkeypatch.setattr(datasets, "load_dataset", lambda name: {"train": rows(2)})
    assert len(data.open("train")) == 2


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spec(tmp_path / "no").missing() == [
        f"there is no folder {tmp_path}/no; name yours with --data DIR"
    ]
    monkeypatch.setattr("gan_zoo_data.hub_specs.find_spec", lambda name: None)
    assert spec(tmp_path).missing() == [
        "hf_dataset needs the package datasets: pip install 'gan-zoo[datasets]'"
    ]


def test_inputs_to_translate(root: Path, tmp_path: Path) -> None:
    made = spec(root, load=[2, 2]).inputs(root / "validation")
    assert [*made.read(1, None).maps] == ["source"]
    assert made.read(1, None).maps["source"].shape == (3, 4, 6)  # its own size
    with pytest.raises(DataError, match=r"holds splits; name one, as .*pairs/extra"):
        spec(root).inputs(root)
    save(tmp_path / "mine/a.png")
    assert spec(root).inputs(tmp_path / "mine").read(0, None).name == "a"


def test_it_keeps_to_the_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every component does whose example is at hand."""
    shown = {
        name: [picture("RGB", 40, 48, 9 * value + shift) for value in range(4)]
        for shift, name in enumerate(("imageA", "imageB", "image", "target"))
    }
    shown |= {name: [ids([[0, 1, 2, 255] * 12] * 40)] * 4 for name in ("label", "instance")}
    made = rows(4, **shown)
    splits = {"train": made, "val": made.select([1, 2]), "dev": made.select([3, 2, 1, 0])}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "x")
    maps = {"labels": {"label": 3}, "instances": {"instance": 512}, "ignore": [255]}
    example = spec(tmp_path / "x", pictures={"target": "rgb"}, **maps)
    monkeypatch.setattr(HfDatasetSpec, "example", lambda: example)
    assert examine(HfDatasetSpec) == {}
