"""The papers' own score: its numbers by hand, its judge trained once and without a trace."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components import ContractError, Image, MetricContext, Sample, UserError, Values
from gan_zoo.components.at_hand import read_once
from gan_zoo.evaluation.measurement import build_metrics
from gan_zoo.testing import metrics
from gan_zoo.testing.painted import PaintedSpec
from gan_zoo_metrics import segmentation_training
from gan_zoo_metrics.segmentation import Segmentation, TrainedJudge, confusion, summary
from gan_zoo_metrics.segmentation_network import Judge
from gan_zoo_metrics.segmentation_specs import SegmentationSpec


class Red(nn.Module):
    """Class 1 where a picture is red."""

    def forward(self, photo: Tensor) -> Tensor:
        return torch.cat([torch.zeros_like(photo[:, :1]), photo[:, :1]], dim=1)


def sample(label: list[list[int]]) -> Sample:
    return Sample("one", ("one.png",), {"label": torch.tensor([label], dtype=torch.int32)})


def picture(red: list[list[int]]) -> Tensor:
    """Red where it says 1."""
    channel = torch.tensor(red, dtype=torch.uint8) * 255
    return torch.stack([channel, torch.zeros_like(channel), torch.zeros_like(channel)])


def test_the_three_numbers_are_those_of_one_confusion_matrix() -> None:
    judge = TrainedJudge(Red(), 2, "cpu", {"weights": "none"})
    metric = Segmentation(judge=judge, label="label")
    truth = [[0, 0, 1, 1], [0, 0, 1, 255]]  # 255 is no class: it does not count
    metric.update(
        picture([[0, 1, 1, 1], [0, 0, 0, 1]]), picture(truth_as_red(truth)), sample(truth)
    )
    metric.update(picture([[1] * 4, [1] * 4]), picture([[1] * 4] * 2), sample([[1] * 4] * 2))
    # class 0: 4 true, 3 found right, 1 as 1; class 1: 3 + 8 true, 2 + 8 right, 1 as 0
    score = metric.compute()
    assert score["pixel_accuracy"] == pytest.approx(13 / 15)
    assert score["class_accuracy"] == pytest.approx((3 / 4 + 10 / 11) / 2)
    assert score["mean_iou"] == pytest.approx((3 / (4 + 4 - 3) + 10 / (11 + 11 - 10)) / 2)
    assert metric.values() == {"pixel_accuracy": [pytest.approx(5 / 7), 1.0]}
    assert metric.beside()["mean_iou"] == {"ceiling": 1.0}
    assert metric.protocol() == {"weights": "none"}


def truth_as_red(label: list[list[int]]) -> list[list[int]]:
    return [[int(one == 1) for one in row] for row in label]


def test_a_class_that_no_label_holds_does_not_count() -> None:
    counts = confusion(torch.tensor([[0, 2]]), torch.tensor([[0, 0]]), 3)
    assert counts.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert summary(counts) == {
        "mean_iou": 0.5,
        "pixel_accuracy": 0.5,
        "class_accuracy": 0.5,
    }
    assert all(np.isnan(value) for value in summary(torch.zeros(3, 3)).values())


@pytest.mark.parametrize("size", [(64, 64), (33, 70), (97, 32)])
def test_a_judge_takes_any_size(size: tuple[int, int]) -> None:
    judge = Judge(encoder="resnet10t", channels=2, classes=5, width=4).eval()
    assert judge(torch.zeros(1, 2, *size)).shape == (1, 5, *size)


def context(tmp_path: Path, said: list[str]) -> MetricContext:
    return replace(metrics.context(), cache=tmp_path / "cache", say=said.append)


def test_the_judge_is_trained_once_and_leaves_the_generators(tmp_path: Path) -> None:
    said: list[str] = []
    spec: Any = SegmentationSpec.example()
    at = context(tmp_path, said)
    torch.manual_seed(3), random.seed(3), np.random.seed(3)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    [first] = build_metrics({"s": spec}, at).values()
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]
    assert said[0].startswith("segmentation: training the judge (resnet10t, ")
    assert "on 8 photos and label maps of train" in said[0]
    count = len(said)
    [again] = build_metrics({"s": spec}, at).values()
    assert len(said) == count  # from the cache
    assert first.protocol() == again.protocol()
    other = build_metrics({"s": spec.model_copy(update={"judge_seed": 1})}, at)["s"]
    assert len(said) == 2 * count
    assert other.protocol()["weights"] != first.protocol()["weights"]
    for pair in metrics.pictures():
        first.update(*pair)
    assert first.beside()["pixel_accuracy"]["ceiling"] > 0.6  # of five classes, in seconds


class FloatSpec(PaintedSpec, name="floats"):
    """The same pictures as floats."""

    def values(self, name: str) -> Values:
        return Values("float32", 0, 1)

    def open(self, split: str, size: Any = None) -> Any:
        return Floats(super().open(split, size))


class Floats:
    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def read(self, index: int, draw: Any) -> Sample:
        read = self.dataset.read(index, draw)
        return replace(read, maps={**read.maps, "target": read.maps["target"] / 127.5 - 1})


def test_the_judge_sees_floats_as_8_bits(tmp_path: Path) -> None:
    eight = context(tmp_path, [])
    floats = replace(eight, data=FloatSpec(), learned=FloatSpec())
    plan = segmentation_training.Plan("label", "resnet10t", 1, 0)
    seen = []
    for at in (eight, floats):
        draw, training = np.random.default_rng(0), at.dataset("train")
        [(photos, _), *_] = segmentation_training._batches(plan, at, training, [0, 1, 2], draw)
        red: Any = Red()
        score = segmentation_training._score(red, plan, at, training, [0, 1])
        seen.append((photos, score))
    assert torch.equal(seen[0][0], seen[1][0])
    assert seen[0][1] == seen[1][1]


def test_a_run_looks_its_judge_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, spec = context(tmp_path, []), SegmentationSpec.example()
    calls: list[int] = []
    whole = segmentation_training._fingerprint
    monkeypatch.setattr(
        segmentation_training, "_fingerprint", lambda *given: calls.append(1) or whole(*given)
    )
    with read_once():  # as a run does
        judges = [spec.build(at).judge for _ in range(3)]  # type: ignore[attr-defined]
    assert len(calls) == 1
    assert judges[0] is judges[2]
    spec.build(at)
    assert len(calls) == 2


def test_an_unlike_map_is_refused_with_the_cure() -> None:
    maps = {"label": Image(1, 8, 8), "other": Image(1, 8, 8, classes=3), "target": Image(3, 8, 8)}
    with pytest.raises(ContractError, match="label is no map of classes; name other") as caught:
        SegmentationSpec().check(maps)
    assert caught.value.option == "label"
    with pytest.raises(ContractError, match="timm has no model 'resnet81'"):
        SegmentationSpec(label="other", encoder="resnet81").check(maps)


def test_a_transformer_of_one_size_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    said: list[str] = []
    spec = SegmentationSpec(encoder="vit_tiny_patch16_224")
    with pytest.raises(UserError, match=r"vit_tiny_patch16_224 cannot judge pictures of any size"):
        spec.build(context(tmp_path, said))
    assert said == []


def test_of_two_judges_that_are_trained_at_once_the_first_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "judge.safetensors"
    judges = [Judge(encoder="resnet10t", channels=3, classes=2, width=4) for _ in range(2)]
    segmentation_training._keep(judges[0], file)
    before = file.read_bytes()
    segmentation_training._keep(judges[1], file)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_other_data_is_judged_by_the_run_s_own_judge(tmp_path: Path) -> None:
    said: list[str] = []
    at = replace(context(tmp_path, said), split="test")
    spec: Any = SegmentationSpec.example()
    own = spec.build(at).protocol()

    class TestOnly(PaintedSpec, name="test_only"):
        def open(self, split: str, size: Any = None) -> Any:
            if split != "test":
                raise UserError(f"has no split '{split}'")
            return super().open(split, size)

    moved = replace(at, data=TestOnly())
    assert spec.build(moved).protocol() == own
