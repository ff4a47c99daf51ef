"""Values of every library come to what wandb makes of them: a number, numbers, a text, or its exception."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from tests.helpers.environments import HELPERS, ROOT, clean_environ

# What wandb keeps as text and we, better, as the number that it is.
EXACT = {"decimal.Decimal(": "number", "fractions.Fraction(": "number"}
# What wandb keeps as lists in a list, which are no numbers to plot.
NESTED = ("[[1, 2], [3, 4]]", "[np.array([1, 2]), np.array([3, 4])]", "[torch.tensor([1.0, 2.0])]")
# What wandb refuses, and we take.
MORE = {
    "range(3)": "numbers",
    "torch.tensor([1.0], dtype=torch.bfloat16)": "number",
    "torch.tensor([1.0, 2.0]).bfloat16()": "numbers",
    "torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn)": "numbers",
    "torch.tensor([1, 2]).to_sparse()": "numbers",
    "torch.arange(40.0).bfloat16()": "numbers",
    "torch.nn.Parameter(torch.tensor(0.5))": "number",
    "torch.nn.Parameter(torch.arange(50.0))": "numbers",
    "keras.Variable(0.5)": "number",
    "pd.Series([1, 2])": "numbers",
    'pd.Series(["x"])': "text",
    "pd.Index([1, 2])": "numbers",
    'pd.array([1, None], dtype="Int64")': "numbers",
}


def test_values_are_converted_as_wandb_does(real_python: Path, tmp_path: Path) -> None:
    """Each kind of value is converted as wandb does; the lists above hold the values that only ours accepts."""
    engine = tmp_path / "engine"  # the converter alone: its parent directory holds the native `wandb`
    engine.mkdir()
    (engine / "wandb_compat").symlink_to(ROOT / "wandb_compat")
    path = os.pathsep.join([sysconfig.get_path("purelib"), str(engine)])
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [real_python, HELPERS / "value_conversions.py"],
        cwd=home,
        env=clean_environ(home, PYTHONPATH=path, DISABLE_WANDB_LOGGING="true", CUDA_VISIBLE_DEVICES=""),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    ours, theirs = found["ours"], found["wandb"]
    assert ours.keys() == theirs.keys() and len(ours) > 150
    wrong = [(name, ours[name], expected) for name, expected in theirs.items() if not alike(name, ours[name], expected)]
    assert wrong == []


def alike(name: str, got: Any, expected: Any) -> bool:
    """Whether a value came to what it should."""
    for start, kind in EXACT.items():
        if name.startswith(start):
            return bool(got[0] == kind)
    if expected[0] == "error" and name in MORE:
        return bool(got[0] == MORE[name])
    if name in NESTED:
        return bool(expected == ["numbers"] and got[0] == "text")
    return bool(got == expected)
