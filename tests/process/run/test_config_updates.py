"""A server that merges a config without a lock loses nothing of a run whose parts all update it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wandb
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import running

EPOCHS = 6


@pytest.fixture(scope="module")
def unlocked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that needs time between reading and writing a config, as the real one does."""
    with running(tmp_path_factory.mktemp("unlocked") / "data", limits=Limits(merge_time=0.15)) as server:
        yield server


def test_artifacts_config_and_summary_of_each_epoch_arrive(
    unlocked_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The artifacts are published by one thread of the uploader and the rest by another."""
    for name, value in unlocked_server.environment().items():
        monkeypatch.setenv(name, value)
    with wandb.init(project="epochs", config={"seed": 2**60 + 1}) as run:
        for epoch in range(EPOCHS):
            checkpoint = wandb.Artifact("checkpoint", "model")
            with checkpoint.new_file("weights") as file:
                file.write(str(epoch))
            logged = run.log_artifact(checkpoint)
            run.log({"loss": 1 / (epoch + 3)})
            run.summary[f"best {epoch}"] = epoch / 3
            run.config[f"epoch {epoch}"] = {"rate": 0.1 + 0.2 * epoch}
            run._summary_publisher.publish()
            logged.wait()
    read = wandb.Api().run(f"epochs/{run.id}")
    assert [one.version for one in read.logged_artifacts()] == [f"v{epoch}" for epoch in range(EPOCHS)]
    assert read.config == {
        "seed": 2**60 + 1,
        **{f"epoch {epoch}": {"rate": 0.1 + 0.2 * epoch} for epoch in range(EPOCHS)},
    }
    summary = {f"best {epoch}": epoch / 3 for epoch in range(EPOCHS)}
    assert {key: read.summary[key] for key in (*summary, "loss")} == {**summary, "loss": 1 / (EPOCHS + 2)}
    read.config["seed"] = 2**61 + 1
    read.summary["loss"] = 2 / 3
    read.update()
    again = wandb.Api().run(f"epochs/{run.id}")
    assert again.config["seed"] == 2**61 + 1 and again.summary["loss"] == 2 / 3
    wandb.teardown()
