"""The two lines with which an installed plugin tests itself, and what they say of faulty ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest

from gan_zoo.components.kinds import KINDS
from gan_zoo.errors import UserError
from gan_zoo.testing import checks, conformance

PLUGINS = Path(__file__).parent / "plugins"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-your-component.md"
BOX = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = """
from gan_zoo.testing import conformance

test_guests = conformance("faulty", "eager")
"""

# What is wrong -> the checks that find it; the first of them by its very purpose.
FAULTS = {
    "loss faulty/weightless": ["weight scales the term", "no option is ignored"],
    "loss faulty/detached": ["gradients reach the player and nobody else"],
    "discriminator faulty/unseeing": ["every channel that is shown counts"],
    "generator faulty/shrinking": ["contract over odd sizes", "rehearses on the meta device"],
    "generator faulty/overwriting": ["inputs stay as they are"],
    "condition faulty/leaking": ["gradients stay with its player"],
    "plugin eager": ["no torch at import"],
}


def test_an_absent_plugin_is_named() -> None:
    with pytest.raises(UserError, match="no plugin 'helo' is installed; there are"):
        conformance("helo")


class Report:
    """What pytest told of the two plugins.

    Attributes:
        failed: Case -> what was said.
        passed: Cases.
    """

    def __init__(self, folder: Path) -> None:
        for name in ("faulty", "eager"):  # what pip leaves
            metadata = folder / f"gan_zoo_{name}-1.0.dist-info"
            metadata.mkdir()
            lines = f"Metadata-Version: 2.1\nName: gan-zoo-{name}\nVersion: 1.0\n"
            (metadata / "METADATA").write_text(lines)
            (metadata / "entry_points.txt").write_text(f"[gan_zoo]\n{name} = gan_zoo_{name}\n")
        (folder / "test_guests.py").write_text(TEST)
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--junitxml=report.xml"],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": f"{folder}{os.pathsep}{PLUGINS}",
                "GAN_ZOO_PLUGINS": "faulty,eager",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.said = ended.stdout
        self.failed: dict[str, str] = {}
        self.passed: list[str] = []
        for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
            name = case.attrib["name"].removeprefix("test_guests[").removesuffix("]")
            if (failure := case.find("failure")) is not None:
                self.failed[name] = failure.text or ""
            elif len(case) == 0:
                self.passed.append(name)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return Report(tmp_path_factory.mktemp("guests"))


def test_every_fault_fails_its_check_and_no_other(report: Report) -> None:
    expected = [f"{who}: {title}" for who, titles in FAULTS.items() for title in titles]
    assert sorted(report.failed) == sorted(expected)
    everything = sum(len(checks(who.split()[0])) for who in FAULTS if "/" in who) + 2
    everything += len(checks("generator"))  # of the plugin that imports torch
    assert len(report.passed) == everything - len(expected)


def test_a_failure_is_advice_and_no_traceback(report: Report) -> None:
    assert "Traceback" not in report.said
    for name, said in report.failed.items():
        lines = said.splitlines()
        assert lines[0] == name
        words = [line.split(":")[0].strip() for line in lines[1:]]
        assert words == ["done", "came", "expected", "cure"]


# ---------------------------------------------------------------------------------- the page


def boxes(language: str) -> list[str]:
    return [text for found, text in BOX.findall(PAGE.read_text()) if found == language]


def test_the_page_shows_every_fault_with_what_is_said(report: Report) -> None:
    shown = [text.strip() for text in boxes("text")]
    assert shown == [report.failed[f"{who}: {titles[0]}"].strip() for who, titles in FAULTS.items()]


def test_the_page_shows_the_lines_that_are_wrong() -> None:
    sources = "\n".join(dedent(p.read_text()) for p in sorted(PLUGINS.rglob("*.py")))
    plain = [line.strip() for line in sources.splitlines()]
    shown = boxes("python")[3:]  # after the test file, the example and tests of your own
    assert len(shown) == len(FAULTS)
    for text in shown:
        lines = [line.strip() for line in text.strip().splitlines()]
        starts = [n for n, line in enumerate(plain) if line == lines[0]]
        assert any(plain[n : n + len(lines)] == lines for n in starts), text


def grouped() -> dict[str, dict[str, str]]:
    """Kinds that share checks -> title -> what it means."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for kind in KINDS:
        for check in checks(kind).items():
            kinds.setdefault(check, []).append(kind)
    groups: dict[str, dict[str, str]] = {}
    for (title, meaning), of in kinds.items():
        who = "Every component" if of == list(KINDS) else ", ".join(of)
        groups.setdefault(who, {})[title] = meaning
    return groups


def test_the_page_lists_every_check() -> None:
    _, _, section = PAGE.read_text().partition("## What is checked")
    told = {}
    for part in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
        heading, _, table = part.partition("\n")
        told[heading.strip()] = _rows(table)
    assert told == grouped()


def _rows(table: str) -> dict[str, str]:
    rows = {title.strip(): meaning.strip() for title, meaning in ROW.findall(table)}
    return {t: m for t, m in rows.items() if t not in ("check", "---")}
