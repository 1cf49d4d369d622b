"""Markdown of what the source says: tables, texts, signatures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts."""
    lines = [head, ["---"] * len(head), *([cell(one) for one in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Between backticks, but for the dash that stands for nothing."""
    return text if text == "-" else f"`{text}`"


def cell(text: str) -> str:
    """Text on one line; bars and brackets of tags stay what they are."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", "\\|"))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def text(docstring: str | None) -> str:
    """A docstring as Markdown: what is indented in it becomes a block of its own."""
    lines: list[str] = []
    for line in inspect.cleandoc(docstring or "").splitlines():
        before = lines[-1] if lines else ""
        if line.startswith("    ") and before and not before.startswith("    "):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def plain(signature: inspect.Signature | inspect.Parameter) -> str:
    """A signature whose annotations, which are texts in the source, stand without quotes."""
    return re.sub(r"'([^']*)'", r"\1", str(signature))
