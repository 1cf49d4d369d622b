"""A model as a hub holds it: what makes pictures of a run, laid out as hubs expect it.

    config.json         which weights these are, their phase, networks, and packages
    model.safetensors   the tensors of all networks, NETWORK.TENSOR
    recipe.yaml         resolved, without paths of the machine that trained it
    README.md           the model card, with samples.png
    styles/             as of a run, where instances have features

Opening one executes nothing of it, as of a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.errors import UserError, first_line
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.shared import Shared
from gan_zoo.runs.tensor_files import stream_tensors

if TYPE_CHECKING:
    from torch import Tensor

CONFIG, TENSORS, CARD, SAMPLES = "config.json", "model.safetensors", "README.md", "samples.png"
RECIPE = "recipe.yaml"
LIBRARY, FORMAT = "gan-zoo", 1
PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")  # a name of PEP 508
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,49}")  # what PEP 440 is written with


def is_published(folder: Path) -> bool:
    """Whether a folder is of a hub's layout and not a run's own."""
    return (folder / CONFIG).is_file() and not (folder / "weights").is_dir()


class PublishedRun(RunFolder):
    """A folder of that layout, opened as a run that keeps one set of weights.

    Args:
        path: The folder.
        set: As of a run.
        shared: What people call it.
        tensors: Whether its tensors must be there; who fetches it judges the rest before them.

    Raises:
        UserError: it is another program's model, damaged, or of a later gan-zoo.
    """

    def __init__(
        self, path: Path, set: Mapping[str, Any] | None, shared: Shared, *, tensors: bool = True
    ) -> None:
        super().__init__(path, set)
        self.shared = shared
        self.config = _read_config(path / CONFIG)
        needed = (RECIPE, TENSORS) if tensors else (RECIPE,)
        if lacks := [n for n in needed if not (path / n).is_file()]:
            told = f"{shared.name} is not whole: {' and '.join(lacks)} is not there"
            raise UserError(f"{told}; fetch or copy the whole folder anew")

    @property
    def weights(self) -> str:
        """The name that its weights had in the run."""
        return str(self.config["weights"])

    def _about(self, name: str) -> Any:
        if name != self.weights:
            told = f"{self.shared_name} has the weights {self.weights} alone, and {name} was asked"
            raise UserError(f"{told} for; leave weights out, or take the run that it was made of")
        return self.config

    def load_weights(self, name: str, network: str) -> dict[str, Tensor]:
        """The tensors of one network. Takes and raises as of a run."""
        from safetensors import SafetensorError, safe_open

        about, file = self._about(name), self.path / TENSORS
        networks: list[str] = self.config["networks"]
        if network not in networks:
            told = f"{self.shared_name} holds the networks {', '.join(networks)} and no {network}"
            raise UserError(f"{told}, which its recipe has; it was put together wrongly")
        try:
            with safe_open(file, "pt") as opened:
                step = (opened.metadata() or {}).get("step")
                own = [key for key in opened.keys() if owner(key, networks) == network]  # noqa: SIM118
                tensors = {key.removeprefix(f"{network}."): opened.get_tensor(key) for key in own}
        except SafetensorError as problem:
            raise UserError(f"{file} is damaged ({problem}); fetch or copy it anew") from None
        if step != str(about["step"]):
            told = f"{TENSORS} is of step {step}, and {CONFIG} of {about['step']}"
            raise UserError(f"{self.shared_name}: {told}; fetch or copy the whole folder anew")
        return tensors

    @property
    def shared_name(self) -> str:
        """What people call it."""
        return self.shared.name if self.shared else str(self.path)

    def _plugins_told(self) -> str:
        needs = {p: v for p, v in self.config["packages"].items() if p != LIBRARY}
        if not needs:
            return ""
        made = ", ".join(f"{package} ({version})" for package, version in needs.items())
        named, them = ("plugins", "them") if len(needs) > 1 else ("plugin", "it")
        look = f"look at who publishes {them} before you install {them}"
        return f"\nThe model says that it needs the {named} {made}; {look}"


def tensors_file(
    networks: Mapping[str, Mapping[str, Tensor]], step: int | None
) -> Iterator[bytes | memoryview]:
    """model.safetensors in pieces."""
    flat = {f"{name}.{key}": t for name, own in networks.items() for key, t in own.items()}
    return stream_tensors(flat, {"format": "pt", "step": str(step)})


def owner(key: str, networks: Iterable[str]) -> str:
    """The network that a tensor belongs to; of names that begin alike the longest."""
    return max((name for name in networks if key.startswith(f"{name}.")), key=len, default="")


def _read_config(file: Path) -> dict[str, Any]:
    """What config.json says, every word of it judged: others wrote it."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(f"{file} cannot be read: {first_line(problem)}") from None
    if not isinstance(told, dict) or told.get("library_name") != LIBRARY:
        said = told.get("library_name") if isinstance(told, dict) else None
        other = f"it is of {said}" if said else "it names no library"
        raise UserError(f"{file} is not a model of gan-zoo: {other}; `gan-zoo push` makes one")
    if told.get("format") != FORMAT:
        came = f"has the format {told.get('format')}, and this gan-zoo reads {FORMAT}"
        raise UserError(f"{file} {came}; pip install -U gan-zoo may read it")
    kinds = {"weights": str, "phase": str, "step": int | None, "networks": list, "packages": dict}
    wrong = [key for key, kind in kinds.items() if not isinstance(told.get(key), kind)]
    if "networks" not in wrong and not all(isinstance(one, str) for one in told["networks"]):
        wrong.append("networks")
    if "packages" not in wrong and not all(map(_is_package, told["packages"].items())):
        wrong.append("packages")
    if wrong:
        raise UserError(f"{file} is damaged: {', '.join(wrong)} is not what it should be")
    return told


def _is_package(told: tuple[str, Any]) -> bool:
    """Whether a name and a version are such, and no text that somebody might copy and run."""
    name, version = told
    is_version = isinstance(version, str) and VERSION.fullmatch(version)
    return bool(PACKAGE.fullmatch(name) and is_version)
