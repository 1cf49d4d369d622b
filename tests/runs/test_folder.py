"""What lies in a run's folder, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.validation import parse
from gan_zoo.runs.environment import describe_changes, describe_environment
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.origins import describe_origins

ABOUT = {"phase": "main", "step": 7}


@pytest.fixture
def run(tiny: Callable[..., Recipe], tmp_path: Path) -> RunFolder:
    return RunFolder.create(
        tmp_path / "runs" / "a", tiny(), None, 12, {"device": "cpu", "threads": 2}
    )


def test_a_run_remembers_how_it_was_made(run: RunFolder, tiny: Callable[..., Recipe]) -> None:
    opened = RunFolder.open(run.path)
    assert opened.recipe() == tiny()
    settings = opened.settings()
    assert settings["steps"] == 12
    assert settings["environment"]["computing"] == {"device": "cpu", "threads": 2}
    assert settings["environment"]["packages"]["torch"] == torch.__version__.partition("+")[0]
    plugins = json.loads((run.path / "plugins.json").read_text())
    assert {"generators", "discriminators", "losses", "data"} <= {p["plugin"] for p in plugins}
    assert {p["package"] for p in plugins} == {"gan-zoo"}


def test_every_value_has_its_origin(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: pix2pix\ngenerator:\n  width: 32\n  depth: 7\ndata: {load: [300, 300]}\n"
    )
    source = read_source(tmp_path / "mine.yaml", set={"generator.depth": 6})
    recipe = parse(Recipe, source)
    told = dict(line.split(": ", 1) for line in describe_origins(recipe, source).splitlines())
    assert told["generator.width"] == f"32  # {tmp_path}/mine.yaml:3"
    assert told["generator.depth"] == "6  # --set generator.depth=6"
    assert told["data.load"] == f"[300, 300]  # {tmp_path}/mine.yaml:5"
    assert told["generator.norm"].endswith("pix2pix.yaml:22")
    assert told["data.workers"] == "2  # default"
    assert told["phases.main.size"] == "null  # default"
    assert set(describe_origins(recipe, None).rsplit("# ")[-1:]) == {"python\n"}
    assert len(told) == len(describe_origins(recipe, None).splitlines())


def test_a_folder_that_holds_something_is_refused_with_the_cure(
    run: RunFolder, tiny: Callable[..., Recipe], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=f"exists; .* gan-zoo resume {run.path}"):
        RunFolder.create(run.path, tiny(), None, None)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("")
    with pytest.raises(UserError, match="exists and is no run; name another"):
        RunFolder.create(tmp_path / "other", tiny(), None, None)
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty", tiny(), None, None)


def test_an_output_that_cannot_be_written_is_a_user_s_mistake(
    tiny: Callable[..., Recipe], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/run cannot be written: Not a directory"):
        RunFolder.create(tmp_path / "file" / "run", tiny(), None, None)


@pytest.mark.parametrize(
    ("make", "told"), [("", "no such folder"), ("mkdir", "it holds no recipe.yaml")]
)
def test_what_is_no_run_is_told_from_what_is_none(tmp_path: Path, make: str, told: str) -> None:
    if make:
        (tmp_path / "x").mkdir()
    with pytest.raises(UserError, match=f"x is not a run: {told}"):
        RunFolder.open(tmp_path / "x")


def test_a_damaged_setting_is_named(run: RunFolder) -> None:
    (run.path / "run.json").write_text('{"steps": ')
    with pytest.raises(UserError, match=r"run\.json cannot be read"):
        run.settings()


def test_weights_come_back_as_they_were(run: RunFolder) -> None:
    weight = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    whole = torch.arange(6.0)
    state = {"w": weight, "tied": weight, "view": whole[2:], "n": torch.tensor(3)}
    run.save_weights("latest", {"generator": state, "conditions.a": {"x": whole}}, ABOUT)
    back = run.load_weights("latest", "generator")
    assert {name: back[name].dtype for name in state} == {n: t.dtype for n, t in state.items()}
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())
    assert load_file(run.path / "weights/latest/conditions.a.safetensors")["x"].equal(whole)
    assert run.weights_phase("latest") == "main"
    assert not list(run.path.rglob("*.tmp"))


def test_weights_that_are_not_there_name_what_is(run: RunFolder) -> None:
    with pytest.raises(UserError, match="no weights yet; it writes them with its first checkpoint"):
        run.weights_phase("latest")
    run.save_weights("latest", {"generator": {"w": torch.zeros(1)}}, ABOUT)
    with pytest.raises(UserError, match="weights/best is not there: the run keeps weights latest"):
        run.load_weights("best", "generator")
    with pytest.raises(UserError, match=r"discriminator\.safetensors is not there"):
        run.load_weights("latest", "discriminator")


def test_damaged_weights_are_named(run: RunFolder) -> None:
    run.save_weights("latest", {"generator": {"w": torch.zeros(100)}}, ABOUT)
    file = run.path / "weights/latest/generator.safetensors"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"generator\.safetensors is damaged"):
        run.load_weights("latest", "generator")


def test_weights_of_two_steps_are_refused(run: RunFolder) -> None:
    """What a kill between two renames leaves."""
    state = {"generator": {"w": torch.zeros(1)}}
    run.save_weights("latest", state, ABOUT)
    newer = RunFolder(run.path.with_name("b"))
    newer.save_weights("latest", state, {**ABOUT, "step": 8})
    file = "weights/latest/generator.safetensors"
    (newer.path / file).replace(run.path / file)
    with pytest.raises(UserError, match=r"of step 8, the rest of 7; gan-zoo resume .* whole"):
        run.load_weights("latest", "generator")


def test_the_log_is_cut_where_a_checkpoint_was(run: RunFolder) -> None:
    run.note({"step": 1})
    length = run.settle_log()
    run.note({"step": 2, "G": float("nan")})
    run.cut_log(length)
    assert run.log.read_text() == '{"step": 1}\n'


def test_the_log_is_json_whatever_the_numbers(run: RunFolder) -> None:
    bad = {"psnr": float("inf"), "l1": float("nan"), "worst": float("-inf"), "n": 0.5}
    run.note({"step": 1, "validation": bad})
    assert run.log.read_text() == (
        '{"step": 1, "validation": {"psnr": null, "l1": null, "worst": null, "n": 0.5}}\n'
    )


def test_the_end_of_a_run_can_be_moved(run: RunFolder) -> None:
    for steps in (40, None):
        run.end_at(steps)
        told = json.loads((run.path / "run.json").read_text())
        assert told == {"format": 1, "steps": steps, "recipe": run.recipe_digest()}
        assert run.settings()["steps"] == steps


def test_what_changed_since_the_start_is_told() -> None:
    before = describe_environment({"device": "cuda:0", "threads": 16})
    before["packages"] = {**before["packages"], "torch": "2.0.0"}
    now = describe_environment({"device": "cpu", "threads": 16, "precision": "float32"})
    torch_now = now["packages"]["torch"]
    assert describe_changes(before, now) == [f"torch 2.0.0 -> {torch_now}", "device cuda:0 -> cpu"]
    assert describe_changes({}, now) == []


def test_a_trained_run_changes_only_how_pictures_are_made(run: RunFolder) -> None:
    changed = RunFolder.open(run.path, {"inference.norm": "picture", "inference.dropout": True})
    inference = changed.recipe().inference
    assert (inference.norm, inference.dropout) == ("picture", True)
    told = "--set generator.width: the run is trained, and can change only inference.dropout, "
    with pytest.raises(UserError, match=re.escape(told)):
        RunFolder.open(run.path, {"generator.width": 8}).recipe()
    with pytest.raises(UserError, match=r"inference\.norm: 'batch' came"):
        RunFolder.open(run.path, {"inference.norm": "batch"}).recipe()
