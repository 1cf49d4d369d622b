"""Real data sets in pix2pixHD's folders, where they are at hand beside the checkout."""

from __future__ import annotations

import pytest

from gan_zoo_data.folder_specs import LabelFolderSpec
from tests.plugins.data.making import SHARED

SETS = {  # classes, samples in train and test, side
    "facades_inst_hd": (11, 474, 111, 512),
    "nuclei_inst_hd": (2, 282, 52, 256),
}


@pytest.mark.parametrize("name", SETS)
def test_a_published_layout_is_read_as_it_is(name: str) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f"no real data at hand: {SHARED / name} is not there")
    classes, train, test, side = SETS[name]
    recipe = LabelFolderSpec(root=str(SHARED / name), classes=classes)
    assert [len(recipe.open(split)) for split in ("train", "test")] == [train, test]
    assert recipe.inspect("test") == []
    assert recipe.sizes("test").keys() == {(side, side)}
    sample = recipe.open("test").read(0, None)
    assert sample.maps["label"].max() < classes
    assert sample.maps["instance"].max() > 1000
    assert sample.maps["target"].shape == (3, side, side)
    inputs = recipe.inputs(SHARED / name / "test_label")
    assert len(inputs) == test
    assert inputs.read(0, None).maps["instance"].equal(sample.maps["instance"])


def test_too_few_classes_are_found_in_real_maps() -> None:
    root = SHARED / "facades_inst_hd"
    if not root.is_dir():
        pytest.skip(f"no real data at hand: {root} is not there")
    recipe = LabelFolderSpec(root=str(root), classes=10, instance=False)
    told = recipe.decode("test")
    count, _, said = told[0].partition(" files (")
    assert int(count) > 100  # nearly every house has a window, which is class 10
    assert "together they hold the id 10, but the recipe says classes: 10" in said
    assert len(told) == 1
