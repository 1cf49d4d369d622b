"""The previews of a run as its folder holds them: by callback, time and sample."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

GIVEN = "given-"
SHEET = re.compile(r"(?P<phase>.+)-(?P<step>\d{6,})(-(?P<callback>[A-Za-z0-9_-]+))?")
OF_SHEET = "sheet"  # the one sample of runs that kept nothing else


@dataclass
class Gallery:
    """What one callback wrote.

    Args:
        callback: Its name.
        samples: Names of files, as they came.
        given: Title, as source or target -> sample -> file; the target is the last one.
        outputs: Step -> sample -> file.
        phases: Step -> phase.
        sheets: Whether each time is one sheet, of a run that kept no single pictures.
    """

    callback: str
    samples: list[str] = field(default_factory=list)
    given: dict[str, dict[str, Path]] = field(default_factory=dict)
    outputs: dict[int, dict[str, Path]] = field(default_factory=dict)
    phases: dict[int, str] = field(default_factory=dict)
    sheets: bool = False

    @property
    def steps(self) -> list[int]:
        """When there are pictures."""
        return sorted(self.outputs)


def read_galleries(folder: Path) -> list[Gallery]:
    """Those of a run, the callback `previews` first.

    Args:
        folder: The run's `previews`.
    """
    if not folder.is_dir():
        return []
    sheets = read_sheets(folder)
    found = [_gallery(path, sheets) for path in sorted(folder.iterdir()) if path.is_dir()]
    found = [gallery for gallery in found if gallery.outputs]
    named = {gallery.callback for gallery in found}
    found += [_of_sheets(name, own) for name, own in sheets.items() if name not in named]
    return sorted(found, key=lambda gallery: (gallery.callback != "previews", gallery.callback))


def read_sheets(folder: Path) -> dict[str, dict[int, tuple[str, Path]]]:
    """Callback -> step -> phase and file, of a run's `previews`."""
    found: dict[str, dict[int, tuple[str, Path]]] = {}
    for path in sorted(folder.glob("*.png")):
        match = SHEET.fullmatch(path.stem)
        if match and not path.name.startswith("."):
            own = found.setdefault(match["callback"] or "previews", {})
            own[int(match["step"])] = (match["phase"], path)
    return found


def _gallery(folder: Path, sheets: dict[str, dict[int, tuple[str, Path]]]) -> Gallery:
    gallery = Gallery(folder.name)
    told = sheets.get(folder.name, {})
    given: dict[str, dict[str, dict[str, Path]]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.isdecimal():
            step = int(path.name)
            gallery.outputs[step] = {file.stem: file for file in sorted(path.glob("*.png"))}
            if step in told:
                gallery.phases[step] = told[step][0]
        elif path.name.startswith(GIVEN):
            titles = sorted((p for p in path.iterdir() if p.is_dir()), key=_by_title)
            given[path.name.removeprefix(GIVEN)] = {
                title.name: {file.stem: file for file in sorted(title.glob("*.png"))}
                for title in titles
            }
    if gallery.outputs and given:
        last = gallery.phases.get(max(gallery.outputs), "")
        gallery.given = given.get(last) or list(given.values())[-1]
    latest = gallery.outputs[max(gallery.outputs)] if gallery.outputs else {}
    gallery.samples = list(latest)
    return gallery


def _of_sheets(callback: str, sheets: dict[int, tuple[str, Path]]) -> Gallery:
    outputs = {step: {OF_SHEET: path} for step, (_, path) in sheets.items()}
    phases = {step: phase for step, (phase, _) in sheets.items()}
    return Gallery(callback, [OF_SHEET], {}, outputs, phases, sheets=True)


def _by_title(folder: Path) -> tuple[bool, bool, str]:
    """Inputs, then the target; pictures before maps of ids."""
    return folder.name.endswith("target"), folder.name not in ("source", "label"), folder.name
