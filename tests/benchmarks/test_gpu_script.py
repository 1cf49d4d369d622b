"""The script that measures a GPU: what it makes of its time, of faults, and of kernels."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpu_sides
import pytest
import torch
from gpu_bench import Bench, judged
from gpu_cases import PIX2PIX
from gpu_kernels import KINDS, Work, kind_of, summed
from gpu_rows import CLOSING, Budget, Column, Figures, Row, Sheet, Table, Unavailable
from gpu_sides import SMALL, Pace, compare
from gpu_tables import FASTER, SLOWER, layout_of
from gpu_translation import translation

from gan_zoo.engine import compiling, step_graph
from gan_zoo.inference.translator import Translator
from tests.benchmarks import gpu
from tests.engine.tape import TapeRecorder

SCRIPT = Path(gpu.__file__)
SPEED = SCRIPT.parents[2] / "docs/explanation/speed.md"


@pytest.fixture
def dry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A backend that compiles nothing, as the script itself sets one, and nothing left compiled.

    What every first step imports costs no row its time, and is not broken off half-way.
    """
    importlib.import_module("torch._dynamo.utils")
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    yield
    torch.compiler.reset()


@pytest.mark.usefixtures("dry")
def test_a_dry_run_writes_heads_and_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So short that what compiles, which is thought to take 6.6 s, does not fit on any machine."""
    asked = ["--dry", "--tables", "a", "--minutes", "0.16", "--out", str(tmp_path)]
    assert gpu.main(asked, began=time.monotonic()) == 0
    page = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out
    assert page.startswith("# A dry run on ")
    assert f"; torch {metadata.version('torch')}; " in page
    assert "\n## a. pix2pix, 256 x 256, batch 1 (was 15 ms); must be below 6 ms" in page
    lines = lines_of(tmp_path)
    assert lines[0]["head"]["backend"] == "aot_eager"
    rows = {line["row"]: line for line in lines if "took" in line}
    eager = rows["float32, eager"]
    assert eager["ms_low"] <= eager["ms"] <= eager["ms_high"]
    assert rows["float32, graphs"]["not here"] == "a cpu records no step"
    assert "| float32, graphs | not here: a cpu records no step |" in page
    assert f"\n{lines[-1]['rows']} rows in " in page
    assert lines[-1]["at"] < 12
    assert "\nLeft out for want of time:\n\n- a: " in page
    assert "bfloat16, networks" in lines[-1]["left_out"]["a"]


@pytest.mark.slow
@pytest.mark.usefixtures("dry")
def test_a_whole_dry_run_takes_every_path(tmp_path: Path) -> None:
    asked = ["--dry", "--minutes", "30", "--out", str(tmp_path)]
    assert gpu.main(asked, began=time.monotonic()) == 0
    lines = lines_of(tmp_path)
    assert lines[-1]["left_out"] == {}
    assert {line["table"] for line in lines if "row" in line} == {*gpu.LETTERS}
    assert [line for line in lines if "failed" in line] == []


@pytest.mark.usefixtures("dry")
def test_translation_is_timed_as_a_user_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[torch.Size] = []
    output = Translator.output

    def listening(model: Translator, *args: Any, **words: Any) -> torch.Tensor:
        picture = output(model, *args, **words)
        made.append(picture.shape)
        return picture

    monkeypatch.setattr(Translator, "output", listening)
    asked = translation(torch.device("cpu"), small=True, pace=Pace(0, 5, 5, 2, 1))
    rows = {row.name: row for row in asked.rows}
    eager = rows["512 x 1024, float32, eager"].take()
    assert eager.keys().isdisjoint({"beside", "graphs"})
    assert set(made) == {torch.Size([3, 16, 32])}
    assert len(made) == 1 + 1 + 5 * (2 + 1)  # the first, one to warm up, five rounds
    assert 0 < eager["network_low"] < eager["ms_high"]  # which has that network in it, and more
    compiled = rows["512 x 1024, bfloat16, compiled, channels_last"].take()
    assert compiled["graphs"] == 1
    assert compiled["beside_low"] <= compiled["beside"] <= compiled["beside_high"]
    asked.end()


def test_a_translation_that_is_not_compiled_is_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "no_such_backend")
    asked = translation(torch.device("cpu"), small=True, pace=SMALL)
    (row,) = (row for row in asked.rows if row.name == "512 x 1024, float32, compiled")
    with pytest.raises(RuntimeError, match="generator is not compiled for 16x32"):
        row.take()
    asked.end()


def test_it_runs_as_a_script_and_says_which_tables_there_are() -> None:
    command = [sys.executable, str(SCRIPT), "--dry", "--tables", "az"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "--tables: z came; letters of abcdefg are tables" in done.stderr


# ---------------------------------------------------------------------- time


def planned(folder: Path, seconds: float) -> gpu.Plan:
    budget = Budget(CLOSING + seconds, time.monotonic())
    bench = Bench(torch.device("cpu"), True, SMALL)
    return gpu.Plan(Sheet(folder, budget), budget, bench)


def sleeps(seconds: float) -> Callable[[], Figures]:
    def take() -> Figures:
        time.sleep(seconds)
        return {"ms": 1000 * seconds}

    return take


def table(*rows: Row, letter: str = "a") -> Table:
    return Table(letter, "rows", [Column("ms", "ms", 1)], rows)


def lines_of(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "gpu.jsonl").read_text(encoding="utf-8").splitlines()
    return [*map(json.loads, lines)]


def rows_of(folder: Path) -> dict[str, Any]:
    return {entry["row"]: entry for entry in lines_of(folder)}


def test_what_would_not_fit_is_left_out_by_what_earlier_rows_took(tmp_path: Path) -> None:
    plan = planned(tmp_path, 4)
    plan.take(
        [
            table(
                Row("first", "slow", 0.01, sleeps(0.1)),  # ten times as long as it was thought
                Row("second", "slow", 1, sleeps(0.1)),  # so this one would take eleven seconds
                Row("third", "slow", 0.02, sleeps(0.1)),
            )
        ]
    )
    found = rows_of(tmp_path)
    assert found["first"]["ms"] == found["third"]["ms"] == 100
    assert found["second"]["left_out"] > 10
    assert plan.left_out == {"a": ["second"]}
    assert plan.sheet.written == 2


def test_main_rows_of_all_tables_come_first(tmp_path: Path) -> None:
    ends: list[str] = []
    first = Table(
        "a",
        "rows",
        [Column("ms", "ms", 1)],
        [Row("later", "x", 0.1, sleeps(0), rank=1), Row("main", "x", 0.1, sleeps(0))],
        lambda: ends.append("a"),
    )
    planned(tmp_path, 5).take([first, table(Row("other", "x", 0.1, sleeps(0)), letter="b")])
    assert list(rows_of(tmp_path)) == ["main", "other", "later"]
    heads = [line for line in (tmp_path / "gpu.md").read_text().splitlines() if "##" in line]
    assert heads == ["## a. rows", "## b. rows", "## a. rows, more"]
    assert "a" in ends


def test_what_compiles_leaves_time_for_quick_rows(tmp_path: Path) -> None:
    compiles = Row("compiles", "compiled", 1, sleeps(9))
    plan = planned(tmp_path, 3)
    plan.budget.learn(Row("before", "compiled", 1, sleeps(0)), 1)
    plan.take([table(compiles), table(Row("quick", "eager", 2, sleeps(0)), letter="d")])
    assert rows_of(tmp_path)["compiles"]["left_out"] == 1.1
    assert rows_of(tmp_path)["quick"]["ms"] == 0


def test_documented_minutes_hold_the_main_rows() -> None:
    """By the script's own guesses, with its margin, after twenty seconds of imports."""
    page = SPEED.read_text(encoding="utf-8")
    calls = re.findall(r"^    python tests/benchmarks/gpu.py (.+)$", page, re.MULTILINE)
    asked = [gpu.arguments(call.split()) for call in calls]
    assert [one.tables for one in asked] == ["abcdefg", "abd", "ce"]
    bench = Bench(torch.device("cpu"), True, SMALL)
    for one in asked:
        budget = Budget(60 * one.minutes, time.monotonic() - 20)
        kept = [table for table in gpu.tables(bench, one.tables) if table.letter in gpu.KEPT]
        main = [row for table in kept for row in table.rows if row.rank == 0]
        assert sum(map(budget.estimate, main)) < budget.left()
        assert {"compiled", "translation compiled"} & {row.kind for row in main}
    assert sum(one.minutes for one in asked[1:]) < 15


def test_a_row_that_overruns_is_broken_off_though_it_swallows_errors(tmp_path: Path) -> None:
    def stubborn() -> Figures:
        try:
            time.sleep(30)
        except Exception:
            time.sleep(30)
        return {}

    start = time.monotonic()
    plan = planned(tmp_path, 0.3)
    plan.take([table(Row("stubborn", "x", 0.1, stubborn))])
    assert time.monotonic() - start < 5
    assert rows_of(tmp_path)["stubborn"]["failed"] == "broken off after 0 s"
    assert plan.sheet.written == 0


def test_a_row_that_fails_says_why_and_the_next_follows(tmp_path: Path) -> None:
    def fails() -> Figures:
        raise RuntimeError("CUDA out of memory.\n\n  Tried to allocate | 2 GiB\nmore")

    def lacks() -> Figures:
        raise Unavailable("no such device")

    rows = Row("fails", "x", 0.1, fails), Row("lacks", "x", 0.1, lacks)
    planned(tmp_path, 5).take([table(*rows, Row("next", "x", 0.1, sleeps(0)))])
    told = "RuntimeError: CUDA out of memory. Tried to allocate | 2 GiB"
    assert rows_of(tmp_path)["fails"]["failed"] == told
    assert rows_of(tmp_path)["next"]["ms"] == 0
    page = (tmp_path / "gpu.md").read_text()
    assert f"| fails | failed: {told.replace('|', '/')} |" in page
    assert "| lacks | not here: no such device |" in page


def test_sides_take_turns_and_are_compared_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    now, turns = 0.0, []

    class Side:
        reads_late = True

        def __init__(self, name: str, seconds: float) -> None:
            self.name, self.seconds = name, seconds

        def take(self) -> Callable[[], object]:
            nonlocal now
            now += self.seconds
            turns.append(self.name)
            return lambda: None

    monkeypatch.setattr(gpu_sides, "time", SimpleNamespace(perf_counter=lambda: now))
    pace = Pace(seconds=0.7, fewest=1, most=9, chunk=2, warm=1)
    found = compare(Side("a", 0.01), Side("b", 0.04), torch.device("cpu"), pace)
    assert found["rounds"] == 5  # 0.15 s each
    assert "".join(turns) == "ab" + "aaabbb" + "bbbaaa" + "aaabbb" + "bbbaaa" + "aaabbb"
    for name, told in {"ms": 10, "once": 10, "beside": 40, "times": 4}.items():
        assert found[f"{name}_low"] == found[name] == found[f"{name}_high"] == told


def test_a_way_is_measured_beside_the_eager_step_and_held_against_the_published_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a CPU, by a recorder that replays operations."""
    monkeypatch.setitem(step_graph.RECORDERS, "cpu", TapeRecorder)
    bench = Bench(torch.device("cpu"), True, Pace(0, 2, 2, 2, warm=5))
    eager = bench.step("a", "eager", PIX2PIX, precision="float32", look=True)
    assert eager.keys().isdisjoint({"beside", "times", "graphs"})
    way = bench.step("a", "recorded", PIX2PIX, precision="float32", graphs="on")
    assert way["rounds"] == 2
    assert way["beside_low"] <= way["beside"] <= way["beside_high"]
    assert way["memory_format"] == "contiguous"
    seen = bench.kernels["a, eager"]
    assert 0 < seen["convolution"] < seen["device"]
    found = bench.published("a", PIX2PIX)
    assert found["gains"].keys() == {"eager", "recorded"}
    assert found["best"] == max(found["gains"].values()) == found["gains"][found["which"]]
    ratio = found["float32"] * way["times"]
    assert found["gains"]["recorded"] == pytest.approx(ratio, abs=1e-3)


def test_what_was_compiled_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    bench = Bench(torch.device("cpu"), True, Pace(0, 1, 1, 1, 1))
    way = bench.step("a", "networks", PIX2PIX, precision="float32", compile="networks")
    assert (way["graphs"], way["graphs_later"]) == (3, 0)
    assert way["said"][0].startswith("Compiled generator, discriminator in ")
    assert way["first"] > 0.1
    torch.compiler.reset()


# ---------------------------------------------------------------------- what is told


def test_a_step_is_held_to_its_limits() -> None:
    limits = {"ms": (85.0, 60.0), "peak": (11000.0, 8000.0)}
    assert judged({"ms": 59.0, "peak": 9000}, limits) == {"must": "yes", "aim": "no"}
    assert judged({"ms": 59.0, "peak": None}, limits) == {"must": "yes", "aim": "yes"}
    assert judged({"ms": 59.0, "peak": 12000}, limits) == {"must": "no", "aim": "no"}
    assert judged({"ms": 59.0}, {}) == {}


def test_the_faster_layout_of_table_b_is_taken_on() -> None:
    bench = Bench(torch.device("cpu"), True, SMALL)
    assert layout_of(bench, FASTER) == "channels_last"
    bench.found["b"] = {"networks, channels_last": {"ms": 31.0}, "networks, contiguous": {"ms": 29}}
    assert layout_of(bench, FASTER) == "contiguous"
    assert layout_of(bench, SLOWER) == "channels_last"


def test_columns_show_numbers_words_and_what_is_absent() -> None:
    figures = {"ms": 1.234, "ms_low": 1.1, "ms_high": 1.9, "peak": 1024, "which": "a|b"}
    assert Column("", "ms", 2).show(figures) == "1.23 (1.10 to 1.90)"
    assert Column("", "peak", 0).show(figures) == "1024"
    assert Column("", "which").show(figures) == "a/b"
    assert Column("", "once", 2).show(figures) == "-"


@pytest.mark.parametrize(
    ("kind", "name", "around"),
    [
        ("convolution", "sm90_xmma_fprop_implicit_gemm_bf16bf16_bf16f32_f32_nhwckrsc_nhwc", ()),
        ("convolution", "void cutlass__5x_cudnn::Kernel<cutlass_tensorop_s16816wgrad>", ()),
        ("layout", "void cudnn::ops::nchwToNhwcKernel<__nv_bfloat16, float>", ()),
        ("layout", "void at::native::direct_copy_kernel_cuda", ("aten::copy_", "aten::contiguous")),
        ("copies and casts", "void at::native::direct_copy_kernel_cuda", ("aten::_to_copy",)),
        ("norm", "void at::native::(anonymous namespace)::RowwiseMomentsCUDAKernel<float>", ()),
        ("norm", "void at::native::vectorized_elementwise_kernel<4, addcmul>", ("Normalized",)),
        (
            "norm",
            "void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float>>",
            ("aten::sum", "NormalizedBackward", "autograd::engine::evaluate_function: ..."),
        ),
        ("pad", "void at::native::reflection_pad2d_backward_out_kernel<float>", ()),
        ("compiled, pointwise", "triton_poi_fused_convolution_relu_reflection_pad2d_3", ()),
        ("compiled, sums", "triton_red_fused_native_group_norm_7", ()),
        ("convolution", "triton_tem_fused_convolution_1", ()),
        ("optimizer", "multi_tensor_apply_kernel<FusedAdamMathFunctor<float>>", ()),
        (
            "optimizer",
            "void at::native::vectorized_elementwise_kernel<4, isfinite>",
            ("aten::isfinite", "gan-zoo: looking at gradients"),
        ),
        ("pointwise", "void at::native::vectorized_elementwise_kernel<4, tanh>", ("aten::tanh",)),
        ("other", "a_kernel_of_somebody", ()),
    ],
)
def test_kernels_are_told_by_their_names_and_what_launched_them(
    kind: str, name: str, around: tuple[str, ...]
) -> None:
    assert kind_of(Work(name, around, 1.0)) == kind


def test_a_profile_adds_up_by_kind() -> None:
    work = [Work("triton_poi_1", (), 1500.0), Work("sm90_xmma", (), 3000.0)] * 3
    found = summed(work)
    assert found["compiled, pointwise"] == 1.5
    assert found["convolution"] == 3
    assert found["device"] == 4.5
    assert found["launches"] == 2
    assert found["longest"][0] == [3.0, 1, "convolution", "sm90_xmma"]
    assert sum(found[kind] for kind in KINDS) == 4.5
