"""What a call says of styles is its own: other threads hear nothing of it, and the user all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import gan_zoo
from gan_zoo.cli import app
from gan_zoo.evaluation.scores import evaluate
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.folder_specs import TINY
from tests.inference.styles.conftest import inputs
from tests.inference.test_threads import in_threads


def test_threads_are_told_of_their_own_styles_alone(translator: Translator) -> None:
    """Whose instance no picture has is refused in the call that named it, and in no other."""

    def ask(call: int) -> str:
        number = 1000 if call % 2 else 77
        try:
            translator(inputs(), style={f"instance:{number}": torch.zeros(3)})
        except gan_zoo.UserError as problem:
            return str(problem)
        return ""

    told = in_threads(ask, 200)
    assert {*told[::2]} == {"--style: there is no instance 77 here"}
    assert {*told[1::2]} == {""}


@pytest.mark.parametrize(
    ("style", "told"),
    [
        (None, "styles: the mean of the class; "),
        ("sample", "styles: sample; "),
        (["instance:1000=sample", "cluster:0"], "styles: instance:1000=sample, cluster:0; "),
        ("class:1=sample", "styles: class:1=sample, else the mean of the class; "),
        ({"instance:7": torch.zeros(3)}, "styles: instance:7=3 numbers, else the mean of the cl"),
    ],
    ids=str,
)
def test_a_translation_says_which_styles_it_takes(
    translator: Translator, style: object, told: str
) -> None:
    assert told in translator.describe(style)


def test_an_instance_that_no_file_has_is_refused_with_what_was_written(
    run: RunFolder, tmp_path: Path
) -> None:
    out, given = tmp_path / "out", tmp_path / "maps"
    for folder in ("train_label", "train_inst"):
        shutil.copytree(TINY / folder, given / folder)
    arguments = ["translate", str(run.path), str(given / "train_label"), str(out)]
    result = CliRunner().invoke(app, [*arguments, "--style", "instance:77=sample"])
    written = len([*out.rglob("*.png")])
    assert written > 1
    told = str(result.exception)
    assert isinstance(result.exception, gan_zoo.UserError)  # exit code 2
    assert "styles: instance:77=sample, else the mean of the class; " in result.output
    assert f"no instance 77 here; the pictures without it lie in {out}, {written} written" in told


@pytest.mark.parametrize(
    ("styles", "told"),
    [("own", "styles: each instance's own, of its target"), ("usual", "styles: the mean of the c")],
)
def test_previews_validation_and_evaluation_take_the_same_styles(
    run: RunFolder, styles: str, told: str
) -> None:
    """By one rule of the recipe, which the protocol of scores says."""
    folder = RunFolder(run.path, {"inference.styles": styles})
    translator = gan_zoo.load(folder, device="cpu")
    dataset = translator.recipe.data.open("test")
    samples = [dataset.read(n, None) for n in range(len(dataset))]
    of_targets = [translator.stylist.of_real(sample.maps) for sample in samples]
    apart = []
    for sample, own in zip(samples, of_targets, strict=True):
        given = {name: sample.maps[name] for name in translator.inputs}
        made = translator.picture(given, style=own if styles == "own" else None)
        apart.append((made.double() - sample.maps["target"].double()).abs().mean().item())
        shown = translator.picture(given, style=translator.style_of(sample.maps))  # as previews do
        assert torch.equal(made, shown)
    scores = evaluate(folder, metrics=["l1"], device="cpu")
    assert scores.scores["l1"] == pytest.approx(sum(apart) / len(apart), rel=1e-12)
    assert told in scores.model
