"""SageMaker: a job finds the key that was written for it, and its run has the job's name."""

import json
import stat
from pathlib import Path

import pytest

import wandb
from wandb.integration.sagemaker import config


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A SageMaker job's surroundings."""
    parameters = tmp_path / "hyperparameters.json"
    parameters.write_text(json.dumps({"epochs": "3", "rate": '"0.5"', "model": "small"}))
    monkeypatch.setattr(config, "PARAMETERS", str(parameters))
    monkeypatch.setenv("TRAINING_JOB_NAME", "job-7")
    monkeypatch.setenv("CURRENT_HOST", "algo-1")
    return parameters


def test_the_key_travels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`sagemaker_auth` writes the key and what else is given to a file that only its owner reads."""
    monkeypatch.setenv("PLUTO_API_KEY", "mlpi_secret")
    given = {"WANDB_PROJECT": "demo"}
    wandb.sagemaker_auth(given, path=str(tmp_path))
    file = tmp_path / "secrets.env"
    assert file.read_text() == "WANDB_PROJECT=demo\nPLUTO_API_KEY=mlpi_secret\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert given == {"WANDB_PROJECT": "demo"}
    assert config.parse_sm_secrets() == {"WANDB_PROJECT": "demo", "PLUTO_API_KEY": "mlpi_secret"}


def test_without_a_key(tmp_path: Path) -> None:
    """Without a key the error says how to get one."""
    with pytest.raises(ValueError, match="wandb login"):
        wandb.sagemaker_auth(path=str(tmp_path))


def test_a_job(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a job the run's group and id come from it, hyperparameters are configuration, secrets are variables."""
    monkeypatch.setenv("WANDB_PROJECT", "")  # undone at the end, as the job's secrets set it
    monkeypatch.delenv("WANDB_PROJECT")
    Path("secrets.env").write_text("WANDB_PROJECT=from-the-job\n", encoding="utf-8")
    run = wandb.init(mode="offline", config={"epochs": 9})
    assert run.project == "from-the-job"
    assert run.group == "job-7"
    assert run.id.startswith("job-7-") and run.id.endswith("-algo-1")
    assert dict(run.config) == {
        "sagemaker_training_job_name": "job-7",
        "epochs": 9,
        "rate": 0.5,
        "model": "small",
    }


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of SageMaker a file of that name changes nothing."""
    Path("secrets.env").write_text("WANDB_PROJECT=from-the-job\n", encoding="utf-8")
    assert wandb.init(mode="offline").project == "uncategorized"
