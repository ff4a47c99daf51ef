"""Images of every origin arrive as the pixels that they were, with captions, boxes and masks."""

from typing import Any

import numpy
import pytest

import wandb


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: wandb.Image(numpy.ones((2, 2, 5))), ValueError),
        (lambda: wandb.Image(numpy.ones(5)), ValueError),
        (lambda: wandb.Image(numpy.ones((4, 4)), mode="XX"), ValueError),
        (lambda: wandb.Image(numpy.ones((4, 4)), file_type="gif"), ValueError),
        (lambda: wandb.Image(None), AttributeError),
        (lambda: wandb.Image(numpy.ones((4, 4)), boxes=[1]), ValueError),
        (lambda: wandb.Image(numpy.ones((4, 4)), boxes={"a": {"box_data": [{}]}}), TypeError),
        (lambda: wandb.Image(numpy.ones((4, 4)), masks={"a": {"mask_data": numpy.ones((2, 2)) * 256}}), TypeError),
        (lambda: wandb.Image(numpy.ones((4, 4)), masks={"a": {}}), TypeError),
        (lambda: wandb.Classes([{"id": 1}]), AssertionError),
    ],
)
def test_what_wandb_refuses_is_refused_at_once(make: Any, error: type[Exception]) -> None:
    """The constructor raises what wandb's raises."""
    with pytest.raises(error):
        make()
