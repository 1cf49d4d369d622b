"""A run on disk. Opening one executes nothing of it: YAML, JSON and safetensors."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gan_zoo.errors import UserError, naming_file
from gan_zoo.recipe import text
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe, change_source, read_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.validation import parse
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs import environment
from gan_zoo.runs.atomic import Content, sync_folder, write_file, write_files
from gan_zoo.runs.earlier import options_since
from gan_zoo.runs.names import refuse_existing
from gan_zoo.runs.origins import describe_origins
from gan_zoo.runs.tensor_files import stream_tensors

if TYPE_CHECKING:
    from torch import Tensor

    from gan_zoo.runs.shared import Shared

WEIGHTS, ABOUT, DATA = "weights", "about.json", "data.json"


class BeingTrainedError(UserError):
    """Another process trains the run now."""


class RunFolder:
    """The folder of a run.

    Args:
        path: An existing run, or where `create` will make one.
        set: Changes to its recipe by dotted path, of what a finished run can still change.
    """

    def __init__(self, path: str | Path, set: Mapping[str, Any] | None = None) -> None:
        self.path = Path(path)
        self.set = set or {}
        self.log = self.path / "log.jsonl"  # one JSON object a line
        self.text_log = self.path / "log.txt"  # what was said
        self.previews = self.path / "previews"  # fixed samples over time
        self.state = self.path / "state"  # what resume needs
        self.shared: Shared | None = None  # whose it is, where it is not to be written to

    @classmethod
    def create(
        cls,
        path: Path,
        recipe: Recipe,
        source: Source | None,
        steps: int | None,
        computing: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> RunFolder:
        """Make the folder of a new run.

        Args:
            path: Where.
            recipe: Resolved.
            source: Where the recipe's values came from.
            steps: After how many the run ends, if before the end of its phases.
            computing: On what and in which numbers, where `auto` was resolved.
            data: Which samples it learns from and looks at.

        Raises:
            UserError: the folder exists, or cannot be written.
        """
        refuse_existing(path)
        run = cls(path)
        written = text.write(recipe.dump())
        files: dict[str, Content] = {
            "origins.txt": describe_origins(recipe, source),
            "plugins.json": _json(environment.list_plugins(recipe)),
            "environment.json": _json(
                {**environment.describe_start(), **environment.describe_environment(computing)}
            ),
            "run.json": _settings(steps, _digest(written)),
            **({DATA: json.dumps(data)} if data is not None else {}),
            "recipe.yaml": written,  # last: now it is a run
        }
        try:
            path.mkdir(parents=True, exist_ok=True)
            write_files(path, files)
        except OSError as problem:
            raise UserError(f"{path} cannot be written: {problem.strerror or problem}") from None
        return run

    @classmethod
    def open(cls, path: str | Path, set: Mapping[str, Any] | None = None) -> RunFolder:
        """An existing run.

        Raises:
            UserError: there is none; says what is there.
        """
        run = cls(path, set)
        if not (run.path / "recipe.yaml").is_file():
            what = "no such folder" if not run.path.exists() else "it holds no recipe.yaml"
            raise UserError(f"{path} is not a run: {what}")
        return run

    def recipe(self, zoo: Zoo | None = None) -> Recipe:
        """The resolved recipe that the run was made of, with the changes that it was opened with.

        Raises:
            UserError: a plugin is absent, the file was changed by hand, or a change comes too late.
        """
        try:
            source = read_source(self.path / "recipe.yaml", zoo=zoo)
            recipe = parse(Recipe, source, zoo)
            if since := options_since(recipe):
                source = change_source(source, since, zoo)
                recipe = parse(Recipe, source, zoo)
            for key in self.set.keys() - recipe.per_translation:
                told = f"--set {key}: the run is trained, and can change only"
                raise UserError(f"{told} {', '.join(sorted(recipe.per_translation))}")
            return parse(Recipe, change_source(source, self.set, zoo), zoo) if self.set else recipe
        except RecipeError as error:
            raise UserError(f"{error}{self._plugins_told()}") from None

    def settings(self) -> dict[str, Any]:
        """How the run was started: `steps`, `environment` with its `computing`, and `plugins` with
        their versions.
        """
        listed: Any = self._told("plugins.json")
        told = {"environment": self._told("environment.json")}
        return {**self._told("run.json"), **told, "plugins": environment.versions_of(listed)}

    def end_at(self, steps: int | None) -> None:
        """Change after how many steps the run ends; None for the end of its phases."""
        told = self._told("run.json").get("recipe", self.recipe_digest())
        write_file(self.path / "run.json", _settings(steps, told))

    def recipe_digest(self) -> str:
        """What changes when recipe.yaml does."""
        return _digest((self.path / "recipe.yaml").read_text(encoding="utf-8"))

    def rewrite(self, recipe: Recipe) -> None:
        """Take another recipe for the run's own: its data lies elsewhere now."""
        written = text.write(recipe.dump())
        settings = _settings(self._told("run.json").get("steps"), _digest(written))
        write_files(self.path, {"run.json": settings, "recipe.yaml": written})

    def data(self) -> dict[str, Any] | None:
        """Which samples the run learns from and looks at; None where it keeps nothing of it."""
        return self._told(DATA) if (self.path / DATA).is_file() else None

    def keep_data(self, data: Mapping[str, Any]) -> None:
        """Keep which samples these are."""
        write_file(self.path / DATA, json.dumps(data))

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the run, so that no other process trains it; let go even by a kill.

        Raises:
            BeingTrainedError: another process does.
        """
        try:
            import fcntl
        except ImportError:  # no such locks on Windows
            yield
            return
        self.state.mkdir(exist_ok=True)
        with (self.state / "lock").open("w", encoding="utf-8") as file:
            try:  # a record lock: unlike flock's, the loader's workers do not inherit it
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                told = f"{self.path} is being trained by another process"
                raise BeingTrainedError(told) from None
            yield

    def note(self, entry: Mapping[str, Any]) -> None:
        """One more line of log.jsonl; what is no finite number is null, as JSON has no other."""
        with naming_file(self.log), self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_finite(entry), allow_nan=False) + "\n")

    def settle_log(self) -> int:
        """Make log.jsonl durable; returns its length."""
        with naming_file(self.log), self.log.open("a", encoding="utf-8") as file:
            os.fsync(file.fileno())
            return file.tell()

    def cut_log(self, length: int) -> None:
        """Forget what was logged after a checkpoint."""
        if self.log.exists():
            write_file(self.log, self.log.read_bytes()[:length])

    def save_weights(
        self, name: str, networks: Mapping[str, Mapping[str, Tensor]], about: Mapping[str, Any]
    ) -> None:
        """Write weights/NAME: a file a network, and what is known `about` them.

        Raises:
            OSError: the disk is full or gone; names the file, and the old weights stay.
        """
        folder = self.path / WEIGHTS / name
        folder.mkdir(parents=True, exist_ok=True)
        step = {"step": str(about.get("step"))}
        files: dict[str, Content] = {
            f"{network}.safetensors": stream_tensors(tensors, step)
            for network, tensors in networks.items()
        }
        write_files(folder, {**files, ABOUT: _json(dict(about))})
        sync_folder(folder)

    def weights_phase(self, name: str) -> str:
        """The phase in which weights were kept: it says which part plays.

        Raises:
            UserError: the run keeps no such weights.
        """
        return str(self._about(name)["phase"])

    def weights_step(self, name: str) -> int | None:
        """The step of weights that were kept.

        Raises:
            UserError: the run keeps no such weights.
        """
        step: int | None = self._about(name).get("step")
        return step

    def load_weights(self, name: str, network: str) -> dict[str, Tensor]:
        """The tensors of one network.

        Raises:
            UserError: absent, damaged, or of another step than the rest; names the file.
        """
        from safetensors import SafetensorError, safe_open

        file = self.path / WEIGHTS / name / f"{network}.safetensors"
        about = self._about(name)
        if not file.is_file():
            raise UserError(f"{file} is not there: {self._kept()}")
        try:
            with safe_open(file, "pt") as opened:
                step = (opened.metadata() or {}).get("step")
                tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
        except SafetensorError as problem:
            raise UserError(f"{file} is damaged ({problem}); take other weights") from None
        if step is not None and step != str(about.get("step")):
            told = f"{file.parent} was cut while it was written: {file.name} is of step {step}, the"
            cure = f"gan-zoo resume {self.path} makes it whole"
            raise UserError(f"{told} rest of {about.get('step')}; {cure}")
        return tensors

    def _about(self, name: str) -> Any:
        file = self.path / WEIGHTS / name / ABOUT
        if not file.is_file():
            raise UserError(f"{file.parent} is not there: {self._kept()}")
        told: Any = self._told(f"{WEIGHTS}/{name}/{ABOUT}")
        if not isinstance(told, dict) or "phase" not in told:
            raise UserError(f"{file} is damaged: it names no phase; take other weights")
        return told

    def _told(self, name: str) -> dict[str, Any]:
        try:
            return cast("dict[str, Any]", json.loads((self.path / name).read_text("utf-8")))
        except (OSError, ValueError) as problem:
            raise UserError(f"{self.path / name} cannot be read: {problem}") from None

    def _kept(self) -> str:
        folder = self.path / WEIGHTS
        kept = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        if kept:
            return f"the run keeps weights {', '.join(kept)}; --weights {kept[0]} takes these"
        return "the run keeps no weights yet; it writes them with its first checkpoint"

    def _plugins_told(self) -> str:
        return environment.describe_guests(self.path / "plugins.json")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _settings(steps: int | None, recipe: str) -> str:
    return _json({"format": 1, "steps": steps, "recipe": recipe})


def _digest(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
