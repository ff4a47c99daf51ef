"""`config.yaml` holds what PyYAML reads back."""

import math
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from wandb._native.run import run_dir

TEXTS = st.text() | st.sampled_from(["yes", "No", "null", "1e5", "1:30", "~", "- a", "a: b", "#", "", "plain", "Ω/ü"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300)
@given(config=st.dictionaries(TEXTS, VALUES, max_size=5))
def test_what_is_written_is_read_back(tmp_path: Path, config: dict[str, Any]) -> None:
    """Texts that look like numbers or words of YAML, floats with exponents, nested containers: all stay the same."""
    config.pop("wandb_version", None)
    path = tmp_path / "config.yaml"
    run_dir.write_config(path, config)
    read = yaml.safe_load(path.read_text("utf-8"))
    assert read.pop("wandb_version") == 1
    assert {key: entry["value"] for key, entry in read.items()} == config


def test_what_has_no_text_of_its_own(tmp_path: Path) -> None:
    """NaN, and values nested hundreds deep or with thousands of digits."""
    deep: Any = 1
    for _ in range(1000):
        deep = {"a": deep}
    run_dir.write_config(tmp_path / "config.yaml", {"nan": math.nan, "deep": deep, "huge": 10**5000})
    read = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert math.isnan(read["nan"]["value"])
    assert read["huge"]["value"] == "<integer of 16610 bits>"
