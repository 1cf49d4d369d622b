"""Bodies of several parts (RFC 7578) -> a file for each map, written as the bytes come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from gan_zoo.errors import quoted
from gan_zoo.serving.refusals import Refusal


class Parts:
    """Writes the parts of a body into files.

    Args:
        boundary: Between them, as the content type says.
        maps: The names that parts may have.
        folder: For the files.

    Raises:
        Refusal: there is no such boundary.
    """

    def __init__(self, boundary: bytes, maps: Sequence[str], folder: Path) -> None:
        from python_multipart.multipart import MultipartParser

        self.maps = maps
        self.folder = folder
        self.files: dict[str, Path] = {}
        self._field, self._value = b"", b""
        self._named = b""  # the header that tells the part's name
        self._file: BinaryIO | None = None
        self._ended = False
        if not boundary:
            raise Refusal(400, "the content type multipart/form-data names no boundary")
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._add_field,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._write,
                "on_part_end": self.close,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take some bytes.

        Raises:
            Refusal: they are no such body, or hold another part than the maps.
        """
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(chunk)
        except FormParserError as problem:
            raise Refusal(400, f"the body is not multipart/form-data: {problem}") from None

    def finish(self) -> dict[str, Path]:
        """Map -> its file, when all bytes have come.

        Raises:
            Refusal: some are missing.
        """
        absent = [name for name in self.maps if name not in self.files]
        if absent or not self._ended:
            came = "the body ends within a part"
            if self._ended or not self.files:
                came = f"the parts {', '.join(self.files) or 'none'} came"
            raise Refusal(400, f"{came}; this model takes {', '.join(self.maps)}, a part each")
        return {name: self.files[name] for name in self.maps}

    def close(self) -> None:
        """Close the file of the part that was written last."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._named = b""

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._named = self._value
        self._field, self._value = b"", b""

    def _open(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._named)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name not in self.maps:
            came = f"the part {quoted(name)} came" if name else "a part without a name came"
            raise Refusal(400, f"{came}; this model takes {', '.join(self.maps)}, a part each")
        if name in self.files:
            raise Refusal(400, f"the part {name} came twice; give one of it")
        self.files[name] = self.folder / f"part{len(self.files)}"
        self._file = self.files[name].open("xb")

    def _write(self, data: bytes, start: int, end: int) -> None:
        assert self._file is not None
        self._file.write(data[start:end])

    def _end(self) -> None:
        self._ended = True
