"""Prodigy, which is on no package index: what its database holds becomes a table."""

import base64
import io

import pytest

import wandb


def test_examples_become_a_table() -> None:
    """Every field is a column, what is nested is JSON, pictures are shown; one that cannot be read is left out."""
    from PIL import Image

    from wandb.integration.prodigy.prodigy import create_table

    kept = io.BytesIO()
    Image.new("RGB", (4, 2), "red").save(kept, "PNG")
    picture = f"data:image/png;base64,{base64.b64encode(kept.getvalue()).decode()}"
    table = create_table(
        [
            {"text": "Berlin", "spans": [{"start": 0, "label": "GPE"}], "answer": "accept"},
            {"image": picture, "answer": "reject"},
            {"image": "absent.png", "answer": "ignore"},
        ]
    )
    assert table.columns == ["text", "spans", "answer", "image", "image_visual"]
    assert table.data[0] == ["Berlin", '[{"start": 0, "label": "GPE"}]', "accept", None, None]
    shown = table.data[1][-1]
    assert (shown._width, shown._height) == (4, 2) and table.data[2][-1] is None


def test_prodigy_is_missing(read) -> None:
    """Without it the error says where it comes from, and the run goes on."""
    from wandb.integration.prodigy import upload_dataset

    run = wandb.init(mode="offline")
    with pytest.raises(wandb.Error, match=r"prodi\.gy"):
        upload_dataset("names")
    run.log({"x": 1})
    run.finish()
    assert read(run).rows() == [(0, {"x": 1})]
