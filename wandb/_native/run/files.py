"""Files of a run: `save` and `restore`."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from wandb._native.run import current
from wandb._native.run.saved_files import LinkedFiles
from wandb.errors import CommError
from wandb.errors.term import termlog

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

StrPath = str | os.PathLike[str]


class RunFiles:
    """The saved files of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def save(
        self, glob_str: StrPath | bytes | None, base_path: StrPath | None, policy: str, glob: bool
    ) -> bool | list[str]:
        """Keep files in the run's directory and send them; see `Run.save`."""
        if glob_str is None:
            return True
        self._run._check_active("save")
        pattern = os.fsdecode(glob_str)
        if pattern.startswith(("gs://", "s3://")):
            termlog(f"{pattern} is a cloud storage url, can't save file to W&B.")
            return []
        return self._saved.save_glob(pattern, base_path, policy, glob, self._run._settings.symlink)

    def restore(self, name: str, run_path: str | None, replace: bool, root: str | None) -> TextIO | None:
        """Download a saved file; see `wandb.restore`."""
        run = self._run
        return restore(name, run_path or f"{run.project}/{run.id}", replace, root or run.dir)

    def keep(self, path: Path) -> None:
        """Send a file that is in the run's directory."""
        self._saved.save(path)

    def finish(self) -> None:
        """Send the files of policy `end`, and what has changed in those of policy `live`."""
        self._saved.finish()

    @cached_property
    def _saved(self) -> LinkedFiles:
        run = self._run
        assert run._pipeline is not None
        return LinkedFiles(Path(run.dir), run._pipeline.run_dir, run._pipeline.submit, run._settings.ignore_globs)


def restore(name: str, run_path: str | None = None, replace: bool = False, root: str | None = None) -> TextIO | None:
    """Download a file that a run has saved.

    Args:
        name: its path in the run's folder.
        run_path: `project/id` or `entity/project/id`, the id being wandb's, or the run's number or display id on the
            Pluto server; by default the current run.
        replace: fetch it even if it is there.
        root: folder to put it in, by default the run's, without a run the working one.

    Returns:
        The open file, or None when the run is disabled.

    Raises:
        ValueError: the run has no such file, or there is neither a run nor `run_path`.
        wandb.CommError: the server cannot be asked, or has no such run.
    """
    run = current.run()
    if run_path is None:
        if run is None:
            raise ValueError("run_path required when calling wandb.restore before wandb.init")
        run_path = f"{run.project}/{run.id}"
    path = Path(root or (run.dir if run is not None and not run.disabled else Path.cwd()), name)
    if path.exists() and not replace:
        return path.open(encoding="utf-8")
    if run is not None and run.disabled:
        return None
    _fetch(name, run_path, path)
    return path.open(encoding="utf-8")


def _fetch(name: str, run_path: str, path: Path) -> None:
    from wandb._native.artifacts import lookup
    from wandb_compat.artifacts.paths import file_key, old_file_key
    from wandb_compat.wire.errors import WireError

    *where, id_ = run_path.strip("/").split("/")
    store = lookup.artifact_store(where[-1] if where else None)
    try:
        number = store.run(id_)
        if number is None:
            raise CommError(f"no run {id_!r} in project {store.project!r}")
        try:
            (url,) = store.urls([(number, *file_key("save", name))])
        except FileNotFoundError:  # earlier releases stored some names in another way
            old = old_file_key("save", name)
            (url,) = store.urls([(number, old, old.rpartition("/")[2])])
        if path.is_symlink():
            path.unlink()  # its target belongs to the user
        store.client.download(url, path)
    except FileNotFoundError:
        _fetch_listed(name, run_path, path)
    except WireError as error:
        raise CommError(f"{name} of run {run_path} cannot be restored: {error}", error) from error


def _fetch_listed(name: str, run_path: str, path: Path) -> None:
    """Fetch a file that was not saved, but that `Api` lists: media, and `config.yaml`, `output.log` and the like."""
    from wandb.apis import public

    listed = {file.name: file for file in public.Api().run(run_path).files(names=[name])}
    if name not in listed:
        raise ValueError(f"File {name} not found in {run_path}.")
    if path.is_symlink():
        path.unlink()
    listed[name].download(root=str(path).removesuffix(name) or ".", replace=True).close()
