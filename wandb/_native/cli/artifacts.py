"""`wandb artifact`: log a file or folder as an artifact, fetch one, list those of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from wandb.errors.term import termlog


@click.group()
def artifact() -> None:
    """Log, fetch and list artifacts."""


@artifact.command()
@click.option("-n", "--name", help="PROJECT/NAME, by default the name of the path.")
@click.option("-d", "--description", help="What it is.")
@click.option("-t", "--type", "kind", default="dataset", show_default=True, help="Its type.")
@click.option("-a", "--alias", "aliases", multiple=True, default=("latest",), help="Another name of this version.")
@click.option("--id", "run_id", help="Run that logs it.")
@click.option("--resume", is_flag=True, default=None, help="Go on with that run.")
@click.option("--skip_cache", is_flag=True, help="Accepted; files are hashed in place.")
@click.option("--policy", type=click.Choice(["mutable", "immutable"]), default="mutable", show_default=True)
@click.argument("path")
def put(
    path: str,
    name: str | None,
    description: str | None,
    kind: str,
    aliases: tuple[str, ...],
    run_id: str | None,
    resume: bool | None,
    skip_cache: bool,
    policy: Literal["mutable", "immutable"],
) -> None:
    """Log a file, a folder or a URL as an artifact."""
    import wandb

    entity, project, called = _path(name or Path(path).name)
    made = wandb.Artifact(called, type=kind, description=description)
    if Path(path).is_dir():
        made.add_dir(path, skip_cache=skip_cache, policy=policy)
    elif Path(path).is_file():
        made.add_file(path, skip_cache=skip_cache, policy=policy)
    elif "://" in path:
        made.add_reference(path)
    else:
        raise click.ClickException(f"Path argument must be a file or directory: {path} does not exist")
    project = project or click.prompt("Enter the name of the project you want to use")
    resumed = "allow" if resume else None
    with wandb.init(
        entity=entity, project=project, config={"path": path}, job_type="cli_put", id=run_id, resume=resumed
    ) as run:
        run.log_artifact(made, aliases=list(aliases))
        if not run.offline:
            made.wait()
        whole = f"{run.project}/{called}:{aliases[0] if run.offline else made.version}"
    termlog("Artifact logged, use this artifact in a run by adding:\n", prefix=False)
    termlog(f'    artifact = run.use_artifact("{whole}")\n', prefix=False)


@artifact.command()
@click.option("--root", help="Folder to put the files into.")
@click.option("--type", "kind", help="Type that it must have.")
@click.argument("path")
def get(path: str, root: str | None, kind: str | None) -> None:
    """Fetch an artifact, named as PROJECT/NAME:VERSION; the latest version by default."""
    import wandb

    entity, project, name = _path(path)
    project = project or click.prompt("Enter the name of the project you want to use")
    whole = "/".join(part for part in (entity, project, name if ":" in name else f"{name}:latest") if part)
    try:
        found = wandb.Api().artifact(whole, type=kind)
    except ValueError as error:
        raise click.ClickException(f"Unable to download artifact: {error}") from error
    termlog(f"Downloading {found.type} artifact {whole}")
    termlog(f"Artifact downloaded to {found.download(root=root)}")


@artifact.command("ls")
@click.option("-t", "--type", "kind", help="Only those of this type.")
@click.argument("path")
def list_(path: str, kind: str | None) -> None:
    """List the latest version of each artifact of a project."""
    import wandb
    from wandb._native.values.sizes import to_human_size

    api = wandb.Api()
    try:
        types = [api.artifact_type(kind, path)] if kind else list(api.artifact_types(path))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    for type_ in types:
        for collection in type_.collections():
            latest = next(iter(collection.artifacts()), None)
            if latest is not None:
                when = latest.updated_at[:16].replace("T", " ")
                termlog(f"{type_.name:<15s}{when:<18s}{to_human_size(latest.size):>12s} {latest.name}")


@artifact.group()
def cache() -> None:
    """The cache of downloaded artifacts."""


@cache.command()
@click.option("--remove-temp/--no-remove-temp", default=False, help="Accepted; no temporary files are left.")
@click.argument("target_size")
def cleanup(target_size: str, remove_temp: bool) -> None:
    """Say that there is nothing to clean up: artifacts are downloaded to their folder only."""
    click.echo("Reclaimed 0.0B of space: artifacts are kept where they were downloaded to, in no cache.")


def _path(name: str) -> tuple[str | None, str | None, str]:
    """Return entity, project and name of `entity/project/name`, `project/name` or `name`; also WANDB_PROJECT's."""
    from wandb.sdk.wandb_setup import singleton

    settings = singleton().settings
    *place, called = name.strip("/").split("/")
    if len(place) > 2 or not called:
        raise click.ClickException(f"Invalid artifact path {name!r}; write it as PROJECT/NAME")
    entity, project = ([settings.entity, settings.project][: 2 - len(place)] + place)[-2:]
    return entity, project, called
