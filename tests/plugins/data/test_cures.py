"""Label folders that are wrong as a whole: one message, whose cure cures."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from gan_zoo.errors import DataError
from gan_zoo_data.faults import Instead, Misfit, group_faults
from tests.plugins.data.making import LABELS, ids, labelled, picture, save, triple


def test_a_wrong_number_of_classes_is_told_once(tmp_path: Path) -> None:
    """With the ids of all files, whichever of them each holds."""
    triple(tmp_path, "0123456789abcde")
    for number in range(9):
        save(tmp_path / f"train_label/{number}.png", ids([[0, number % 5] * 3] * 4))
    [told] = labelled(tmp_path, classes=2).decode("train")
    first = ", ".join(f"{tmp_path}/train_label/{name}.png" for name in "234")
    assert told.startswith(f"11 files ({first}, ...): together they hold the ids 2, 3, 4, but the")
    assert "say `ignore: [2, 3, 4]` where they are no classes, `classes: 5` where they are" in told


@pytest.mark.parametrize(
    ("classes", "cure"),
    [
        (2, "say `remap: {255: 1}`; only where 255 means unlabeled, say `ignore: [255]`"),
        (3, "say `remap: {255: 1}` and `classes: 2`; only where 255 means unlabeled, say"),
    ],
)
def test_a_mask_is_told_a_mask_s_cure(tmp_path: Path, classes: int, cure: str) -> None:
    for name, values in (("a", [[0, 255] * 3] * 4), ("b", [[255] * 6] * 4), ("c", [[0] * 6] * 4)):
        triple(tmp_path, name)
        save(tmp_path / f"train_label/{name}.png", ids(values))
    [told] = labelled(tmp_path, classes=classes).decode("train")
    assert told.startswith(f"2 files ({tmp_path}/train_label/a.png, {tmp_path}/train_label/b.png)")
    assert f"as a mask of 0 and 255 it has two classes, whose ids are 0 and 1: {cure}" in told
    assert labelled(tmp_path, classes=classes, ignore=[255]).decode("train") == []
    assert labelled(tmp_path, classes=2, remap={255: 1}).decode("train") == []


def apart(root: Path, label: str, target: str, names: str = "ab") -> None:
    """Label maps and photos whose names end differently."""
    for name in names:
        save(root / f"train_label/{name}{label}.png", ids(LABELS))
        save(root / f"train_img/{name}{target}.bmp", picture())


@pytest.mark.parametrize(
    ("label", "target", "names"),
    [("_seg", "_photo", "ab"), ("_seg", "", "ab"), ("", "-rgb", "ab"), ("_seg", "_photo", "a")],
)
def test_names_that_end_differently_are_told_the_option(
    tmp_path: Path, label: str, target: str, names: str
) -> None:
    """The message's own cure cures."""
    apart(tmp_path, label, target, names)
    [told] = labelled(tmp_path, instance=False).inspect("train")
    one, other = (ending or "''" for ending in (label, target))
    assert told == (
        f"{tmp_path}/train_label and {tmp_path}/train_img have no name in common: a{label}, ... "
        f"and a{target}, ...; what names end in may differ if the data says so: "
        f"`suffixes: {{label: {one}, target: {other}}}`"
    )
    cured = labelled(tmp_path, instance=False, suffixes={"label": label, "target": target})
    assert cured.inspect("train") == []


def test_names_with_nothing_in_common(tmp_path: Path) -> None:
    for name in "ab":
        save(tmp_path / f"train_label/{name}.png", ids(LABELS))
        save(tmp_path / f"train_img/{name}{name}x.bmp", picture())
    [told] = labelled(tmp_path, instance=False).inspect("train")
    assert told.endswith(
        "may differ if the data says so: `suffixes`. Or name the files in a table: `use: manifest`"
    )


def test_wrong_suffixes(tmp_path: Path) -> None:
    apart(tmp_path, "_seg", "_photo")
    given = {"label": "_s", "target": "_photo"}
    assert labelled(tmp_path, instance=False, suffixes=given).inspect("train") == [
        f"no name in {tmp_path}/train_label ends in _s, as `suffixes` says: a_seg.png, ...; "
        "correct `suffixes`"
    ]
    for suffix, stem in (("_seg.png", "_seg"), (".PNG", "''")):
        with pytest.raises(ValidationError) as caught:
            labelled(tmp_path, suffixes={"label": suffix})
        assert caught.value.errors()[0]["msg"] == (
            f"'{suffix}' came for label, but names are compared without their .{suffix[-3:]}; say "
            f"label: {stem}"
        )


def test_a_misfit_survives_a_process_that_reads_ahead(tmp_path: Path) -> None:
    """It is handed on as a message alone, and is still told as what it is."""
    misfit = Misfit.of(tmp_path / "x.png", Instead("grey"))
    for handed_on in (pickle.loads(pickle.dumps(misfit)), Misfit(str(misfit))):
        assert isinstance(handed_on, DataError)
        assert str(handed_on) == f"{tmp_path}/x.png is grey"
        assert group_faults([handed_on, "another"]) == [f"{tmp_path}/x.png is grey", "another"]
