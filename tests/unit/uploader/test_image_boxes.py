"""How annotations are shortened to a limit."""

import json

import pytest

from wandb_compat.uploader.image_boxes import fit, size_of

BOX = {"position": {"minX": 0.1}, "class_id": 1}


def annotations(first: int, second: int, labels: int = 1) -> str:
    layers = {"first": first, "second": second}
    shown = {str(number): "label" for number in range(labels)}
    boxes = {name: {"box_data": [BOX] * count, "class_labels": shown} for name, count in layers.items()}
    return json.dumps({"boxes": boxes, "masks": {"ground": {"fileName": "a.png"}}})


@pytest.mark.parametrize("limit", [1500, 4000, 20_000])
def test_as_many_boxes_as_fit(limit: int) -> None:
    """Each layer keeps the same share of its boxes, and masks stay."""
    fitting, lost = fit(annotations(1000, 100), limit)
    assert fitting is not None and limit - 300 < size_of(fitting) <= limit
    document = json.loads(fitting)
    first, second = (len(document["boxes"][name]["box_data"]) for name in ("first", "second"))
    assert first // 10 - 1 <= second <= first // 10 + 1
    assert document["masks"] == {"ground": {"fileName": "a.png"}}
    assert lost == f"{1100 - first - second} of its 1100 boxes"


@pytest.mark.parametrize("text", [annotations(1, 1, labels=1000), "[1]", "no JSON", '{"boxes": {"a": 1}}'])
def test_none_fit(text: str) -> None:
    """What cannot be shortened is left out."""
    assert fit(text, 500) == (None, "its annotations")
