"""Files of every shipped recipe, and a file where there is no torch. Minutes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import export as benchmark  # tests/benchmarks/export.py
import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo.inference.export.exporting import Exported
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import picture
from tests.inference.export.shipped import CHANGES

PAGE = benchmark.table_of(benchmark.PAGE.read_text(encoding="utf-8"))
OWN = [name for name in CHANGES if "/" not in name]  # guests are left out of these tests
ALONE = """
import sys
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
given = np.load("given.npy")
eight, floats = session.run(None, {"source": given})
np.save("eight.npy", eight)
assert "torch" not in sys.modules
try:
    import torch
except ImportError:
    print("no torch")
"""


def test_every_shipped_recipe_is_on_the_page() -> None:
    assert set(OWN) == set(Zoo.installed().recipes())
    assert [row[:2] for row in PAGE] == [[r, to] for r in CHANGES for to in ("onnx", "torch")]
    assert all(float(row[2]) < 1e-3 for row in PAGE)
    assert all(float(row[5]) > 1.1 for row in PAGE if row[1] == "onnx")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", OWN)
def test_files_of_a_shipped_recipe(recipe: str) -> None:
    made = [*benchmark.rows([recipe], rounds=5)]
    assert [row.format for row in made] == ["onnx", "torch"]
    assert all(row.largest < 1e-3 for row in made)
    told = {row[1]: row for row in PAGE if row[0] == recipe}
    for row in made:
        assert abs(row.nodes / int(told[row.format][3]) - 1) < 0.1, (row, told)
        assert abs(row.megabytes / float(told[row.format][4]) - 1) < 0.1, (row, told)


@pytest.mark.slow
def test_a_file_runs_where_there_is_no_torch(
    onnx_of_pictures: Exported, pictures: RunFolder, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    [site] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    for name in ("numpy", "numpy.libs", "onnxruntime"):  # borrowed, and nothing else is there
        found = importlib.util.find_spec(name.partition(".")[0])
        assert found is not None
        assert found.origin is not None
        there = Path(found.origin).parent.parent / name
        if there.exists():
            (site / name).symlink_to(there)
    given = torch.stack([picture(50, 31), picture(50, 31)])
    np.save(tmp_path / "given.npy", given.numpy())
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "python", "-c", ALONE, str(onnx_of_pictures.path)],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "no torch\n", done.stderr
    made = np.load(tmp_path / "eight.npy")
    model = gan_zoo.load(pictures, device="cpu", precision="float32")
    wanted = model.picture({"source": given[0]}).numpy()
    assert np.abs(made[1].astype(int) - wanted).max() <= 1
