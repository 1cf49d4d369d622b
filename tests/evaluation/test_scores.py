"""Scores: of the very pictures that translate writes, with their protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PIL

import gan_zoo
from gan_zoo.cli.terminal.scores import print_scores
from gan_zoo.components.interfaces import Sample
from gan_zoo.components.shapes import Image
from gan_zoo.components.watching import MetricSpec
from gan_zoo.errors import UserError
from gan_zoo.evaluation.baselines import classes
from gan_zoo.evaluation.measurement import Measured
from gan_zoo.evaluation.score_files import Score, Scores
from gan_zoo.evaluation.scores import evaluate
from gan_zoo.inference.files import translate_files
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

TINY = {
    "generator.width": 4,
    "generator.depth": 4,
    "generator.dropout": "paper",
    "init.gain": 0.5,
    "discriminator": None,
    "optimizers.discriminator": None,
    "losses.gan": None,
    "inference": {"norm": "picture", "dropout": True},
    "data.workers": 0,
    "phases.main": {"epochs": None, "steps": 2},
}
Lines = dict[str, list[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    recipe = Recipe.load("quickstart", set=TINY)
    return gan_zoo.train(
        recipe, tmp_path_factory.mktemp("evaluate") / "run", reporter=Reporter(quiet=True)
    )


def by_hand(outputs: Path, targets: Path) -> float:
    """The L1 of PNG files, with numpy alone."""
    scores = []
    for path in sorted(outputs.glob("*.png")):
        made, real = (
            np.asarray(PIL.open(p), dtype=np.float64) for p in (path, targets / path.name)
        )
        scores.append(np.abs(made - real).mean())
    assert scores
    return float(np.mean(scores))


def table(said: str) -> Lines:
    """Metric -> the figures beside it."""
    rows = [line.split() for line in said.splitlines() if line.startswith("  ")]
    return {row[0]: row[1:] for row in rows}


def test_the_figure_is_that_of_the_written_files(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = run.recipe().data
    inputs: Path = data.test_inputs  # type: ignore[attr-defined]
    targets = inputs.parents[1] / "B" / "test"
    count = translate_files(run, inputs, tmp_path, device="cpu")
    scores = evaluate(run, baseline="median", device="cpu")
    capsys.readouterr()
    print_scores(scores)
    said = capsys.readouterr().out
    found = table(said)
    assert found["metric"] == ["test", "median", "id"]
    assert found["l1"][0] == f"{by_hand(tmp_path, targets):.4f}"
    assert (scores.pictures, scores.size) == (count, (64, 64))

    training = sorted((targets.parent / "train").glob("*.png"))
    middle = np.median([np.asarray(PIL.open(path)) for path in training], axis=0).round()
    constant = [np.abs(middle - np.asarray(PIL.open(p), float)).mean() for p in targets.iterdir()]
    assert found["l1"][1] == f"{np.mean(constant):.4f}"
    assert "| mean over pictures of the mean absolute difference of 8-bit values" in said
    assert found["l1"][2] == scores.measured["l1"].id
    assert "norm statistics each picture's own, dropout on; cpu" in said


def test_scores_as_data(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    scores = evaluate(run, metrics=["psnr"], split="val", device="cpu")
    print_scores(scores, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert {name: one["value"] for name, one in told["scores"].items()} == scores.scores
    assert list(told["scores"]) == ["psnr"]
    assert (told["split"], len(told["data"]["names"])) == ("val", 40)
    kept = run.path / "scores" / "val-000002.json"
    assert json.loads(kept.read_text()) == told


def test_metrics_are_those_of_validation_else_the_plain_ones(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan_zoo.evaluation import scores as module

    asked: list[dict[str, MetricSpec]] = []
    whole = module.measure

    def measure(translator: Any, dataset: Any, metrics: Any, at: Any, **how: Any) -> Measured:
        asked.append(metrics)
        return whole(translator, dataset, metrics, at, **how)

    monkeypatch.setattr(module, "measure", measure)
    wanted = run.recipe().validation
    assert wanted is not None
    evaluate(run, device="cpu")
    assert asked == [wanted.metrics]
    recipe = Recipe.load("quickstart", set={**TINY, "validation": None})
    alone = gan_zoo.train(recipe, tmp_path / "alone", reporter=Reporter(quiet=True))
    assert list(evaluate(alone, device="cpu").scores) == ["l1", "psnr"]


def test_metrics_may_come_themselves_by_names_of_ones_own(run: RunFolder) -> None:
    specs = {name: Zoo.installed().get("metric", name)() for name in ("l1", "sharpness")}
    mine: Any = {"difference": specs["l1"], "texture": specs["sharpness"]}
    scores = evaluate(run, metrics=mine, device="cpu")
    assert list(scores.scores) == ["difference", "texture"]
    named = evaluate(run, metrics=["l1"], device="cpu").measured["l1"]
    assert scores.measured["difference"] == named
    assert scores.measured["difference"].id == named.id
    lpips = Zoo.installed().get("metric", "lpips").model_validate({"weights": "/no/alex.pth"})
    with pytest.raises(UserError, match=r"look: weights: there is no file /no/alex.pth"):
        evaluate(run, metrics={"look": lpips}, device="cpu")  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"metrics": ["psmr"]}, "unknown metric 'psmr'; did you mean psnr?"),
        ({"split": "tset"}, "has no split 'tset'"),
        ({"data": "elsewhere"}, "data: emoji has no root that could be changed"),
        ({"device": "gpu"}, "device: gpu came"),
    ],
    ids=str,
)
def test_mistakes(run: RunFolder, options: dict[str, str], told: str) -> None:
    with pytest.raises(UserError) as caught:
        evaluate(run, **{"device": "cpu", **options})
    assert told in str(caught.value)


def test_other_data_in_the_same_layout(tmp_path: Path) -> None:
    sample = np.random.default_rng(0).integers(0, 256, (2, 16, 32, 3), dtype=np.uint8)
    for root in ("mine", "other"):
        for split in ("train", "test"):
            folder = tmp_path / root / split
            folder.mkdir(parents=True)
            for number, pair in enumerate(sample[: 1 if root == "other" else 2]):
                PIL.fromarray(pair).save(folder / f"{number}.png")
    data = {"use": "paired_folder", "root": str(tmp_path / "mine"), "flip": 0.0}
    recipe = Recipe.load("quickstart", set={**TINY, "data": data, "validation": None})
    recipe = recipe.model_copy(update={"callbacks": {}})
    run = gan_zoo.train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    own = evaluate(run, device="cpu")
    other = evaluate(run, data=tmp_path / "other", device="cpu")
    assert (own.pictures, other.pictures) == (2, 1)
    assert str(tmp_path / "other") in other.data


def some_scores(value: float, **changes: Any) -> Scores:
    protocol = {
        "split": "test",
        "pictures": 3,
        "size": [64, 32],
        "bits": 8,
        "data": "aa",
        "measures": "dB",
        "options": {},
        "styles": "",
        "judge": None,
    }
    measured = {"psnr": Score(value, False, protocol, (value, 1.0, 2.0))}
    names = ("a", "b", "c")
    made = Scores(
        "main", 2, "latest", "test", "", "cpu", "3 pairs", "aa", names, (64, 32), measured
    )
    return replace(made, **changes)


def test_scores_say_the_size_and_json_knows_no_infinity(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scores = some_scores(float("inf"))
    print_scores(scores)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "3 pairs",
        "pictures at 64x32 (height x width)",
        "cpu",
    ]
    print_scores(replace(scores, size=None))
    assert "\npictures at their own sizes\n" in capsys.readouterr().out
    beside = {"median": some_scores(float("nan")).measured}
    print_scores(replace(scores, baseline=beside), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["scores"]["psnr"]["value"] is None
    assert told["scores"]["psnr"]["values"] == [None, 1.0, 2.0]
    assert told["baseline"]["median"]["psnr"]["value"] is None
    assert told["size"] == [64, 32]


class Two:
    """Two samples of a label map and a picture of one channel."""

    labels = ([[0, 0, 1, 1]], [[0, 1, 1, 2]])
    pictures = ([[10, 30, 200, 100]], [[20, 150, 250, 7]])

    def __len__(self) -> int:
        return 2

    def read(self, index: int, draw: object) -> Sample:
        label = torch.tensor(self.labels[index], dtype=torch.int32)[None]
        picture = torch.tensor(self.pictures[index], dtype=torch.uint8)[None]
        return Sample(f"{index}", (f"{index}.png",), {"label": label, "target": picture})

    def describe(self) -> str:
        return "two"


def test_every_class_is_painted_in_its_median_color() -> None:
    maps = {"target": Image(1), "label": Image(1, classes=4)}
    painter = classes(Two(), maps, "target")
    unseen = torch.tensor([[[0, 1, 2, 3]]], dtype=torch.int32)
    made = painter(Sample("new", ("new.png",), {"label": unseen}))
    # class 0: 10 20 30; class 1: 100 150 200 250, the lower middle; 2: 7; all: 7 10 20 30 100 ...
    assert made.tolist() == [[[20, 150, 7, 30]]]
    assert made.dtype == torch.uint8


def test_a_baseline_of_classes_needs_a_label_map(run: RunFolder) -> None:
    with pytest.raises(UserError, match=r"no label map, only source, target; use median"):
        evaluate(run, baseline="classes", device="cpu")
