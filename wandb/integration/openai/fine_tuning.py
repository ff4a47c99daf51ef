"""Fine-tuning jobs of OpenAI: each that has succeeded becomes a run."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
from time import sleep
from typing import TYPE_CHECKING, Any

import wandb
from wandb.errors import Error
from wandb.errors.term import termlog, termwarn

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

POLL = 60.0  # seconds between two looks at a job that is waited for
ENDED = ("succeeded", "failed", "cancelled")


class WandbLogger:
    """Makes runs of fine-tuning jobs; a job that has a run already is left alone."""

    @classmethod
    def sync(
        cls,
        fine_tune_job_id: str | None = None,
        openai_client: OpenAI | None = None,
        num_fine_tunes: int | None = None,
        project: str = "OpenAI-Fine-Tune",
        entity: str | None = None,
        overwrite: bool = False,
        wait_for_job_success: bool = True,
        log_datasets: bool = True,
        model_artifact_name: str = "model-metadata",
        model_artifact_type: str = "model",
        **kwargs_wandb_init: Any,
    ) -> str | None:
        """Log jobs, the oldest first: a row for each step of the results, the job as artifact and its files as tables.

        Args:
            fine_tune_job_id: one job; by default all.
            openai_client: by default one of the environment's.
            num_fine_tunes: only so many, the newest.
            project, entity: of the runs; the id of a run is that of its job.
            overwrite: log jobs that have a run already once more, into that run.
            wait_for_job_success: wait for the end of a job that goes on.
            log_datasets: log the files for training and validation.
            model_artifact_name, model_artifact_type: of the artifact that describes the model.
            kwargs_wandb_init: further arguments of `wandb.init`.

        Returns:
            A sentence when everything went well, None when there was nothing to log.

        Raises:
            wandb.Error: openai is not installed, or version 0.
        """
        try:
            from openai import OpenAI
        except ImportError as error:
            raise Error("WandbLogger.sync() needs the client of OpenAI: `pip install 'openai>=1'`") from error
        client = openai_client or OpenAI()
        termlog("Retrieving fine-tune jobs...")
        if fine_tune_job_id:
            jobs = [client.fine_tuning.jobs.retrieve(fine_tune_job_id)]
        else:
            jobs = list(client.fine_tuning.jobs.list())  # the newest first
            jobs = jobs[:num_fine_tunes][::-1]
        place = {"project": project, "entity": entity}
        logged = 0
        for job in jobs:
            if wait_for_job_success:
                job = _awaited(client, job)
            if job.status != "succeeded":
                termwarn(f'Fine-tune {job.id} has the status "{job.status}" and will not be logged')
            elif not overwrite and _is_logged(job.id, project):
                termwarn(f"Fine-tune {job.id} has already been logged. Use `overwrite=True` to log it again")
            else:
                init = {"job_type": "fine-tune", "name": job.id, **kwargs_wandb_init, **place}
                with wandb.init(id=job.id, resume="allow", reinit="create_new", **init) as run:
                    run.config.update(_about(job), allow_val_change=True)
                    _log_results(run, client, job)
                    if log_datasets:
                        _log_files(run, client, job)
                    _log_model(run, job, model_artifact_name, model_artifact_type)
                    run.summary.update({"fine_tuned_model": job.fine_tuned_model, "status": job.status})
                logged += 1
        if not logged:
            termwarn("No new successful fine-tunes were found")
            return None
        return "🎉 wandb sync completed successfully"


def _awaited(client: OpenAI, job: FineTuningJob) -> FineTuningJob:
    if job.status not in ENDED:
        termlog(f"Waiting for fine-tune {job.id} to end, looking every {POLL:g} s...")
    while job.status not in ENDED:
        sleep(POLL)
        job = client.fine_tuning.jobs.retrieve(job.id)
    return job


def _is_logged(id: str, project: str) -> bool:
    try:
        return bool(wandb.Api().run(f"{project}/{id}").summary.get("status") == "succeeded")
    except (wandb.CommError, wandb.UsageError, ValueError):  # no such run, or no server: it is logged
        return False


def _about(job: FineTuningJob) -> dict[str, Any]:
    return json.loads(job.model_dump_json(exclude_none=True))  # type: ignore[no-any-return]


def _log_results(run: wandb.Run, client: OpenAI, job: FineTuningJob) -> None:
    """Log the rows of the result files, which OpenAI sends as CSV or as CSV in base64."""
    for file in job.result_files or ():
        text = _text(client, file)
        if "step" not in text.partition("\n")[0]:
            try:
                text = base64.b64decode(text, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                termwarn(f"The results {file} of fine-tune {job.id} are not CSV and are not logged")
                continue
        for row in csv.DictReader(io.StringIO(text)):
            values = {name: float(value) for name, value in row.items() if name != "step" and value}
            run.log(values, step=int(float(row["step"])))


def _log_files(run: wandb.Run, client: OpenAI, job: FineTuningJob) -> None:
    """Log the files for training and validation as artifacts with a table of their conversations."""
    for kind, file in (("training", job.training_file), ("validation", job.validation_file)):
        if not file:
            continue
        try:
            text = _text(client, file)
        except Exception as error:  # OpenAI deletes files
            termwarn(f"The {kind} file {file} cannot be read and is not logged: {type(error).__name__}: {error}")
            continue
        artifact = wandb.Artifact(f"{kind}-{file}", type=f"{kind}_files")
        with artifact.new_file(file, mode="w", encoding="utf-8") as copy:
            copy.write(text)
        if table := _table(text):
            artifact.add(table, f"{kind}_data")
        (run.log_artifact if run.offline else run.use_artifact)(artifact)
        if table:
            run.log({f"{kind}_data": table})


def _table(text: str) -> wandb.Table | None:
    """Return the lines of a file as rows, or None where it holds something else."""
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        columns = list(dict.fromkeys(name for line in lines for name in line))
    except (TypeError, ValueError):
        return None
    table = wandb.Table(columns=columns)
    for line in lines:
        cells = (line.get(name) for name in columns)
        table.add_data(*(one if one is None or isinstance(one, str) else json.dumps(one) for one in cells))
    return table


def _log_model(run: wandb.Run, job: FineTuningJob, name: str, kind: str) -> None:
    about = _about(job)
    artifact = wandb.Artifact(name, type=kind, metadata=about)
    with artifact.new_file("model_metadata.json", mode="w", encoding="utf-8") as file:
        json.dump(about, file, indent=2)
    run.log_artifact(artifact, aliases=["latest", job.id])


def _text(client: OpenAI, file: str) -> str:
    return str(client.files.content(file).read().decode())
