"""The menu of CycleGAN's data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from gan_zoo.components import Found, Image, Size, expand_user
from gan_zoo_data.bases import Sized
from gan_zoo_data.modes import Mode, channels_of

if TYPE_CHECKING:
    from gan_zoo.components import Dataset
    from gan_zoo_cyclegan.unpaired_folder import UnpairedFolder

TINY = Path(__file__).parent / "tiny"


class UnpairedFolderSpec(Sized, name="unpaired_folder"):
    """Pictures of two sides that do not belong together, in folders (the data of Zhu et al. 2017,
    sec. 5): side A is the map `source`, side B `target`.

        ROOT/SPLITA/NAME.jpg   ROOT/SPLITB/NAME.png     (also SPLIT_A and SPLIT_B)
        ROOT/A/SPLIT/NAME.jpg  ROOT/B/SPLIT/NAME.png

    Folders may have folders inside; names and counts of the two sides need not agree. A split has
    as many samples as its larger side: sample i is the picture A i, which starts over where A is
    the smaller side, with a picture B. Each is resized, cropped and flipped by itself. Modes,
    sizes and what is refused are as of the data `paired_folder`. Evaluation draws nothing, and
    takes the picture B i.
    """

    paired = False

    source: Mode = "rgb"
    """Mode of the files of side A: rgb, grey, rgba, cmyk, their number of channels, or a mapping,
    as `source` of the data `paired_folder`."""
    target: Mode = "rgb"
    """Mode of the files of side B."""
    pairing: Literal["random", "serial"] = "random"
    """Which picture B a sample has in training: any one, drawn anew, or number i, starting over
    where B is the smaller side."""

    @classmethod
    def example(cls) -> Self:
        """Disks and squares."""
        return cls(root=str(TINY))

    @classmethod
    def recognize(cls, folder: Path) -> Found | None:
        """Two folders a split whose names do not belong together."""
        from gan_zoo_cyclegan.unpaired_folder import recognize

        return recognize(cls, folder)

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Source and target; sides that only the files know are None."""
        sides = self._sides(size)
        return {
            "source": Image(channels_of(self.source), *sides),
            "target": Image(channels_of(self.target), *sides),
        }

    def missing(self) -> list[str]:
        """The root, where there is no such folder."""
        return self._folder().missing()

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """List both sides of a split; headers and pixels are judged when they are read."""
        return self._folder().open(split, size)

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split, of which only the headers are read."""
        return self._folder().inspect(split, size)

    def decode(self, split: str, size: Size | None = None) -> list[str]:
        """As `inspect`, and every picture is decoded."""
        return self._folder().inspect(split, size, pixels=True)

    def sizes(self, split: str, size: Size | None = None) -> dict[tuple[int, int], str]:
        """The sizes of both sides in training, from the headers that `inspect` reads."""
        return self._folder().sizes(split, size)

    def inputs(
        self, path: str | Path, *, pairs: bool = False, maps: Sequence[str] | None = None
    ) -> Dataset:
        """Pictures of one side, at their own size.

        Args:
            path: A file, or a folder of them.
            pairs: Refused: no file holds two pictures.
            maps: The side, source or target; source if absent.
        """
        return self._folder().inputs(Path(path), pairs=pairs, maps=maps)

    def _modes(self) -> dict[str, Mode]:
        return {"source": self.source, "target": self.target}

    def _types(self, split: str) -> dict[str, str]:
        return self._folder().types(split)

    def _folder(self) -> UnpairedFolder:
        from gan_zoo_cyclegan.unpaired_folder import UnpairedFolder

        root = expand_user(self.root)
        return UnpairedFolder(root, self._geometry(), self._modes(), self.pairing)
