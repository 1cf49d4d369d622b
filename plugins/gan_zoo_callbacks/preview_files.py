"""The files of previews: what they are called, how they come whole, which of them stay.

previews/CALLBACK/STEP/SAMPLE.png               an output
previews/CALLBACK/given-PHASE/MAP/SAMPLE.png    what was given: inputs and target
previews/PHASE-STEP.png                         the sheet; -CALLBACK behind it for other names
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from gan_zoo.components import thinned

USUAL = "previews"  # the callback whose sheets need no name
LONGEST = 100  # letters of a sample's name in that of its file


class PreviewFiles:
    """The previews of one callback in the folder of a run.

    Args:
        folder: The run's `previews`.
        name: The callback's.
        keep: How many times stay.
    """

    def __init__(self, folder: Path, name: str, keep: int) -> None:
        self.folder = folder
        self.own = folder / name
        self.keep = keep
        self._behind = "" if name == USUAL else f"-{name}"

    def sheet(self, phase: str, step: int) -> Path:
        """Where the sheet of a step lies."""
        return self.folder / f"{phase}-{step:06d}{self._behind}.png"

    def steps(self) -> list[int]:
        """Those that there are pictures of."""
        found = self.own.iterdir() if self.own.is_dir() else ()
        return sorted(int(path.name) for path in found if path.name.isdecimal())

    def drop_after(self, step: int) -> None:
        """Forget what is later than a step, what was being written, and what was given in phases
        that nothing is left of.
        """
        for path, at in self._sheets():
            if at > step or path.name.startswith("."):
                path.unlink()
        for later in self.steps():
            if later > step:
                shutil.rmtree(self.own / f"{later:06d}")
        left = {self._phase(path) for path, _ in self._sheets()}
        for path in self.own.iterdir() if self.own.is_dir() else ():
            phase = path.name.removeprefix("given-")
            if path.name.startswith(".") or (phase != path.name and phase not in left):
                shutil.rmtree(path)

    def write(self, folder: str, pictures: Mapping[str, Image.Image]) -> None:
        """Write a folder of pictures, which is there whole or not at all.

        Args:
            folder: Its name, in that of the callback.
            pictures: Name, perhaps with folders -> picture.
        """
        made, path = self.own / f".{folder}", self.own / folder
        shutil.rmtree(made, ignore_errors=True)
        for name, picture in pictures.items():
            file = made / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            picture.save(file, format="PNG")
        shutil.rmtree(path, ignore_errors=True)
        made.replace(path)

    def write_sheet(self, path: Path, sheet: Image.Image) -> None:
        """Write a sheet, and let go of times that are more than stay."""
        temporary = path.with_name(f".{path.name}")
        sheet.save(temporary, format="PNG")
        temporary.replace(path)
        steps = self.steps()
        for step in {*steps} - {*thinned(steps, self.keep)}:
            for sheet_of_it, at in self._sheets():
                if at == step:
                    sheet_of_it.unlink()
            shutil.rmtree(self.own / f"{step:06d}")

    def _sheets(self) -> list[tuple[Path, int]]:
        """Those of this callback, with their steps."""
        shape = re.compile(rf".+-(\d{{6,}}){re.escape(self._behind)}\.png")
        found = [(path, shape.fullmatch(path.name)) for path in self.folder.glob("*.png")]
        return sorted((path, int(match[1])) for path, match in found if match)

    def _phase(self, sheet: Path) -> str:
        return sheet.stem.removesuffix(self._behind).rpartition("-")[0]


def name_files(samples: Sequence[str]) -> list[str]:
    """Names of files for samples: / becomes __, and no two differ in case alone, since there are
    disks that would take them for one.
    """
    taken: set[str] = set()
    names = []
    for sample in samples:
        plain = name = sample.replace("/", "__")[-LONGEST:]
        number = 2
        while name.casefold() in taken:
            name = f"{plain}-{number}"
            number += 1
        taken.add(name.casefold())
        names.append(name)
    return names
