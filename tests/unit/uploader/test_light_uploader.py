"""The uploader goes without the trainer's large libraries, and still takes from both sides only what has sense."""

from typing import Any

import pytest

from wandb_compat.config.settings import Settings
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.wire.models import Created


def test_worker_config_holds_the_settings() -> None:
    """The uploader goes by the trainer's environment, with its invalid values left out; the trainer has warned
    already."""
    settings, _ = Settings.read(
        {"PLUTO_URL_API": "http://h:3001", "WANDB_COMPAT_LINGER": "inf", "WANDB_COMPAT_HEARTBEAT": "0"}
    )
    config = WorkerConfig.of(settings)
    assert config.urls == [None, "http://h:3001", None, None]
    assert (config.linger, config.heartbeat, config.adopt) == (float("inf"), 4.0, True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"runId": 7}, Created(7, None, None, None, False)),
        (
            {"runId": "7", "url": "u", "displayId": "A-1", "projectName": "p", "resumed": True, "more": {}},
            Created(7, "u", "A-1", "p", True),
        ),
        ({"runId": 7, "url": None, "resumed": 0}, Created(7, None, None, None, False)),
    ],
)
def test_an_answer_to_create_is_read(answer: dict[str, Any], expected: Created) -> None:
    """Numbers may come as text, and servers may tell more or less than others."""
    assert Created.of(answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"runId": None},
        {"runId": "seven"},
        {"runId": [7]},
        {"runId": 7, "url": 8},
        {"runId": 7, "projectName": {}},
        {"runId": 7, "resumed": None},
        {"runId": 7, "resumed": "perhaps"},
    ],
)
def test_an_answer_to_create_that_makes_no_sense_is_refused(answer: dict[str, Any]) -> None:
    """Of another server's answer nothing is taken."""
    with pytest.raises(ValueError, match=r"no answer to create or resume|invalid literal"):
        Created.of(answer)
