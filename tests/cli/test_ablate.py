"""gan-zoo ablate: what it says, what it leaves, and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
import torch
import yaml

import gan_zoo
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.variants import make_variants
from gan_zoo.cli import main
from gan_zoo_executors import local
from tests.cli.conftest import Command

TINY: dict[str, Any] = {
    "generator": {"width": 4, "depth": 4},
    "discriminator.width": 4,
    "data.workers": 0,
    "validation": None,
    "callbacks": None,
}
L1 = {"discriminator": None, "losses.gan": None, "optimizers.discriminator": None}


def write(path: Path, **changes: Any) -> Path:
    """The file of an ablation of two variants and two seeds."""
    told = {
        "ablation": 1,
        "about": "What the game adds",
        "base": "quickstart",
        "set": TINY,
        "seeds": [0, 1],
        "budget": {"steps": 2},
        "vary": {"l1": L1, "l1_cgan": {}},
        "score": {"split": "val", "metrics": {"l1": {"use": "l1"}}},
    }
    told = {key: value for key, value in {**told, **changes}.items() if value is not None}
    path.write_text(yaml.safe_dump(told, sort_keys=False))
    return path


class Fork:
    """A child of this process in place of one that imports torch anew, as the executor knows it."""

    def __init__(self, command: Sequence[str], *, stdout: IO[bytes], env: Any, **_: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the child needs no thread of ours
            self.pid = os.fork()
        if not self.pid:
            code: Any = 70
            try:
                code = self._become(command, stdout.fileno(), env)
            finally:
                os._exit(code)

    def _become(self, command: Sequence[str], out: int, env: Mapping[str, str]) -> int:
        os.setsid()
        for number in (1, 2):
            os.dup2(out, number)
        sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False)
        os.environ.clear()
        os.environ.update(env)
        torch.set_num_threads(1)  # those of its parent are not there
        assert command[:3] == (sys.executable, "-m", "gan_zoo")
        sys.argv = ["gan-zoo", *command[3:]]
        try:
            main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0
        return 0

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ablation that is done; its file lies beside it."""
    home = tmp_path_factory.mktemp("ablation")
    words = ["gan-zoo", "ablate", str(write(home / "losses.yaml")), "--out", str(home / "out")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        patch.setattr(local, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": Fork}))
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == 0
    return home / "out"


# ---------------------------------------------------------------------------------- what is left


def test_the_folder_holds_runs_scores_and_tables(made: Path) -> None:
    told = json.loads((made / "table.json").read_text())
    assert [row["variant"] for row in told["rows"]] == ["l1", "l1_cgan"]
    assert told["reference"] == "l1_cgan"
    assert told["comparisons"] == 1
    states = {row["variant"]: row["states"] for row in told["rows"]}
    assert states == {name: {"0": "done", "1": "done"} for name in ("l1", "l1_cgan")}
    for variant in ("l1", "l1_cgan"):
        for seed in (0, 1):
            recipe = yaml.safe_load((made / f"runs/{variant}/seed-{seed}/recipe.yaml").read_text())
            assert recipe["seed"] == seed
            assert recipe["phases"]["main"]["steps"] == 2
            assert ("discriminator" in recipe) == (variant == "l1_cgan") or (
                recipe["discriminator"] is None
            )
    assert len([*(made / "scores").iterdir()]) == len([*(made / "attempts").glob("*.jsonl")]) == 4
    assert "l1_cgan" in (made / "report.html").read_text()
    assert (made / "ablation.yaml").read_text() == (made.parent / "losses.yaml").read_text()


def test_a_run_of_it_is_an_ordinary_one(made: Path, zoo: Command) -> None:
    said = zoo("evaluate", made / "runs/l1/seed-1", "--split", "val", "--metrics", "l1", "--json")
    assert said.code == 0
    [of_it] = [
        json.loads(path.read_text())
        for path in (made / "scores").iterdir()
        if '"variant": "l1",\n "seed": 1' in path.read_text()
    ]
    assert said.data()["scores"]["l1"]["value"] == of_it["scores"]["scores"]["l1"]["value"]


def test_asked_again_it_answers_without_torch(made: Path) -> None:
    code = (
        "import sys; sys.argv[:] = ['gan-zoo', 'ablate', *sys.argv[1:]]\n"
        "from gan_zoo.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('torch' in sys.modules)"
    )
    before = {path: path.stat().st_mtime_ns for path in (made / "scores").iterdir()}
    words = [sys.executable, "-c", code, str(made.parent / "losses.yaml"), "--out", str(made)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    assert "l1_cgan" in done.stdout
    assert before == {path: path.stat().st_mtime_ns for path in (made / "scores").iterdir()}


def test_python_gives_the_same_table(made: Path) -> None:
    from gan_zoo.reporter import Reporter

    found = gan_zoo.ablate(made, reporter=Reporter(quiet=True))
    rows = json.loads((made / "table.json").read_text())["rows"]
    means = {row["variant"]: row["l1.mean"] for row in found.records()}
    assert means == {row["variant"]: row["cells"]["l1"]["mean"] for row in rows}
    assert found.path == made
    assert len(found.outcome.done) == 4
    assert found.outcome.exit_code == 0


def test_json_is_the_table_alone(made: Path, zoo: Command) -> None:
    said = zoo("ablate", made, "--json")
    assert said.code == 0
    assert said.data() == json.loads((made / "table.json").read_text())


def test_what_is_planned_is_not_changed_by_its_folder(made: Path, zoo: Command) -> None:
    said = zoo("ablate", made, "--set", "generator.width=8")
    assert said.code == 2
    assert f"--set: {made} is planned, and goes on as it was" in said.err


def test_a_changed_file_keeps_what_is_equal(made: Path, zoo: Command, tmp_path: Path) -> None:
    """Of three variants one is new, and is not made now; the file with it is another plan."""
    copy = tmp_path / "out"
    subprocess.run(["cp", "-r", str(made), str(copy)], check=True)
    vary = {"l1": L1, "strong": {"losses.l1.weight": 500}, "l1_cgan": {}}
    file = write(tmp_path / "losses.yaml", vary=vary)
    said = zoo("ablate", file, "--out", copy, "--only", "l1")
    assert said.code == 0
    assert "Planned anew: 4 of 6 runs are as they were" in said.out
    assert [*json.loads((copy / "plan.json").read_text())["variants"]] == [*vary]
    assert not (copy / "runs/strong").exists()
    said = zoo("ablate", write(tmp_path / "losses.yaml", seeds=[1]), "--out", copy)
    assert said.code == 0
    gone = "Not asked for any more, and left where they are: runs/l1_cgan/seed-0, runs/l1/seed-0"
    assert gone in said.out
    assert (copy / "runs/l1/seed-0/recipe.yaml").is_file()


# ---------------------------------------------------------------------------------- before a run


def test_list_tells_and_writes_nothing(
    zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = zoo("ablate", write(tmp_path / "losses.yaml"), "--list", "--jobs", "1", "--json")
    assert said.code == 0
    told = said.data()
    assert [one["variant"] for one in told["variants"]] == ["l1", "l1_cgan"]
    small, large = told["variants"]
    assert 0 < small["parameters"] < large["parameters"]
    assert 0 < small["flop"] < large["flop"]
    assert (told["runs"], told["done"], told["jobs"]) == (4, 0, 1)
    hours = sum(one["hours"] * one["left"] for one in told["variants"])
    assert told["hours"] == pytest.approx(hours)
    assert [path.name for path in tmp_path.iterdir()] == ["losses.yaml"]


def test_list_of_what_is_done(made: Path, zoo: Command) -> None:
    said = zoo("ablate", made, "--list", "--jobs", "3")
    assert said.code == 0
    assert "2 variants x 2 seeds = 4 runs, 4 of them done; 3 at a time" in said.out
    assert "about 0 s of steps" in said.out


def test_a_typo_in_a_variant_is_told_with_its_line(zoo: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", vary={"l1": {"losses.gann": None}, "whole": {}})
    line = 1 + file.read_text().splitlines().index("    losses.gann: null")
    said = zoo("ablate", file, "--out", tmp_path / "out")
    assert said.code == 2
    told = f"{file}:{line}: losses.gann: there is nothing of that name to remove; did you mean gan?"
    assert said.err.strip() == told
    assert not (tmp_path / "out").exists()


def test_an_impossible_combination_stops_or_is_listed(zoo: Command, tmp_path: Path) -> None:
    vary = {"deep": {"generator.depth": 9}, "whole": {}}
    file = write(tmp_path / "a.yaml", vary=vary)
    said = zoo("ablate", file, "--out", tmp_path / "out")
    assert said.code == 2
    assert "generator" in said.err
    assert "512" in said.err  # of which a depth of 9 wants multiples
    assert not (tmp_path / "out").exists()
    write(file, vary=vary, impossible="list")
    assert [*make_variants(read_ablation(file)).left_out] == ["deep"]


def test_missing_weights_of_a_metric_are_told_before_a_run(zoo: Command, tmp_path: Path) -> None:
    metrics = {"l1": {"use": "l1"}, "lpips": {"use": "lpips", "weights": "/no/such/file.pth"}}
    file = write(tmp_path / "a.yaml", score={"split": "val", "metrics": metrics})
    said = zoo("ablate", file, "--out", tmp_path / "out")
    assert said.code == 2
    assert "score.metrics.lpips: " in said.err
    assert "/no/such/file.pth" in said.err
    assert not (tmp_path / "out").exists()


def test_absent_data_is_told_before_a_run(zoo: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", base="pix2pix", set={**TINY, "generator": {"width": 4}})
    said = zoo("ablate", file, "--data", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert said.code == 2
    assert f"{tmp_path / 'nowhere'}" in said.err
    assert not (tmp_path / "out").exists()


def test_words_that_mean_nothing_are_told(made: Path, zoo: Command, tmp_path: Path) -> None:
    said = zoo("ablate", made, "--only", "l1_cgann")
    assert said.code == 2
    assert "--only l1_cgann" in said.err
    assert "did you mean l1_cgan" in said.err
    said = zoo("ablate", made, "--executor", "lokal")
    assert said.code == 2
    assert "did you mean local" in said.err
    said = zoo("ablate", made, "--retry", "memry")
    assert said.code == 2
    assert "did you mean memory" in said.err
    said = zoo("ablate", tmp_path / "none.yaml")
    assert said.code == 2
    assert "there is no file" in said.err
    said = zoo("ablate", write(tmp_path / "b.yaml"), "--join", "--out", tmp_path / "out")
    assert said.code == 2
    assert "is not an ablation: no such folder" in said.err


def test_retry_alone_means_all_causes(made: Path, zoo: Command) -> None:
    said = zoo("ablate", made, "--retry")
    assert said.code == 0
    assert "Nothing failed" in said.out
    said = zoo("ablate", "--retry", "memory", made)
    assert said.code == 0
    assert "Nothing failed for memory" in said.out
