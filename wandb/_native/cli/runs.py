"""`wandb pull`, `wandb restore`, `wandb projects` and `wandb verify`: what was logged comes back."""

from __future__ import annotations

import base64
import hashlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from wandb.errors import Error
from wandb.errors.term import termerror, termlog
from wandb.sdk.lib.gitlib import GitCommandError, GitRepo

if TYPE_CHECKING:
    from wandb.apis.public import Run

_PLACE = (
    click.option("-p", "--project", envvar="WANDB_PROJECT", help="Project of the run, if its path has none."),
    click.option("-e", "--entity", envvar="WANDB_ENTITY", help="Accepted; it has no effect."),
)


def _placed(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in _PLACE:
        command = option(command)
    return command


def _find(run: str, project: str | None, entity: str | None) -> Run:
    import wandb

    given = {"project": project, "entity": entity}
    api = wandb.Api(overrides={key: value for key, value in given.items() if value is not None})
    try:
        found = api.run(run)
    except ValueError as error:  # also for a run that is not there
        raise click.ClickException(str(error)) from error
    return found


@click.command()
@_placed
@click.argument("run")
def pull(run: str, project: str | None, entity: str | None) -> None:
    """Download the files of a run into this folder; those that are there already stay."""
    found = _find(run, project, entity)
    files = found.files()
    if len(files) == 0:
        raise click.ClickException("Run has no files")
    click.echo(f"Downloading: {found.project}/{found.id}")
    for file in files:
        here = Path(file.name)
        if here.is_file() and _md5(here) == file.md5:
            click.echo(f"File {file.name} is up to date")
        else:
            file.download(replace=True)
            click.echo(f"File {file.name}")


def _md5(path: Path) -> str:
    return base64.b64encode(hashlib.md5(path.read_bytes(), usedforsecurity=False).digest()).decode()


@click.command()
@_placed
@click.option("--no-git", is_flag=True, help="Leave the checkout as it is.")
@click.option("--branch/--no-branch", default=True, help="Whether to make a branch or only check the commit out.")
@click.argument("run")
def restore(run: str, project: str | None, entity: str | None, no_git: bool, branch: bool) -> None:
    """Write the configuration of a run to `wandb/config.yaml`, and check out the commit that it ran from."""
    from wandb.sdk.lib.config_util import save_config_file_from_dict
    from wandb.sdk.wandb_setup import singleton

    found = _find(run, project, entity)
    about = found.metadata or {}
    git = about.get("git") or {}
    if (commit := git.get("commit")) and not no_git:
        _check_out(commit, f"wandb/{found.id}" if branch else None, git.get("remote") or git.get("repo"))
    path = Path(singleton().settings.wandb_dir, "config.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_config_file_from_dict(str(path), {key: {"value": value} for key, value in found.config.items()})
    termlog(f"Restored config variables to {path}")


def _check_out(commit: str, branch: str | None, remote: str | None) -> None:
    git = GitRepo()
    if not git.enabled:
        raise click.ClickException(
            "`wandb restore` needs to be run from the same git repository as the original run."
            f" Run `git clone {remote or 'REPOSITORY'}` and restore from there or pass the --no-git flag."
        )
    try:
        if not git.has_commit(commit):
            git.fetch_all()
        if branch is None:
            git.checkout(commit)
        elif git.has_branch(branch):
            git.checkout(branch)
        else:
            git.checkout_new_branch(branch, commit)
    except GitCommandError as error:
        raise click.ClickException(f"commit {commit} cannot be checked out: {error}; or pass --no-git") from error
    termlog(f"Checked out {branch or commit}")


@click.command(hidden=True)
@click.option("-e", "--entity", envvar="WANDB_ENTITY", help="Accepted; it has no effect.")
def projects(entity: str | None) -> None:
    """List the projects."""
    import wandb

    found = [project.name for project in wandb.Api().projects(entity)]
    click.echo("\n".join(found) if found else "No projects found")


@click.command()
@click.option("--host", help="Accepted; PLUTO_URL_… name the server.")
def verify(host: str | None) -> None:
    """Log a run with everything to the project `verify`, and check that it can be read back."""
    import wandb

    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = _log_a_run(Path(folder))
            run = wandb.Api().run(path)
        except (Error, ValueError) as error:
            termerror(f"Checking whether a run arrives: {error}")
            sys.exit(1)
        for what, check in _CHECKS.items():
            try:
                fine = check(run, Path(folder))
            except (Error, ValueError, OSError, LookupError) as error:
                termerror(str(error))
                fine = False
            failed += not fine
            termlog(f"Checking {what}".ljust(60, ".") + ("passed" if fine else "FAILED"))
    sys.exit(1 if failed else 0)


def _log_a_run(folder: Path) -> str:
    import wandb

    (folder / "note.txt").write_text("kept")
    run = wandb.init(project="verify", id=uuid4().hex, dir=str(folder), force=True, mode="online", config={"lr": 0.5})
    with run:
        for step in range(10):
            run.log({"loss": 1 / (step + 1)})
        run.save(str(folder / "note.txt"), base_path=str(folder))
        artifact = wandb.Artifact(f"verify-{run.id}", "dataset")
        artifact.add_file(str(folder / "note.txt"))
        run.log_artifact(artifact)
    return f"{run.project}/{run.id}"


def _reads_files(run: Run, folder: Path) -> bool:
    run.file("note.txt").download(root=str(folder / "back")).close()
    return (folder / "back" / "note.txt").read_text() == "kept"


def _reads_artifacts(run: Run, folder: Path) -> bool:
    import wandb

    found = wandb.Api().artifact(f"{run.project}/verify-{run.id}:latest")
    return Path(found.download(root=str(folder / "artifact")), "note.txt").read_text(encoding="utf-8") == "kept"


_CHECKS: dict[str, Callable[[Run, Path], bool]] = {
    "that the run has ended well": lambda run, folder: run.state == "finished",
    "configuration": lambda run, folder: run.config.get("lr") == 0.5,
    "history": lambda run, folder: [row["loss"] for row in run.scan_history(keys=["loss"])][:2] == [1, 0.5],
    "saved files": _reads_files,
    "artifacts": _reads_artifacts,
}
