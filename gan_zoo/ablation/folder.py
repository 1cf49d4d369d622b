"""The folder of an ablation: what it will do, what it has done, who is at it. Opening one executes
nothing of it, and what is written is whole or not there. No torch.

    ablation.yaml  plan.json           what was asked, and what it came to: every run by its key
    resolved/VARIANT.yaml              every variant whole
    runs/VARIANT/seed-N/               ordinary runs
    scores/KEY.json                    of every run that is done
    attempts/KEY.jsonl, KEY.log        a line a try, and what it printed
    claims/KEY/                        who holds it now
    judges/                            what metrics have made to score with
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from gan_zoo.ablation import plan as planned
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Result
from gan_zoo.components.paths import expand_user
from gan_zoo.errors import UserError
from gan_zoo.runs.atomic import write_file

T = TypeVar("T")

HOME = Path("ablations")  # where an ablation's folder goes unless somebody says so
FILE = "ablation.yaml"
REPLAN = "remove it and ask for the file again: it is planned anew, and what is done stays done"
RESCORE = "remove it and ask for the ablation again: the run is only scored anew"


def is_folder(file: str | Path) -> bool:
    """Whether an ablation is named by its folder, and not by its file or name."""
    return expand_user(file).is_dir()


class AblationFolder:
    """The folder of an ablation, there or not.

    Args:
        path: Where it is, or will be.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.file = self.path / FILE
        self._plan: tuple[tuple[int, ...], Plan] | None = None  # as the file was when it was read

    @classmethod
    def open(cls, path: str | Path) -> AblationFolder:
        """An existing ablation.

        Raises:
            UserError: there is none; says what is there.
        """
        folder = cls(path)
        if not folder.is_planned():
            what = "no such folder" if not folder.path.exists() else f"it holds no {planned.FILE}"
            raise UserError(f"{path} is not an ablation: {what}")
        return folder

    def is_planned(self) -> bool:
        """Whether there is a plan."""
        return (self.path / planned.FILE).is_file()

    def plan(self) -> Plan:
        """What it will do.

        Raises:
            UserError: there is no plan, or it is damaged; says the cure.
        """
        path = self.path / planned.FILE
        try:
            told = path.stat()
        except OSError:
            raise UserError(f"{self.path} is not an ablation: it holds no {path.name}") from None
        state = (told.st_ino, told.st_mtime_ns, told.st_size)
        if self._plan is None or self._plan[0] != state:
            self._plan = state, _read(path, Plan.of_text, REPLAN)
        return self._plan[1]

    def write_plan(self, plan: Plan) -> None:
        """Take another plan.

        Raises:
            OSError: it cannot be written; names the file, and the old one stays.
        """
        self._write(self.path / planned.FILE, plan.as_text())

    def resolved(self, variant: str) -> Path:
        """The recipe of a variant, whole."""
        return self.path / "resolved" / f"{variant}.yaml"

    def write_file(self, text: str) -> None:
        """Keep the ablation's file, as it was read.

        Raises:
            OSError: as `write_plan`.
        """
        self._write(self.file, text)

    def write_resolved(self, variant: str, text: str) -> None:
        """Write the recipe of a variant.

        Raises:
            OSError: as `write_plan`.
        """
        self._write(self.resolved(variant), text)

    def run(self, key: str) -> Path:
        """Where a run lies, or will.

        Raises:
            UserError: no run has this key; or as `plan`.
        """
        plan = self.plan()
        found = plan.runs.get(key) or plan.orphans.get(key)
        if found is None:
            raise UserError(f"{self.path} has no run of the key {key}; plan.json lists them")
        return self.path / found.run  # an adopted run's own path is absolute, and stays

    def is_done(self, key: str) -> bool:
        """Whether a run is trained and scored."""
        return self._score(key).is_file()

    def result(self, key: str) -> Result | None:
        """What a run came to; None before it is done.

        Raises:
            UserError: the file is damaged; says the cure.
        """
        path = self._score(key)
        return _read(path, Result.of_text, RESCORE) if path.is_file() else None

    def results(self) -> dict[str, Result]:
        """Key -> result of every planned run that is done, in the order of the plan, which says
        how its variant is called now.

        Raises:
            UserError: a file is damaged; says the cure.
        """
        return {
            key: replace(result, variant=run.variant, seed=run.seed)
            for key, run in self.plan().runs.items()
            if (result := self.result(key)) is not None
        }

    def write_result(self, result: Result) -> None:
        """A run is done.

        Raises:
            OSError: as `write_plan`.
        """
        self._write(self._score(result.key), result.as_text())

    def attempts(self, key: str) -> Path:
        """The file of a run's tries, a line each."""
        return self.path / "attempts" / f"{key}.jsonl"

    def write_attempts(self, key: str, text: str) -> None:
        """Take the tries of a run that was made elsewhere.

        Raises:
            OSError: as `write_plan`.
        """
        self._write(self.attempts(key), text)

    def log(self, key: str) -> Path:
        """The file that holds what the tries of a run printed."""
        return self.path / "attempts" / f"{key}.log"

    def claim(self, key: str) -> Path:
        """The folder of who holds a run."""
        return self.path / "claims" / key

    @property
    def judges(self) -> Path:
        """Where metrics keep what they make for the scores of runs, as a judge: for all machines,
        since scores by two judges are no column.
        """
        return self.path / "judges"

    def _score(self, key: str) -> Path:
        return self.path / "scores" / f"{key}.json"

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)


def _read(path: Path, of_text: Callable[[str], T], cure: str) -> T:
    try:
        return of_text(path.read_text(encoding="utf-8"))
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as problem:
        told = f"no {problem}" if isinstance(problem, KeyError) else problem
        raise UserError(f"{path} is damaged ({told}); {cure}") from None
