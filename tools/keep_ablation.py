"""Keep what a finished ablation came to in docs/explanation/ablations: its file, its plan, its
scores and its table. Runs stay where they are; what names paths of one machine is left out.

    python -m tools.keep_ablation ablations/NAME
    python -m tools.keep_ablation docs/explanation/ablations/*/     # writes their tables anew
"""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.table_making import read_table
from gan_zoo.ablation.tables.markdown import as_markdown

HOME = Path(__file__).parents[1] / "docs" / "explanation" / "ablations"


def keep(source: Path, home: Path = HOME) -> Path:
    """Copy an ablation's results; the table is made of the copy."""
    here = AblationFolder.open(source)
    plan = here.plan()
    there = home / plan.name
    kept = AblationFolder(there)
    if there.resolve() != here.path.resolve():
        shutil.rmtree(there, ignore_errors=True)
        there.mkdir(parents=True)
        shutil.copyfile(here.file, kept.file)
        kept.write_plan(replace(plan, stamps={}, orphans={}))
        for result in here.results().values():
            told = re.sub(r"(?<!\S)/\S*/", "", result.scores.data)  # of where the data lies
            kept.write_result(replace(result, scores=replace(result.scores, data=told)))
    (there / "table.md").write_text(as_markdown(read_table(kept)), encoding="utf-8")
    return there


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(keep(Path(name)))
