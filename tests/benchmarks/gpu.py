"""All that is to be known of the engine's speed on one GPU, the most important first, in one go.

    python tests/benchmarks/gpu.py --minutes 10
    python tests/benchmarks/gpu.py --minutes 8 --tables abd
    python tests/benchmarks/gpu.py --minutes 6 --tables ce --out build/gpu
    python tests/benchmarks/gpu.py --minutes 1 --dry

Needs nothing but an installed gan-zoo and a GPU. The minutes are a budget: a row is begun where it
fits, by what earlier rows took, and what was left out is told at the end. Every row is printed, and
added to gpu.md and gpu.jsonl, as soon as it is there; one that fails says why, and the next one
follows.

Steps are on noise already read. Rows of a table step in turn with the eager step of their
precision: medians and quartiles of rounds, in each of which a side takes some steps whose losses
are read two steps late, as a run reads them, and one whose losses are read at once. `peak MiB` is
the allocator's peak in these steps, `MiB kept` what the process then holds of the GPU. `from a
cache` says how many of the compiled graphs were found on disk: where it is not 0, seconds to the
end of the first step are not those of a first run.

Tables: a pix2pix, b pix2pixHD at 512 x 1024, c its joint phase at 1024 x 2048, d the published
steps, e translation, f kernels by kind, g operations by shape and layout, CycleGAN, shared views,
whole runs. Every table first has its main rows; others follow when every table has these. What
compiles leaves time for the main rows of tables a to e that do not. By what rows are thought to
take, the ten minutes hold the main rows of a to e; so do the other two commands together, with some
minutes for what follows. `the other layout` is the one in which the compiled step of table b was
slower: contiguous where table b has no such step yet.

`--dry` takes the same paths on a CPU, tiny, with a backend of the compiler that compiles nothing.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()  # imports count

import argparse  # noqa: E402
import datetime  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402
from collections import deque  # noqa: E402
from collections.abc import Collection, Sequence  # noqa: E402
from importlib import metadata  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import torch  # noqa: E402
from gpu_bench import Bench  # noqa: E402
from gpu_others import others  # noqa: E402
from gpu_rows import Budget, Overran, Row, Sheet, Table, Unavailable, reason  # noqa: E402
from gpu_sides import SMALL, Pace, free  # noqa: E402
from gpu_tables import joint, kernels, pix2pix, pix2pixhd, published  # noqa: E402
from gpu_translation import translation  # noqa: E402
from step import PACKAGES, machine  # noqa: E402

from gan_zoo.engine import compiling  # noqa: E402

LETTERS = "abcdefg"
KEPT = "abcde"  # tables whose quick rows are sure of their time
RANKS = 3
QUICK = ("eager", "graphs", "published", "translation", "operation")  # kinds that compile nothing


def head(sheet: Sheet, device: torch.device, asked: argparse.Namespace) -> None:
    """Where and when this is measured, and of what."""
    versions = {name: metadata.version(name) for name in PACKAGES}
    found: dict[str, Any] = {
        "device": machine(device),
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        **versions,
    }
    if device.type == "cuda":
        found["cuda"] = torch.version.cuda
        found["cudnn"] = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        found["memory MiB"] = torch.cuda.get_device_properties(device).total_memory // 2**20
        found["tf32 in convolutions"] = torch.backends.cudnn.allow_tf32
    found |= {"backend": compiling.BACKEND, "minutes": asked.minutes, "tables": asked.tables}
    sheet.say(f"# {'A dry run' if asked.dry else 'Speed'} on {found['device']}, {found['date']}\n")
    sheet.say("; ".join(f"{name} {value}" for name, value in found.items()))
    sheet.note(head=found, dry=asked.dry)


def tables(bench: Bench, letters: str) -> list[Table]:
    """Those that are asked for, in their order."""
    all_of_them = [
        pix2pix(bench),
        pix2pixhd(bench),
        joint(bench),
        published(bench),
        translation(bench.device, small=bench.small, pace=bench.pace),
        kernels(bench),
        *others(bench),
    ]
    return [table for table in all_of_them if table.letter in letters]


Coming = Collection[tuple[Table, Row]]


class Plan:
    """Takes rows in their order, as far as the time goes.

    Args:
        sheet: Where they go.
        budget: How much time there is.
        bench: What they share.
    """

    def __init__(self, sheet: Sheet, budget: Budget, bench: Bench) -> None:
        self.sheet, self.budget, self.bench = sheet, budget, bench
        self.left_out: dict[str, list[str]] = {}  # table -> rows
        self._looked: set[str] = set()  # rows of table f that are written

    def take(self, asked: Sequence[Table]) -> None:
        """The main rows of every table, then the others."""
        for rank in range(RANKS):
            coming = deque((t, row) for t in asked for row in t.rows if row.rank == rank)
            for table in asked:
                if table.letter == "f":
                    self._kernels(table, again=rank > 0)
                begun = False
                while coming and coming[0][0] is table:
                    _, row = coming.popleft()
                    if not self._fits(table, row, coming):
                        continue
                    if not begun:
                        self.sheet.begin(table, again=rank > 0)
                    begun = True
                    self._measure(table, row, coming)
                if begun:
                    table.end()

    def _reserve(self, row: Row, coming: Coming) -> float:
        """What compiles leaves time for what comes after it and does not: seconds."""
        if row.kind in QUICK:
            return 0.0
        kept = [one for table, one in coming if one.kind in QUICK and table.letter in KEPT]
        return sum(map(self.budget.estimate, kept)) if row.rank == 0 else 0.0

    def _fits(self, table: Table, row: Row, coming: Coming) -> bool:
        wanted, left = self.budget.estimate(row), self.budget.left() - self._reserve(row, coming)
        if wanted <= left:
            return True
        self.left_out.setdefault(table.letter, []).append(row.name)
        seconds = {"left_out": round(wanted, 1), "left": round(left, 1)}
        self.sheet.note(table=table.letter, row=row.name, **seconds)
        return False

    def _measure(self, table: Table, row: Row, coming: Coming) -> None:
        start = time.monotonic()
        try:
            with self.budget.limit(self.budget.left() - self._reserve(row, coming)):
                figures = row.take()
        except Overran:
            figures = {"failed": f"broken off after {time.monotonic() - start:.0f} s"}
        except Unavailable as why:
            figures = {"not here": str(why)}
        except Exception as problem:
            figures = {"failed": reason(problem)}
        free(self.bench.device)
        took = time.monotonic() - start
        if not figures.keys() & {"failed", "not here"}:
            self.budget.learn(row, took)
        self.sheet.row(table, row.name, {**figures, "took": round(took, 1)})

    def _kernels(self, table: Table, *, again: bool) -> None:
        """What was seen of the device meanwhile."""
        new = {name: one for name, one in self.bench.kernels.items() if name not in self._looked}
        if not new:
            return
        self.sheet.begin(table, again=again)
        for name, figures in new.items():
            self.sheet.row(table, name, figures)
            self._looked.add(name)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--minutes", type=float, default=10, metavar="N", help="that it may take")
    add("--tables", default=LETTERS, metavar="LETTERS", help=f"default: {LETTERS}")
    add("--out", type=Path, default=Path("build/gpu"), metavar="DIR", help="of gpu.md, gpu.jsonl")
    add("--seconds", type=float, default=3, metavar="N", help="for the timed steps of a row")
    add("--dry", action="store_true", help="the same paths on a CPU, tiny")
    asked = parser.parse_args(argv)
    if unknown := set(asked.tables) - set(LETTERS):
        parser.error(f"--tables: {''.join(sorted(unknown))} came; letters of {LETTERS} are tables")
    return asked


def main(argv: Sequence[str] | None = None, *, began: float = BEGAN) -> int:
    """Measure and write down; 1 where no row was measured."""
    asked = arguments(argv)
    if not asked.dry and not torch.cuda.is_available():
        sys.exit("There is no GPU here; --dry takes the same paths on a CPU")
    if asked.dry:
        compiling.BACKEND = "aot_eager"
    device = torch.device("cpu" if asked.dry else "cuda")
    budget = Budget(60 * asked.minutes, began, 0.1 if asked.dry else 1.0)
    sheet = Sheet(asked.out, budget)
    bench = Bench(device, asked.dry, SMALL if asked.dry else Pace(asked.seconds))
    head(sheet, device, asked)
    plan = Plan(sheet, budget, bench)
    try:
        plan.take(tables(bench, asked.tables))
    finally:
        sheet.say(f"\n{sheet.written} rows in {budget.spent():.0f} s.")
        if plan.left_out:
            told = "\n".join(f"- {at}: {'; '.join(n)}" for at, n in sorted(plan.left_out.items()))
            sheet.say(f"Left out for want of time:\n\n{told}")
        sheet.note(rows=sheet.written, left_out=plan.left_out)
    return 0 if sheet.written else 1


if __name__ == "__main__":
    sys.exit(main())
