"""A checkpoint that is not whole is never taken for one; the one before it is, and that is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.runs import checkpoint
from gan_zoo.runs.checkpoint import META, TENSORS, Position

Program = Callable[..., tuple[int, str]]

STATE: dict[str, Any] = {
    "networks": {"generator": {"w": torch.randn(5, 3), "n": torch.tensor(7)}},
    "optimizers": {"generator": {"generator.w": {"step": 3, "rate": 0.1 + 0.2, "none": None}}},
}


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    position = Position("main", 5, 12, passes=2, log_bytes=99, best=0.1 + 0.2)
    path = checkpoint.save(tmp_path, position, STATE)
    again, state = checkpoint.load(path)
    assert again == position
    weight = state["networks"]["generator"]["w"]
    assert torch.equal(weight, STATE["networks"]["generator"]["w"])
    assert state["optimizers"] == STATE["optimizers"]


def test_the_last_two_are_kept_and_leftovers_go(tmp_path: Path) -> None:
    (tmp_path / ".step-000000002.tmp").mkdir()
    for step in (1, 2, 3):
        checkpoint.save(tmp_path, Position("main", step=step), STATE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000000002", "step-000000003"]


@pytest.mark.parametrize("cut_at", [None, 1, 2])
def test_one_is_whole_at_every_moment_while_it_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int | None
) -> None:
    """Cut before the n-th rename of folders: the old one is there, or put back."""
    first = checkpoint.save(tmp_path, Position("main", step=1, best=1.0), STATE)
    rename, renames = Path.rename, 0

    def renamed(path: Path, target: Path) -> Path:
        nonlocal renames
        renames += 1
        if renames == cut_at:
            raise KeyboardInterrupt
        return rename(path, target)

    again = Position("main", step=1, best=2.0)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", renamed)
        if cut_at is None:
            checkpoint.save(tmp_path, again, STATE)
        else:
            with pytest.raises(KeyboardInterrupt):
                checkpoint.save(tmp_path, again, STATE)
    assert renames == (cut_at or 2)
    assert checkpoint.saved(tmp_path) == ([] if cut_at == 2 else [first])  # the aside is no name
    dropped = checkpoint.drop_unfinished(tmp_path)
    assert [p.name for p in dropped] == ([".step-000000001.tmp"] if cut_at else [])
    assert checkpoint.load(first)[0].best == (1.0 if cut_at else 2.0)
    assert [p.name for p in tmp_path.iterdir()] == [first.name]


def truncated(path: Path) -> None:
    file = path / TENSORS
    file.write_bytes(file.read_bytes()[:-3])


def flipped(path: Path) -> None:
    file = path / TENSORS
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(bytes(data))


def without_meta(path: Path) -> None:
    (path / META).unlink()


def without_tensors(path: Path) -> None:
    (path / TENSORS).unlink()


def half_meta(path: Path) -> None:
    (path / META).write_text((path / META).read_text()[:40])


def other_format(path: Path) -> None:
    meta = json.loads((path / META).read_text())
    (path / META).write_text(json.dumps({**meta, "format": 2}))


def empty(path: Path) -> None:
    for file in path.iterdir():
        file.write_bytes(b"")


DAMAGE: dict[Any, str] = {
    truncated: "the checksum of tensors.safetensors is wrong",
    flipped: "the checksum of tensors.safetensors is wrong",
    without_meta: "state.json: No such file",
    without_tensors: "tensors.safetensors: No such file",
    half_meta: "state.json does not tell what it should",
    other_format: "state.json has the format 2; 1 was expected",
    empty: "state.json does not tell what it should",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__)
def test_damage_is_told(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = checkpoint.save(tmp_path, Position("main", step=1), STATE)
    damage(path)
    with pytest.raises(ValueError, match=DAMAGE[damage]):
        checkpoint.load(path)


@pytest.fixture(scope="module")
def run(
    program: Program, recipes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished run with the checkpoints of steps 12 and 14."""
    path = tmp_path_factory.mktemp("torn") / "run"
    assert program("run", recipes["one"], "--out", path)[0] == 0
    return path


@pytest.mark.parametrize("damage", [truncated, without_meta], ids=lambda f: f.__name__)
def test_resume_takes_the_one_before_and_says_so(
    program: Program,
    straight: dict[str, Any],
    results: Any,
    run: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    damage(copy / "state/step-000000014")
    (copy / "state/.step-000000015.tmp").mkdir()
    code, told = program("resume", copy)
    assert code == 0, told
    assert "step-000000014 is damaged (" in told
    assert "taking the one before it" in told
    assert ".step-000000015.tmp was being written when the run was cut" in told
    assert "Phase main: 2 steps" in told
    assert results(copy) == straight["one"]


def test_without_a_whole_checkpoint_a_run_is_not_begun_anew(
    program: Program, run: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    before = (copy / "weights/latest/generator.safetensors").read_bytes()
    for path in (copy / "state").glob("step-*"):
        flipped(path)
    code, told = program("resume", copy)
    assert code == 2
    assert "no checkpoint in" in told
    assert "gan-zoo run starts a new one" in told
    assert (copy / "weights/latest/generator.safetensors").read_bytes() == before


def test_a_checkpoint_of_other_networks_is_refused(
    program: Program, run: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    recipe = (copy / "recipe.yaml").read_text()
    (copy / "recipe.yaml").write_text(recipe.replace("depth: 4", "depth: 3"))
    code, told = program("resume", copy)
    assert code == 2
    assert "does not fit the networks of its recipe" in told
    assert "Traceback" not in told
