"""What installed plugins add to the start of the command line: `gan-zoo list` with so many packages
and without, as the median of the ratios of two runs beside each other.

    python tests/benchmarks/plugins.py --plugins 20 --repeat 15

The packages are written from the templates of `gan-zoo new-plugin`, all kinds in turn, and lie as
pip would install them: in a folder of packages, with metadata beside them. Every run is a fresh
process, and the two take turns, so that a busy moment hits both. Both may write bytecode, which an
installed package has. Exits with 1 where the plugins add a quarter or more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from gan_zoo.registry.zoo import Zoo
from gan_zoo.scaffold import new_plugin, templates

sys.path.insert(0, str(Path(__file__).parent))

import startup  # beside this file

MOST = 1.25


def install(name: str, kind: str, site: Path) -> None:
    """A package from the template of a kind, and what pip writes about it."""
    folder = new_plugin.write(name, kind, Zoo([]), site)
    (folder / f"gan_zoo_{name}").rename(site / f"gan_zoo_{name}")
    info = site / f"gan_zoo_{name}-0.1.0.dist-info"
    info.mkdir()
    core = metadata.version("gan-zoo")
    about = ["Metadata-Version: 2.4", f"Name: gan-zoo-{name}", "Version: 0.1.0"]
    about += [f"Requires-Dist: gan-zoo>={core}", "Description-Content-Type: text/markdown", ""]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    (info / "METADATA").write_text("\n".join([*about, readme]), encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[gan_zoo]\n{name} = gan_zoo_{name}\n")
    (info / "RECORD").touch()


def pairs(plugins: int, repeat: int, command: list[str]) -> list[tuple[float, float]]:
    """Seconds of the command without the plugins and with them, run after run."""
    found = []
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as site:
        for number in range(plugins):
            kind = templates.KINDS[number % len(templates.KINDS)]
            install(f"generated_{number:02}", kind, Path(site))
        for turn in range(repeat + 1):
            took = {}
            for place in (empty, site) if turn % 2 else (site, empty):
                os.environ["PYTHONPATH"] = place
                took[place] = startup.seconds(command, empty)
            if turn:  # the first turn fills the disk's cache and writes the bytecode
                found.append((took[empty], took[site]))
    return found


def main() -> None:
    """Measure and print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--plugins", type=int, default=20, metavar="N", help="how many packages")
    parser.add_argument("--repeat", type=int, default=9, metavar="N", help="runs of each")
    given = parser.parse_args()
    if min(given.plugins, given.repeat) < 1:
        parser.error("--plugins and --repeat must be at least 1")

    names = ",".join(f"generated_{number:02}" for number in range(given.plugins))
    os.environ["GAN_ZOO_PLUGINS"] = names  # as startup.py keeps to the built-ins
    found = pairs(given.plugins, given.repeat, [startup.ZOO, "list"])
    without, beside = (statistics.median(times) for times in zip(*found, strict=True))
    ratio = statistics.median(one / other for other, one in found)
    print(f"{startup.machine()}; median of {given.repeat} pairs of runs of `gan-zoo list`\n")
    print("| plugins | seconds | ratio |\n|---:|---:|---:|")
    print(f"| 0 | {without:.3f} | 1.00 |")
    print(f"| {given.plugins} | {beside:.3f} | {ratio:.2f} |")
    if ratio >= MOST:
        sys.exit(f"\n{given.plugins} plugins add a quarter or more")


if __name__ == "__main__":
    main()
