"""A file becomes a plan, and all that is wrong is told before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gan_zoo.ablation.file import AblationFile, read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.planning import make_plan
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.watching import Executor, ExecutorSpec
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from tests.ablation.conftest import Write, planned

pytestmark = pytest.mark.usefixtures("quick")


def where(plan: Plan) -> dict[str, str]:
    """Variant/seed -> where its run lies."""
    return {f"{run.variant}/{run.seed}": run.run for run in plan.runs.values()}


@pytest.mark.usefixtures("rehearsed")
def test_a_plan(small: Write, folder: AblationFolder, pairs: Path) -> None:
    path = small()
    plan = planned(path, folder)
    assert folder.plan() == plan
    assert (plan.name, plan.reference, plan.seeds) == ("small", "both", (0, 1))
    assert (plan.device, plan.threads) == ("cpu", 1)
    order = [(run.variant, run.seed) for run in plan.runs.values()]
    assert order == [("both", 0), ("gan", 0), ("both", 1), ("gan", 1)]  # a table after one seed
    assert where(plan)["gan/1"] == "runs/gan/seed-1"
    assert [*plan.variants] == ["gan", "both"]
    gan, both = plan.variants.values()
    assert gan.changes == ("losses.l1: null",)
    assert (gan.parameters, both.parameters, gan.steps) == (2114, 2114, 6)
    recipe = Recipe.load(path.with_name("base.yaml"))
    (alone,) = rehearse(recipe, None, {"main": 6})
    assert (both.flop, both.peak_bytes) == (alone.flop, alone.peak_bytes)
    assert folder.file.read_text() == path.read_text()
    resolved = yaml.safe_load(folder.resolved("both").read_text())
    assert resolved["phases"]["main"]["steps"] == 6
    assert resolved["data"]["root"] == str(pairs)
    assert plan.score["metrics"]["l1"] == {"use": "l1"}
    assert not (folder.path / "runs").exists()


def test_a_list_writes_nothing(small: Write, folder: AblationFolder) -> None:
    plan = planned(small(), folder, write=False)
    assert not folder.path.exists()
    assert make_plan(read_ablation(small())) == plan


@pytest.mark.usefixtures("rehearsed")
def test_flop_is_the_mean_over_the_course(small: Write) -> None:
    main = {"epochs": 1, "steps": None}
    phases = {"phases.main": main, "phases.late": {"steps": 9, "size": [32, 32]}}
    file = read_ablation(small(budget=None, set=phases))
    variant = make_plan(file).variants["both"]
    base = Recipe.load(file.path.with_name("base.yaml"), set=phases)
    early, late = rehearse(base, None, {"main": 6, "late": 6})
    assert variant.steps == 12  # three steps are a pass over six in twos
    assert variant.flop == round((3 * early.flop + 9 * late.flop) / 12)
    assert variant.peak_bytes == late.peak_bytes


def test_runs_share_the_cores(small: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("gan_zoo.ablation.room.count_cores", lambda root=None: 8)
    file = read_ablation(small())
    assert make_plan(file, jobs=3).threads == 2
    local = {"use": "local", "jobs": 1}
    assert make_plan(read_ablation(small(executor=local))).threads == 8
    assert make_plan(file).threads == 2  # four runs
    monkeypatch.setattr("gan_zoo.ablation.room.spare_memory", lambda root=None: 2_100_000_000)
    assert make_plan(file).threads == 4  # room for two


class Elsewhere(ExecutorSpec, name="elsewhere"):
    def build(self, *, device: str, jobs: int | None) -> Executor:
        raise AssertionError("a plan is made without what executes it")


def test_runs_that_are_made_elsewhere(small: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr("gan_zoo.ablation.room.count_cores", lambda root=None: 8)
    monkeypatch.setattr("gan_zoo.ablation.planning.count_cores", lambda: 8)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for device, threads in (("cpu", 1), ("cuda:1", None)):  # there, if not here
        file = read_ablation(small(set={"engine.device": device}))
        if threads is None:
            with pytest.raises(UserError, match=r"cuda:1 came, but here there is only cpu"):
                make_plan(file)
        fields = file.fields.model_copy(update={"executor": Elsewhere(jobs=3)})
        plan = make_plan(replace(file, fields=fields), jobs=2)
        assert (plan.device, plan.threads) == (device.partition(":")[0], threads)
        assert plan.executor == {"use": "elsewhere", "jobs": 3}


def test_auto_is_one_precision_for_all_gpus(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    vary = {"both": {}, "full": {"engine.precision": "float32"}}

    def asked(**fields: object) -> AblationFile:
        fields = {"vary": vary, **fields}
        file = read_ablation(small(set={"engine.device": "cuda"}, **fields))
        executor = {"executor": Elsewhere(jobs=3)}
        return replace(file, fields=file.fields.model_copy(update=executor))

    plan = make_plan(asked(), folder=folder)
    assert plan.precision == "bfloat16"
    told = {name: yaml.safe_load(folder.resolved(name).read_text())["engine"] for name in vary}
    assert {name: one["precision"] for name, one in told.items()} == {
        "both": "bfloat16",
        "full": "float32",
    }
    assert told["both"]["share_views"] == "auto"  # of which numbers do not depend
    monkeypatch.setattr("gan_zoo.ablation.planning.pick_precision", lambda device: "float32")
    again = make_plan(asked(about="Again, on an older GPU"), folder=folder)
    assert (again.precision, [*again.runs]) == ("bfloat16", [*plan.runs])
    older = make_plan(asked(vary={"both": {}}))
    assert older.precision == "float32"
    assert [*older.runs] == [plan.key_of("full", seed) for seed in plan.seeds]


def test_on_cpus_auto_stays(small: Write, folder: AblationFolder) -> None:
    assert planned(small(), folder).precision is None
    assert yaml.safe_load(folder.resolved("both").read_text())["engine"]["precision"] == "auto"


def test_threads_stay_what_they_were(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = planned(small(), folder)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert planned(small(), folder, jobs=1) == before


# ------------------------------------------------------------------ what is wrong is said first


def test_all_needs_of_all_variants_come_at_once(small: Write, folder: AblationFolder) -> None:
    vary = {
        "both": {},
        "look": {"losses.look": {"use": "perceptual", "weights": "/no/vgg.pth"}},
        "more": {"losses.look": {"use": "perceptual", "weights": "/no/vgg.pth", "weight": 2}},
    }
    metrics = {"lpips": {"use": "lpips", "weights": "/no/alex.pth"}}
    with pytest.raises(UserError) as error:
        planned(small(vary=vary, score={"metrics": metrics}), folder)
    told = str(error.value)
    assert "score.metrics.lpips: weights: there is no file /no/alex.pth" in told
    assert told.count("/no/vgg.pth") == 1
    assert told.endswith("and --data DIR is set: {data.root: DIR}")
    assert "look and more: losses.look: " in told
    assert not folder.path.exists()


def test_mistakes_in_the_data_come_once(
    small: Write, folder: AblationFolder, more_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    root = more_pairs(tmp_path / "broken")
    for split in ("train", "test"):
        (root / split / "00.png").write_bytes(b"no picture")
    with pytest.raises(UserError) as error:
        planned(small(root), folder)
    lines = str(error.value).splitlines()
    assert len(lines) == 2
    assert "train/00.png" in lines[0]
    assert "test/00.png" in lines[1]
    assert "(the split 'test' is read by score)" in lines[1]


def test_a_split_that_is_not_there(small: Write, folder: AblationFolder) -> None:
    score = {"split": "tset", "metrics": {"l1": {"use": "l1"}}}
    with pytest.raises(UserError, match="tset"):
        planned(small(score=score), folder)


@pytest.mark.usefixtures("rehearsed")
def test_batches_that_do_not_fit_are_told_of_every_variant(
    small: Write, folder: AblationFolder
) -> None:
    timm = {"use": "unet_timm", "levels": 4, "width": 4, "norm": "batch"}  # leaves one pixel of 16
    vary = {
        "both": {},
        "one": {"generator": timm, "data.batch": 5},
        "two": {"generator": timm, "data.batch": 5, "losses.l1": None},
        "six": {"generator": timm, "data.batch": 6},
    }
    with pytest.raises(UserError) as error:
        planned(small(vary=vary), folder)
    told = str(error.value)
    assert told.count("phase main: the last batch of a pass holds 1 of 6 samples") == 1
    assert told.startswith("one and two: ")
    assert "six" not in told


def test_one_table_is_of_one_kind_of_device(small: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    file = read_ablation(small(vary={"both": {}, "far": {"engine.device": "cuda:1"}}))
    with pytest.raises(UserError, match="both on cpu, far on cuda"):
        make_plan(file)


def test_variants_that_would_come_to_the_same(small: Write) -> None:
    file = read_ablation(small(vary={"both": {}, "busy": {"data.workers": 3}}))
    with pytest.raises(UserError, match="both and busy would come to the same numbers"):
        make_plan(file)


def test_what_is_impossible_may_be_listed(small: Write) -> None:
    vary = {"both": {}, "deep": {"generator.depth": 9}}
    plan = make_plan(read_ablation(small(vary=vary, impossible="list")))
    assert [*plan.variants] == ["both"]
    assert [*plan.left_out] == ["deep"]
