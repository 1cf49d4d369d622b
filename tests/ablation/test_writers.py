"""The table as people and programs read it: every letter of a small one."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.ablation.table import Cell
from gan_zoo.ablation.tables.footers import INTERVALS, PAIRED, footers, methods
from gan_zoo.ablation.tables.latex import as_latex
from gan_zoo.ablation.tables.layout import lay_out, spans
from gan_zoo.ablation.tables.markdown import as_markdown
from gan_zoo.ablation.tables.records import as_csv, as_data, records
from gan_zoo.ablation.tables.writing import write_tables
from gan_zoo.cli.terminal import ablation, text
from gan_zoo.evaluation.statistics import Interval
from tests.ablation.small_table import FIELDS, ONE, SMALL

SENTENCES = [
    "Differences are a variant's scores less l1_cgan's on the same seeds and pictures. Intervals "
    "hold for other ones; of sharpness for other seeds on these pictures.",
    "sharpness: each picture's distance to the ideal (→) is compared; a mean may hide it.",
    "Bold: off zero with all 3 seeds. Of 3 differences, any that is not real is off zero 1 time in "
    "20.",
    "With these seeds, a difference of about this size is missed half the time: l1 0.0041.",
    "A note of its own.",
    "cgan, seed 1, failed (memory): needs 9 GiB | has 2.",
    "no_skips is left out: it has no skips to cut.",
    "Seconds depend on the machine and its load; memory is of the process, on a GPU of torch.",
    "Published: Isola et al. 2017, table 1, never averaged with ours.",
    "Scored on test, 60 pictures at 64x64; 8 bits, data 7c1e: l1 id 3fa9c1d2 and sharpness id "
    "0badcafe, ceiling 0.5000. Protocols in full: table.json.",
]

MARKDOWN = """\
## Scores, mean ± sd over seeds

| variant |              l1 ↓ | sharpness → 1 | published |               seeds done |
| ------- | ----------------: | ------------: | --------: | -----------------------: |
| gan_1   | **0.150 ± 0.010** |   0.80 ± 0.10 |      0.22 |                      3/3 |
| cgan    |             0.120 |             - |         - | 1/3, 1 failed, 1 running |
| l1_cgan |     0.100 ± 0.010 |   0.60 ± 0.00 |      0.66 |                      3/3 |
| l1      |                 - |             - |         - |                      0/3 |

## Differences to l1_cgan [95 %], and the seeds in which a variant is better

| variant |                             l1 ↓ | sharpness distance to 1 ↓ |
| ------- | -------------------------------: | ------------------------: |
| gan_1   | **+0.0500 [0.0459, 0.0541]** 0/3 |   -0.20 [-0.45, 0.05] 3/3 |
| cgan    |                      +0.0200 0/1 |                         - |
| l1      |                                - |                         - |

## What they take

| variant | parameters (M) | GFLOP a step | s a step | peak MiB |
| ------- | -------------: | -----------: | -------: | -------: |
| gan_1   |         54.414 |       20.100 |   0.1000 |      512 |
| cgan    |          1.235 |        1.000 |   0.0512 |      100 |
| l1_cgan |         54.414 |       20.100 |        - |        - |
| l1      |          0.041 |        0.002 |        - |        - |
"""

LATEX = r"""
% Scores, mean ± sd over seeds
\begin{tabular}{lrrrr}
\toprule
variant & l1 $\downarrow$ & sharpness $\to$ 1 & published & seeds done \\
\midrule
gan\_1 & \textbf{0.150 $\pm$ 0.010} & 0.80 $\pm$ 0.10 & 0.22 & 3/3 \\
cgan & 0.120 & - & - & 1/3, 1 failed, 1 running \\
l1\_cgan & 0.100 $\pm$ 0.010 & 0.60 $\pm$ 0.00 & 0.66 & 3/3 \\
l1 & - & - & - & 0/3 \\
\bottomrule
\end{tabular}

% Differences to l1_cgan [95 %], and the seeds in which a variant is better
\begin{tabular}{lrr}
\toprule
&  & \multicolumn{1}{c}{sharpness} \\
\cmidrule(lr){3-3}
variant & l1 $\downarrow$ & distance to 1 $\downarrow$ \\
\midrule
gan\_1 & \textbf{+0.0500 [0.0459, 0.0541]}\enspace 0/3 & $-$0.20 [$-$0.45, 0.05]\enspace 3/3 \\
cgan & +0.0200\enspace 0/1 & - \\
l1 & - & - \\
\bottomrule
\end{tabular}

% What they take
\begin{tabular}{lrrrr}
\toprule
variant & parameters (M) & GFLOP a step & s a step & peak MiB \\
\midrule
gan\_1 & 54.414 & 20.100 & 0.1000 & 512 \\
cgan & 1.235 & 1.000 & 0.0512 & 100 \\
l1\_cgan & 54.414 & 20.100 & - & - \\
l1 & 0.041 & 0.002 & - & - \\
\bottomrule
\end{tabular}
"""

NARROW = """\
losses_small: Which part of the loss does what

  Scores, mean ± sd over seeds
  variant             l1 ↓  sharpness → 1  published                seeds done
  gan_1    * 0.150 ± 0.010    0.80 ± 0.10       0.22                       3/3
  cgan               0.120              -          -  1/3, 1 failed, 1 running
  l1_cgan    0.100 ± 0.010    0.60 ± 0.00       0.66                       3/3
  l1                     -              -          -                       0/3

  Differences to l1_cgan [95 %], and the seeds in which a variant is better
                                            ────── sharpness ───────
  variant                             l1 ↓           distance to 1 ↓
  gan_1    * +0.0500 [0.0459, 0.0541]  0/3  -0.20 [-0.45, 0.05]  3/3
  cgan                        +0.0200  0/1                         -
  l1                                     -                         -

  What they take
  variant  parameters (M)  GFLOP a step  s a step  peak MiB
  gan_1            54.414        20.100    0.1000       512
  cgan              1.235         1.000    0.0512       100
  l1_cgan          54.414        20.100         -         -
  l1                0.041         0.002         -         -

"""

CSV = """\
variant,factor.loss,l1.mean,l1.sd,l1.difference,l1.low,l1.high,l1.better,l1.pairs,l1.bold,l1.id,\
sharpness.mean,sharpness.sd,sharpness.difference,sharpness.low,sharpness.high,sharpness.better,\
sharpness.pairs,sharpness.bold,sharpness.id,published,seeds,seeds_done,parameters,flop,\
seconds_a_step,peak_bytes
gan_1,gan,0.15,0.01,0.05,0.0459,0.0541,0,3,True,3fa9c1d2,0.8,0.1,-0.2,-0.45,0.05,3,3,False,\
0badcafe,0.22,3,3,54413955,20100000000,0.1,536870912
cgan,cgan,0.12,,0.02,,,0,1,False,3fa9c1d2,,,,,,,,,0badcafe,,3,1,1234567,1000000000,0.0512,104857600
l1_cgan,l1_cgan,0.1,0.01,,,,,,False,3fa9c1d2,0.6,0.0,,,,,,False,0badcafe,0.66,3,3,54413955,\
20100000000,,
l1,,,,,,,,,,3fa9c1d2,,,,,,,,,0badcafe,,3,0,41000,2000000,,
"""


def test_below_a_table_stands_what_must_be_read() -> None:
    assert footers(SMALL) == SENTENCES


def test_fields_stand_behind_their_metric_and_protocols_on_the_page() -> None:
    made = replace(SMALL, columns=FIELDS)
    assert footers(made)[-1] == (
        "Scored on test, 60 pictures at 64x64; 8 bits, data 7c1e: segmentation (mean_iou id aa, "
        "ceiling 0.9000; pixel_accuracy id bb; of_two id cc). Protocols in full: table.json."
    )
    assert methods(made) == [
        INTERVALS,
        PAIRED,
        "segmentation (mean_iou id aa, ceiling 0.9000; pixel_accuracy id bb): mean absolute "
        "difference; test, 60 pictures at 64x64; 8 bits, data 7c1e.",
        "segmentation.of_two id cc: gradient of the output; test, 60 pictures at 64x64; 8 bits, "
        "data 7c1e.",
    ]
    other = replace(FIELDS[2], protocol={**FIELDS[2].protocol, "styles": "own"})
    assert footers(replace(SMALL, columns=(FIELDS[0], other)))[-2:] == [
        "Scored on test, 60 pictures at 64x64; 8 bits, data 7c1e: segmentation.mean_iou id aa, "
        "ceiling 0.9000.",
        "Scored on test, 60 pictures at 64x64; 8 bits, data 7c1e; styles own: segmentation.of_two "
        "id cc. Protocols in full: table.json.",
    ]


def test_fields_stand_under_their_metric() -> None:
    block = lay_out(replace(SMALL, columns=(SMALL.columns[0], *FIELDS)))[0]
    assert spans(block.heads) == [("", 2), ("segmentation", 3), ("", 2)]
    assert [head.text for head in block.heads[1:4]] == ["l1 ↓", "mean_iou ↑", "pixel_accuracy ↑"]
    assert block.heads[2].whole == "segmentation mean_iou ↑"


def test_markdown_means_what_a_name_says() -> None:
    told = as_markdown(replace(SMALL, about="a|b ~c~ $d$ `g` *h* l1_cgan _i_"))
    line = told.splitlines()[2]
    assert line == r"a\|b \~c\~ \$d\$ \`g\` \*h\* l1_cgan \_i\_"


def test_markdown() -> None:
    said = "\n".join(f"- {sentence}" for sentence in SENTENCES).replace("GiB |", "GiB \\|")
    about = "Which part of the loss does what"
    assert as_markdown(SMALL) == f"# losses_small\n\n{about}\n\n{MARKDOWN}\n{said}\n"


def test_latex() -> None:
    said = [
        "losses_small",
        "Which part of the loss does what",
        *SENTENCES,
        "\\usepackage{booktabs}",
    ]
    assert as_latex(SMALL) == "\n".join(f"% {line}" for line in said) + "\n" + LATEX


def test_every_row_of_latex_has_all_columns() -> None:
    odd = replace(SMALL.rows[0], variant="a_b&c#%{}~^\\")
    told = as_latex(replace(SMALL, columns=(SMALL.columns[0], *FIELDS), rows=(odd,)))
    found = re.findall(r"\\begin\{tabular\}\{(.*?)\}\n(.*?)\\end\{tabular\}", told, re.S)
    assert [columns for columns, _ in found] == ["lrrrrr", "lr", "lrrrr"]
    for columns, body in found:
        rows = [line for line in body.splitlines() if line.endswith(r" \\")]
        assert len(rows) in (2, 3)
        for row in rows:
            spanned = sum(int(n) - 1 for n in re.findall(r"\\multicolumn\{(\d+)\}", row))
            assert len(re.findall(r"(?<!\\)&", row)) + spanned == len(columns) - 1
            bare = re.sub(r"\\[{}]", "", row)
            assert bare.count("{") == bare.count("}")
            assert bare.replace(r"\$", "").count("$") % 2 == 0


def test_csv_and_records() -> None:
    assert as_csv(SMALL) == CSV
    rows = [*csv.DictReader(CSV.splitlines())]
    assert [row["variant"] for row in rows] == ["gan_1", "cgan", "l1_cgan", "l1"]
    gan, cgan, *_ = records(SMALL)
    assert (gan["l1.difference"], gan["l1.bold"], cgan["l1.low"]) == (0.05, True, None)
    assert len({tuple(record) for record in records(SMALL)}) == 1
    papers = [replace(SMALL.rows[0], published={"accuracy": 0.2}), SMALL.rows[3]]
    assert records(replace(SMALL, rows=tuple(papers)))[1]["published.accuracy"] is None


def test_json_keeps_what_runs_took_apart() -> None:
    told = json.loads(json.dumps(as_data(SMALL), allow_nan=False))
    assert (told["format"], told["reference"], told["comparisons"]) == (1, "l1_cgan", 3)
    assert told["columns"][0] == {
        "name": "l1",
        **ONE,
        "lower_is_better": True,
        "ideal": None,
        "beside": {},
        "smallest": 0.0041,
        "over_seeds": False,
    }
    gan, cgan = told["rows"][:2]
    assert gan["cells"]["l1"]["difference"] == {"mean": 0.05, "low": 0.0459, "high": 0.0541}
    assert cgan["cells"]["l1"]["difference"] == {"mean": 0.02, "low": None, "high": None}
    assert cgan["states"] == {"0": "done", "1": "failed: memory", "2": "running"}
    assert cgan["faults"] == {"1": "needs 9 GiB | has 2"}
    assert told["costs"]["gan_1"] == {"seconds_a_step": 0.1, "peak_bytes": 2**29}
    later = tuple(replace(row, seconds_a_step=9.0, peak_bytes=1) for row in SMALL.rows)
    again = as_data(replace(SMALL, rows=later))
    assert again.pop("costs") != told["costs"]
    assert again == {key: value for key, value in as_data(SMALL).items() if key != "costs"}


def test_a_narrow_window_has_blocks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look_through(monkeypatch, 80)
    ablation.print_table(SMALL)
    said = capsys.readouterr().out
    assert said.startswith(NARROW)
    assert max(map(len, said.splitlines())) <= 80
    assert "\n  *: off zero with all 3 seeds" in said


def test_what_it_asks_fits_the_window(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look_through(monkeypatch, 80)
    ablation.print_table(replace(SMALL, about="Which part of the loss does what " * 4))
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("losses_small: Which part")
    assert 40 < len(first) <= 80
    assert second.strip()


@pytest.mark.parametrize(("columns", "blocks"), [(50, 6), (70, 4), (10_000, 3)])
def test_a_wider_one_has_fewer(
    columns: int,
    blocks: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    look_through(monkeypatch, columns)
    ablation.print_table(SMALL)
    said = capsys.readouterr().out
    assert said.count("\n  variant ") == blocks
    assert all(len(line) <= columns for line in said.splitlines())


def test_a_metric_stands_over_its_fields_on_either_side_of_a_break(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look_through(monkeypatch, 44)
    ablation.print_table(replace(SMALL, columns=FIELDS, rows=SMALL.rows[3:], comparisons=0))
    said = capsys.readouterr().out
    assert said.partition("What they take")[0].endswith("""
  Scores
           ──────── segmentation ────────
  variant    mean_iou ↑  pixel_accuracy ↑
  l1                  -                 -

           segmentation
  variant      of_two ↑  seeds done
  l1                  -         0/3

  """)


def look_through(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    for module in (ablation, text):
        monkeypatch.setattr(module, "window", lambda: columns)


def test_the_terminal_prints_json_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    ablation.print_table(SMALL, as_json=True)
    assert json.loads(capsys.readouterr().out)["name"] == "losses_small"


def test_one_seed_is_headed_so() -> None:
    cell = Cell({0: 0.1}, 0.1, None, Interval(0.01, 0.005, 0.015), {0: 0.01}, 0, 1)
    rows = [replace(SMALL.rows[0], cells={"l1": cell}, states={0: "done"})]
    one = replace(SMALL, seeds=(0,), rows=tuple(rows), columns=SMALL.columns[:1])
    scores, differences, _ = lay_out(one)
    assert scores.title == "Scores of this one training"
    assert [entry.text for entry in scores.rows[0]] == ["gan_1", "0.1000", "0.22"]
    entry = differences.rows[0][1]
    assert (entry.text, entry.aside) == ("+0.0100 [0.0050, 0.0150]", "0/1")
    said = footers(one)
    assert said[0] == (
        "Differences are a variant's scores less l1_cgan's on the same seeds and pictures."
    )
    assert not any(sentence.startswith("Bold") for sentence in said)


def test_a_table_without_scores_is_a_table() -> None:
    none = replace(SMALL, columns=(), rows=SMALL.rows[3:], comparisons=0, about="", published="")
    assert [block.title for block in lay_out(none)] == ["Scores", "What they take"]
    assert "| variant | parameters (M) |" in as_markdown(none)
    assert footers(none)[0] == "There is no difference to l1_cgan, the reference, yet."
    assert "cmidrule" not in as_latex(none)
    ablation.print_table(none)
    assert as_csv(replace(none, rows=())) == "\n"


def test_a_papers_columns_keep_their_names() -> None:
    papers = [replace(row, published={"accuracy": 0.2, "IoU": 0.1}) for row in SMALL.rows[:1]]
    block = lay_out(replace(SMALL, rows=tuple(papers)))[0]
    assert spans(block.heads) == [("", 3), ("published", 2)]
    assert [head.text for head in block.heads[3:]] == ["accuracy", "IoU"]
    assert [entry.text for entry in block.rows[0][3:]] == ["0.2", "0.1"]


def test_letters_mean_themselves() -> None:
    odd = replace(
        SMALL, name="__x__", about="50 % *of* a|b & c#d <b>", notes=("a_b _c_ `d`\nnext \x1b[1m",)
    )
    told = as_markdown(odd)
    assert "# \\_\\_x\\_\\_\n\n50 % \\*of\\* a\\|b & c#d \\<b>\n" in told
    assert "- a_b \\_c\\_ \\`d\\` next" in told
    row = replace(SMALL.rows[3], variant="a_b&c#%{}~^\\")
    told = as_latex(replace(SMALL, rows=(row,)))
    assert r"a\_b\&c\#\%\{\}\textasciitilde{}\textasciicircum{}\textbackslash{} & - &" in told


def test_files_have_equal_bytes(tmp_path: Path) -> None:
    paths = write_tables(tmp_path, SMALL)
    assert [path.name for path in paths] == ["table.md", "table.csv", "table.json", "table.tex"]
    first = [path.read_bytes() for path in paths]
    write_tables(tmp_path, replace(SMALL, rows=tuple(SMALL.rows)))
    assert [path.read_bytes() for path in paths] == first
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}
