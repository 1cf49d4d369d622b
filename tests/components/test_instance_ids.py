"""Instances are counted from 0 in every sample, and nothing else notices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gan_zoo
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.instance_ids import DENSE, renumber, slot_maps
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import DataError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.testing.fixtures import batch_of
from gan_zoo.training.run import resume
from gan_zoo_conditions.boundary import Boundary
from gan_zoo_data.folder_specs import TINY, LabelFolderSpec
from gan_zoo_data.shipped_specs import ScenesSpec

SHAPES = {
    "label": Image(1, None, None, classes=9),
    "instance": Image(1, None, None, instances=6),
    "target": Image(3),
}
TINY_DATA = LabelFolderSpec(root=str(TINY), classes=3, ignore=(255,), workers=0)


def test_ids_are_counted_in_their_order() -> None:
    raw = torch.tensor([[[26001, 7, 7], [33005, 26001, 0]]], dtype=torch.int32)
    maps = {"label": raw.clone() % 9, "instance": raw, "target": torch.zeros(3, 2, 3)}
    made = renumber(maps, SHAPES)
    assert list(made) == ["label", "instance", "target", "instance_ids"]
    assert made["instance"].tolist() == [[[2, 1, 1], [3, 2, 0]]]
    assert made["instance_ids"].tolist() == [[[0, 7, 26001, 33005, -1, -1]]]
    assert (made["instance"].dtype, made["instance_ids"].dtype) == (torch.int32, torch.int32)
    assert made["label"] is maps["label"]
    assert made["target"] is maps["target"]
    assert maps["instance"] is raw


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0, 1, 255, 65535, 65536, DENSE - 1, DENSE, 2**31 - 1]), min_size=1),
    st.sampled_from([torch.int32, torch.int64]),
)
def test_raw_ids_come_back(ids: list[int], dtype: torch.dtype) -> None:
    raw = torch.tensor(ids, dtype=dtype).view(1, 1, -1)
    shapes = {"instance": Image(1, instances=8)}
    made = renumber({"instance": raw}, shapes)
    known = made["instance_ids"][0, 0]
    assert known[: len(set(ids))].tolist() == sorted(set(ids))
    assert set(known[len(set(ids)) :].tolist()) <= {-1}
    assert torch.equal(known[made["instance"].long()], raw.int())
    again = renumber({"instance": made["instance"]}, shapes)
    assert torch.equal(again["instance"], made["instance"])


def test_narrow_numbers_are_ids_too() -> None:
    raw = torch.from_numpy(np.array([[[3, 65535]]], np.uint16))
    assert renumber({"instance": raw}, SHAPES)["instance"].tolist() == [[[0, 1]]]


def test_too_many_are_refused_by_file() -> None:
    maps = {"instance": torch.arange(7).view(1, 1, 7)}
    with pytest.raises(DataError) as caught:
        renumber(maps, SHAPES, "a/b.png")
    assert str(caught.value) == (
        "a/b.png: instance holds 7 different ids, but there are 6 slots for them; say "
        "`instances: 7` or more in the data"
    )
    with pytest.raises(DataError, match="there is a map instance_ids, which is the name of"):
        renumber({**maps, "instance_ids": maps["instance"]}, SHAPES)


class Crowd:
    """One sample with more instances than there are slots."""

    def __len__(self) -> int:
        return 1

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        maps = {"instance": torch.arange(9, dtype=torch.int32).view(1, 3, 3)}
        return Sample("crowd", ("crowd.png",), maps)

    def describe(self) -> str:
        return "a crowd"


def loaded(dataset: Dataset, maps: dict[str, Image], workers: int = 0) -> list[Any]:
    plan = Plan(len(dataset), 2, seed=3, first_pass=0)
    steps = {"start": 0, "stop": plan.steps_a_pass}
    return list(read_batches(dataset, plan, **steps, workers=workers, pin=False, maps=maps))


@pytest.mark.parametrize("workers", [0, 1])
def test_the_loader_refuses_by_file(workers: int) -> None:
    with pytest.raises(DataError, match=r"crowd\.png: instance holds 9 different ids"):
        loaded(Crowd(), SHAPES, workers)


def test_the_loader_numbers_every_sample_by_itself() -> None:
    dataset, shapes = TINY_DATA.open("train"), TINY_DATA.maps()
    raw, made = loaded(dataset, {}), loaded(dataset, shapes)
    assert len(raw) == len(made) > 0
    for one, other in zip(raw, made, strict=True):
        assert one.names == other.names
        ids, known = other.maps["instance"], other.maps["instance_ids"]
        assert known.shape == (len(one.names), 1, 1, 512)
        assert other.maps["label"].equal(one.maps["label"])
        for sample in range(len(one.names)):
            found = one.maps["instance"][sample].unique()
            assert ids[sample].unique().tolist() == list(range(len(found)))
            assert torch.equal(
                known[sample, 0, 0][ids[sample].long()], one.maps["instance"][sample]
            )
        edges = [Boundary(map="instance")(batch.maps) for batch in (one, other)]
        assert torch.equal(*edges)
        assert edges[0].any()


# ------------------------------------------------------------------ in a run

SMALL = {
    "data": {"use": "scenes", "size": [32, 32], "samples": [6, 1, 1], "batch": 2, "workers": 0},
    "conditions": {"labels": {"use": "one_hot"}, "edges": {"use": "boundary"}},
    "generator": {"use": "unet", "width": 2, "depth": 3, "dropout": "paper"},
    "discriminator": {"width": 2, "layers": 1},
    "phases.main": {"epochs": None, "steps": 4, "schedule": None},
    "validation": None,
    "callbacks": None,
    "engine": {"device": "cpu", "accumulate": 2},
}


def recipe(**changes: Any) -> Recipe:
    return Recipe.load("scenes", set={**SMALL, **changes})


def test_resumed_runs_end_in_the_same_numbers(tmp_path: Path) -> None:
    quiet = Reporter(quiet=True)
    whole = gan_zoo.train(recipe(), tmp_path / "whole", reporter=quiet)
    gan_zoo.train(recipe(), tmp_path / "cut", reporter=quiet, steps=3)
    cut = resume(tmp_path / "cut", steps="all", reporter=quiet)
    for name in ("generator", "discriminator"):
        ours, theirs = (run.load_weights("latest", name) for run in (whole, cut))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


class Seen(Boundary):
    """Notes what it is given."""

    def __init__(self) -> None:
        super().__init__(map="instance")
        self.maps: list[dict[str, torch.Tensor]] = []

    def forward(self, maps: Any) -> torch.Tensor:
        self.maps.append(dict(maps))
        return super().forward(maps)


def test_translation_numbers_its_inputs_and_keeps_its_noise(tmp_path: Path) -> None:
    """The seed of dropout follows from the raw ids, whatever networks are given."""
    run = gan_zoo.train(recipe(), tmp_path / "run", reporter=Reporter(quiet=True))
    translator = gan_zoo.load(run, device="cpu")
    seen = translator.cast.conditions["edges"] = Seen()
    label = torch.randint(0, 9, (1, 33, 31), generator=torch.Generator().manual_seed(0)).int()
    maps = {"label": label, "instance": label * 1000}
    made = translator.output(maps)
    assert made.shape == (3, 33, 31)
    (given,) = seen.maps
    assert given["instance"].unique().tolist() == list(range(9))
    assert given["instance_ids"].shape == (1, 1, 1, 256)
    assert given["instance_ids"][0, 0, 0, :10].tolist() == [*range(0, 9000, 1000), -1]
    assert given["instance"].shape == (1, 1, 40, 32)  # padded
    assert torch.equal(made, translator.output(maps))
    assert maps["instance"].max() == 8000


def test_a_rehearsal_has_the_same_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    monkeypatch.setattr("gan_zoo_conditions.specs.BoundarySpec.build", lambda spec, maps: seen)
    (found,) = rehearse(recipe())
    assert found.peak_bytes > 0
    shapes = {name: tuple(tensor.shape) for name, tensor in seen.maps[0].items()}
    assert shapes["instance_ids"] == (2, 1, 1, 256)
    data = recipe().data
    real = Precision(torch.device("cpu"), "float32", "contiguous").receive(batch_of(data, 2))
    assert {name: tuple(tensor.shape) for name, tensor in real.items()} == shapes
    assert {n: t.dtype for n, t in real.items()} == {n: t.dtype for n, t in seen.maps[0].items()}


def test_slots_of_the_data() -> None:
    made: Sequence[str] = list(slot_maps(ScenesSpec().maps()))
    assert made == ["instance_ids"]
    assert slot_maps(SHAPES) == {"instance_ids": Image(1, 1, 6, instances=6)}
    assert slot_maps({"label": SHAPES["label"]}) == {}
