"""`gan-zoo data check` decodes every file once, for what is wrong and for what is odd."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.interfaces import Sample
from gan_zoo.errors import DataError
from gan_zoo_data.files import pictures
from gan_zoo_data.folder_specs import PairedFolderSpec
from tests.cli.conftest import Command
from tests.data_tools.conftest import TRAIN, VAL, recipe
from tests.data_tools.test_check import constant, nothing, truncated, unreadable


@pytest.mark.parametrize("named", ["DIR", "RECIPE"])
@pytest.mark.parametrize("fault", [nothing, truncated, constant], ids=lambda one: one.__name__)
def test_every_file_is_decoded_once(
    fault: Callable[[Path], object],
    named: str,
    pairs: Path,
    zoo: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(pairs)
    path = recipe(pairs)
    whole = [*pairs.rglob("*.png")]
    decoded: list[Path] = []
    read = pictures.read

    def counted(path: Path, wanted: Any) -> Any:
        decoded.append(path)
        return read(path, wanted)

    monkeypatch.setattr(pictures, "read", counted)
    said = zoo("data", "check", pairs if named == "DIR" else path, "--json")
    assert said.code == (2 if fault is truncated else 0), said.err
    assert len(whole) == 2 * (TRAIN + VAL)
    assert sorted(decoded) == sorted(whole)


def test_all_samples_at_once_are_those_of_one_by_one(pairs: Path) -> None:
    unreadable(pairs)
    for options in ({}, {"load": [40, 40]}, {"crop": [32, 48], "direction": "b_to_a"}):
        spec = PairedFolderSpec.model_validate({"root": str(pairs), **options})
        for split in ("train", "val"):
            dataset: Any = spec.open(split)
            with read_once():
                swept = [*dataset.read_all()]
                assert spec.decode(split) == [str(one) for one in swept if not hasattr(one, "maps")]
            assert len(swept) == len(dataset)
            for index, one in enumerate(swept):
                if not isinstance(one, Sample):
                    with pytest.raises(DataError, match=re.escape(str(one))):
                        dataset.read(index, None)
                    continue
                alone = dataset.read(index, None)
                assert (one.name, one.files) == (alone.name, alone.files)
                assert all(torch.equal(map_, one.maps[name]) for name, map_ in alone.maps.items())
