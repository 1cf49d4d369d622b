"""What the headers of samples say, for a reader: sizes and modes."""

from __future__ import annotations

from collections import Counter

from gan_zoo_data.samples import Samples
from gan_zoo_data.surveys import WORDS

MOST = 3  # sizes that are listed; of more, the range is told


def header_facts(samples: Samples) -> list[str]:
    """The sizes of the files, and the modes of each map's, a clause each; files with a mistake are
    left out.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    modes: dict[str, Counter[str]] = {name: Counter() for name in samples.files}
    for index, heads in enumerate(samples.all_heads()):
        if heads.wrong:
            continue
        headers = {file.path: header for file, header in heads.headers.items()}
        for name, counts in modes.items():
            counts[headers[samples.files[name][index]].mode] += 1
        first = next(iter(headers.values()))
        sizes[first.height, first.width] += 1
    if not sizes:
        return []
    told = [_range(sizes) + (", halved" if samples.halves else "")]
    said = {name: " and ".join(mode for mode, _ in of.most_common()) for name, of in modes.items()}
    if len({*said.values()}) == 1:
        return [*told, f"mode {next(iter(said.values()))}"]
    return [*told, ", ".join(f"{WORDS.get(name, name)} {mode}" for name, mode in said.items())]


def _range(sizes: Counter[tuple[int, int]]) -> str:
    if len(sizes) <= MOST:
        listed = " and ".join(f"{h}x{w}" for (h, w), _ in sizes.most_common())
        return f"files of {listed} (height x width)"
    low, high = (
        "x".join(str(of(sides)) for sides in zip(*sizes, strict=True)) for of in (min, max)
    )
    return f"files of {len(sizes)} sizes, {low} to {high} (height x width)"
