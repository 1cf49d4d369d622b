"""The menu of data: read it top to bottom and you know all that a recipe can say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from gan_zoo.errors import ContractError
from gan_zoo.shapes import Image
from gan_zoo.specs import DataSpec, Size

if TYPE_CHECKING:
    from gan_zoo.protocols import Dataset
    from gan_zoo_data.paired_folder import PairedFolder

SAMPLE = Path(__file__).parent / "emoji"


def _one_mistake(value: Any, handler: Any) -> Any:
    """A wrong mode is one mistake, not one for each way of saying a mode."""
    try:
        return handler(value)
    except ValidationError:
        raise PydanticCustomError(
            "mode", "a mode is rgb, grey, or the number of channels of the files from 1 to 4"
        ) from None


Mode = Annotated[
    Literal["rgb", "grey"] | Annotated[int, Field(ge=1, le=4)], WrapValidator(_one_mistake)
]


def channels(mode: Mode) -> int:
    """Channels of a picture of that mode."""
    return {"rgb": 3, "grey": 1}[mode] if isinstance(mode, str) else mode


class PairedFolderSpec(DataSpec, name="paired_folder"):
    """Pairs of pictures A and B in folders (the data of Isola et al. 2017, sec. 3.3 and 4).

    Each split is laid out in one of these ways, in folders that may have folders inside:

        ROOT/SPLIT/NAME.jpg                        A left and B right in one picture
        ROOT/A/SPLIT/NAME.jpg  ROOT/B/SPLIT/NAME.png
        ROOT/SPLITA/NAME.jpg   ROOT/SPLITB/NAME.png     (also SPLIT_A and SPLIT_B)

    Which one was found is said; two at once are refused. Pictures are 8-bit files of exactly the
    declared mode and lie as they are stored: a file turned by an EXIF tag is refused.

    Training resizes (bicubic), crops at random and flips, source and target alike. Evaluation
    draws nothing: with `load` and `crop` the whole picture is resized to `crop` (the published
    rule), otherwise it is resized by `load` or `scale_width` where given and not cropped, so that
    every pixel is judged.
    """

    root: str
    """The folder that holds the splits; `--data DIR` on the command line."""
    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"
    """Which side is the source: A (left) or B (right)."""
    source: Mode = "rgb"
    """Mode of the source files: rgb, grey, or their number of channels, never converted."""
    target: Mode = "rgb"
    """Mode of the target files."""
    load: Size | None = None
    """Resize to this [height, width] before the crop, whatever the aspect ratio."""
    scale_width: PositiveInt | None = None
    """Resize to this width before the crop and keep the aspect ratio; instead of `load`."""
    crop: Size | None = None
    """Random crop of this [height, width] in training; no picture may be smaller."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip in training."""
    aspect: Literal["refuse", "stretch", "crop"] = "refuse"
    """What to do with pictures whose aspect ratio is not that of a phase's `size`: refuse them by
    name, stretch them, or cut off what is too much on both sides."""

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if self.load and self.scale_width:
            raise PydanticCustomError(
                "exclusive",
                "load and scale_width both set the size before the crop; keep one of them",
            )
        loaded = self.load or (None, self.scale_width)
        for what, side, cut in zip(("high", "wide"), loaded, self.crop or (0, 0), strict=True):
            if side is not None and cut > side:
                option = "load" if self.load else "scale_width"
                raise PydanticCustomError(
                    "crop",
                    "crop is {cut} {what}, but {option} makes the pictures {side} {what}; "
                    "use a smaller crop or a larger {option}",
                    {"cut": cut, "what": what, "option": option, "side": side},
                )
        return self

    @classmethod
    def example(cls) -> Self:
        """The folders of the sample that ships with gan-zoo."""
        return cls(root=str(SAMPLE), source="grey")

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Source and target; sides that only the files know are None."""
        height, width = size or self.crop or self.load or (None, self.scale_width)
        return {
            "source": Image(channels(self.source), height, width),
            "target": Image(channels(self.target), height, width),
        }

    def anchored(self) -> Self:
        """The same data from any working directory: the root made absolute."""
        return self.model_copy(update={"root": str(Path(self.root).expanduser().resolve())})

    def missing(self) -> list[str]:
        """The root, where there is no such folder."""
        return self._folder().missing()

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """List and pair the files of a split; headers and pixels are judged when they are read."""
        return self._folder().open(split, size)

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split that can be seen without decoding pixels."""
        return self._folder().inspect(split, size)

    def sizes(self, split: str, size: Size | None = None) -> dict[tuple[int, int], str]:
        """The sizes of a split in training, from the headers that `inspect` reads."""
        return self._folder().sizes(split, size)

    def inputs(self, path: str | Path, *, pairs: bool = False) -> Dataset:
        """Sources to translate: a picture file or a folder of them, at their own size.

        Args:
            path: The file or the folder; a split of the root whose files stand side by side is
                refused without `pairs`.
            pairs: Take the source half of the files wherever they lie.
        """
        return self._folder().inputs(Path(path), pairs=pairs)

    def _folder(self) -> PairedFolder:
        from gan_zoo_data.geometry import Geometry
        from gan_zoo_data.paired_folder import PairedFolder

        geometry = Geometry(
            load=self.load,
            scale_width=self.scale_width,
            crop=self.crop,
            flip=self.flip,
            aspect=self.aspect,
        )
        modes = {"source": self.source, "target": self.target}
        return PairedFolder(Path(self.root).expanduser(), self.direction, modes, geometry)


class EmojiSpec(DataSpec, name="emoji"):
    """The sample that ships with gan-zoo: line art (grey) -> color emoji, 64 x 64.

    560 pairs in train, 40 in val, 60 in test; made from Microsoft Fluent Emoji (MIT).
    """

    jitter: int = Field(0, ge=0)
    """In training, enlarge by so many pixels and crop 64 x 64 at random (the papers' jitter)."""
    flip: float = Field(0.0, ge=0, le=1)
    """Probability of a horizontal flip in training."""

    @property
    def test_inputs(self) -> Path:
        """The folder of the test split's line art, to translate."""
        return SAMPLE / "A" / "test"

    def maps(self, size: Size | None = None) -> dict[str, Image]:
        """Source and target.

        Raises:
            ContractError: the size is not square.
        """
        height, width = size or (64, 64)
        if height != width:
            raise ContractError(f"emoji are square, and size is [{height}, {width}]; use a square")
        return {"source": Image(1, height, width), "target": Image(3, height, width)}

    def open(self, split: str, size: Size | None = None) -> Dataset:
        """The samples of train, val or test."""
        return self._folder().open(split, size)

    def inspect(self, split: str, size: Size | None = None) -> list[str]:
        """Every mistake in the files of a split; none, unless the installation is damaged."""
        return self._folder().inspect(split, size)

    def sizes(self, split: str, size: Size | None = None) -> dict[tuple[int, int], str]:
        """The sizes of a split in training, from the headers that `inspect` reads."""
        return self._folder().sizes(split, size)

    def inputs(self, path: str | Path, *, pairs: bool = False) -> Dataset:
        """Line art to translate: a grey picture file or a folder of them, at their own size.

        Args:
            path: The file or the folder.
            pairs: Take the left half of the files.
        """
        return self._folder().inputs(Path(path), pairs=pairs)

    def _folder(self) -> PairedFolder:
        from gan_zoo_data.geometry import Geometry
        from gan_zoo_data.paired_folder import PairedFolder

        modes: dict[str, Mode] = {"source": "grey", "target": "rgb"}
        large = 64 + self.jitter
        geometry = Geometry(load=(large, large), crop=(64, 64), flip=self.flip)
        return PairedFolder(SAMPLE, "a_to_b", modes, geometry)
