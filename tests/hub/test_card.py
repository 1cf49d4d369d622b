"""The card of a model: hubs read its head, people its page, and what it tells to type works."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from PIL import Image

import gan_zoo
from gan_zoo.evaluation.score_files import Score, write_scores
from gan_zoo.hub.card import PUBLIC, UNSAID
from gan_zoo.hub.evidence import samples_of, scores_elsewhere, scores_of
from gan_zoo.runs.folder import RunFolder
from tests.hub.conftest import Typed
from tests.inference.conftest import Told, grey, picture
from tests.inference.styles.conftest import inputs

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^gan-zoo (translate .*) INPUTS OUTPUTS$", re.MULTILINE)


def card(folder: Path) -> str:
    return (folder / "README.md").read_text()


def head(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(card(folder).split("---\n")[1])
    return found


def kept(run: RunFolder) -> dict[str, Any]:
    """The score of the run's validation, as its file has it."""
    told = json.loads((run.path / "scores/val-000002.json").read_text())
    score: dict[str, Any] = told["scores"]["l1"]
    return score


def test_the_head_is_what_hubs_read(run: RunFolder, pushed: Path) -> None:
    said = head(pushed)
    score = kept(run)
    assert said == {
        "license": "mit",
        "library_name": "gan-zoo",
        "pipeline_tag": "image-to-image",
        "tags": ["gan-zoo", "gan", "image-to-image", "unet"],
        "model-index": [
            {
                "name": "pushed",
                "results": [
                    {
                        "task": {"type": "image-to-image"},
                        "dataset": {"name": "emoji", "type": "emoji", "split": "val"},
                        "metrics": [
                            {
                                "type": "l1",
                                "name": f"l1, protocol {score['id']}",
                                "value": score["value"],
                            }
                        ],
                    }
                ],
            }
        ],
    }
    read = ModelCard(card(pushed)).data
    assert (read.license, read.library_name, read.pipeline_tag) == (
        *("mit", "gan-zoo", "image-to-image"),
    )
    [result] = read.eval_results
    assert (result.metric_type, result.metric_value) == ("l1", score["value"])
    assert (result.dataset_name, result.dataset_split) == ("emoji", "val")


def test_the_page_tells_what_people_ask(run: RunFolder, pushed: Path) -> None:
    page, score = card(pushed), kept(run)
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    assert headings == [
        *("pushed", "How to use", "Scores", "Data", "What it is not for", "Recipe", "License"),
    ]
    assert (
        "Takes `source` (grey) and makes `target` (color), at any size, learned at 64x64." in page
    )
    generator = gan_zoo.load(pushed, device="cpu").networks()["generator"]
    parameters = sum(tensor.numel() for tensor in generator.parameters())
    assert f"These are the weights latest of step 2: {parameters:,} parameters." in page
    row = f"| l1 | {score['value']:.4g} | lower is better | val | 40 | {score['id']} |"
    assert row in page
    assert f"- {score['id']}: {score['protocol']['measures']}; val, 40 pictures at 64x64" in page
    assert "![Samples](samples.png)" in page
    assert (
        "*As training showed them at step 2: 2 samples of the split `val`, from left to right: "
        "source, target, output.*"
    ) in page
    assert re.search(
        r"^- train: 560 pairs; fingerprint of names and sizes [0-9a-f]{16}$", page, re.M
    )
    assert re.search(r"^- val: 40 pairs; fingerprint of names and sizes [0-9a-f]{16}$", page, re.M)
    assert "\n\nEmoji; MIT.\n\n" in page
    assert UNSAID not in page
    assert "no measurement and no diagnosis" in page
    assert (pushed / "recipe.yaml").read_text() in page
    with Image.open(pushed / "samples.png") as sheet:
        assert sheet.width > sheet.height > 100


def test_the_lines_to_copy_work(
    pushed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    monkeypatch.chdir(pushed.parent)
    given = tmp_path / "input.png"
    grey(picture(48, 64)).save(given)
    [code] = PYTHON.findall(card(pushed))
    assert len([line for line in code.splitlines() if line]) == 3
    made = tmp_path / "output.png"
    exec(code.replace('"input.png"', repr(str(given))).replace('"output.png"', repr(str(made))), {})
    with Image.open(made) as file:
        assert (file.mode, file.size) == ("RGB", (64, 48))
    [command] = COMMAND.findall(card(pushed))
    assert typed(f"{command} {given} {tmp_path}/again.png --device auto")[0] == 0
    assert (tmp_path / "again.png").read_bytes() != b""


def test_a_model_of_several_maps_is_called_by_them(
    styled: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gan_zoo.push(styled, tmp_path / "model", license="cc-by-4.0", samples=False)
    page = card(tmp_path / "model")
    [code] = PYTHON.findall(page)
    for name, ids in inputs().items():
        Image.fromarray(ids[0].numpy().astype("uint16")).save(f"{name}.png")
    assert '{"label": "label.png", "instance": "instance.png"}' in code
    exec(code, {})
    with Image.open("output.png") as file:
        assert file.size == (24, 16)
    assert "Takes `label` (a map of 3 classes) and `instance` (a map of instances)" in page
    assert "- `label_folder` in a folder called `tiny`" in page
    assert "![" not in page
    assert "None: nothing but the pictures tells how good these weights are." in page
    assert UNSAID in page
    assert "model-index" not in head(tmp_path / "model")


def test_another_license_has_its_text(styled: RunFolder, tmp_path: Path) -> None:
    link = "https://example.org/licenses/ours-2"
    gan_zoo.push(styled, tmp_path / "m", license="other", license_link=link)
    said = head(tmp_path / "m")
    assert (said["license"], said["license_name"], said["license_link"]) == (
        *("other", "ours-2", link),
    )


def test_a_statement_may_be_a_file(styled: RunFolder, tmp_path: Path) -> None:
    statement = tmp_path / "data.md"
    statement.write_text("Streets of two cities.\n\n- License: CC BY 4.0\n")
    gan_zoo.push(styled, tmp_path / "m", license="mit", data_statement=str(statement))
    assert "\n\nStreets of two cities.\n\n- License: CC BY 4.0\n\n## What" in card(tmp_path / "m")


def test_samples_are_of_the_weights_or_before_them(run: RunFolder, tmp_path: Path) -> None:
    other = RunFolder(tmp_path)
    for step in (1, 3, 5):
        sheet = tmp_path / f"previews/main-{step:06d}.png"
        sheet.parent.mkdir(exist_ok=True)
        sheet.write_bytes((run.path / "previews/main-000002.png").read_bytes())
    for name, step in {"early": 0, "latest": 4, "best": 3}.items():
        other.save_weights(name, {}, {"phase": "main", "step": step})
    found = {name: samples_of(other, name) for name in ("early", "latest", "best")}
    assert {name: one.step for name, one in found.items() if one} == {
        **{"early": 1, "latest": 3, "best": 3},
    }
    shutil.rmtree(tmp_path / "previews")
    assert samples_of(other, "latest") is None


def test_scores_on_other_data_are_left_out_and_that_is_said(
    run: RunFolder, pushed: Path, tmp_path: Path
) -> None:
    copy = RunFolder(Path(shutil.copytree(run.path, tmp_path / "run")))
    own = scores_of(copy, "latest")
    score = Score(value=0.123456, lower_is_better=True, protocol={"measures": "elsewhere"})
    other = replace(own[0], split="test", digest="f" * 16, measured={"l1": score})
    path = write_scores(copy.path, other, elsewhere=True)
    assert scores_of(copy, "latest") == own
    assert scores_elsewhere(copy, "latest") == [path]
    told = Told()
    gan_zoo.push(copy, tmp_path / "out", license="mit", data_statement="x", reporter=told)
    assert (
        head(tmp_path / "out")["model-index"][0]["results"]
        == (head(pushed)["model-index"][0]["results"])
    )
    assert "0.1235" not in card(tmp_path / "out")
    assert f"Left out of the card: {path}, scores on other data" in "\n".join(told.lines())


@pytest.mark.parametrize("name", ["hf://huggan/facades", "hf://datasets/huggan/facades"])
def test_public_data_is_named_as_hubs_know_it(name: str) -> None:
    found = PUBLIC.fullmatch(name)
    assert found is not None
    assert found[1] == "huggan/facades"
    assert PUBLIC.fullmatch("copies/hf://huggan/facades") is None


def test_scores_are_of_the_weights_alone(run: RunFolder) -> None:
    assert [scores.split for scores in scores_of(run, "latest")] == ["val"]
    assert [scores.split for scores in scores_of(run, "best")] == ["val"]
    run.save_weights("average", {}, {"phase": "main", "step": 2})
    assert scores_of(run, "average") == []
    shutil.rmtree(run.path / "weights/average")
