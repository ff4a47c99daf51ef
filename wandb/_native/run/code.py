"""Code of a run: `log_code`, and the running script with its uncommitted changes."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb.errors.term import termwarn
from wandb_compat.spool import threads

if TYPE_CHECKING:
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb.sdk.wandb_run import Run

PathFilter = Callable[[str, str], bool] | Callable[[str], bool]


def is_code(path: str) -> bool:
    """Return whether a file is Python source, a list of requirements or a Dockerfile."""
    name = os.path.basename(path)  # noqa: PTH119
    return path.endswith(".py") or name.startswith(("Dockerfile", "requirements"))


def is_in_wandb_dir(path: str, root: str) -> bool:
    """Return whether a file is below the `wandb` directory."""
    return os.path.relpath(path, root).startswith((f"wandb{os.sep}", f".wandb{os.sep}"))


class RunCode:
    """The code of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._diff_thread: threading.Thread | None = None

    def log(
        self, root: str | None, name: str | None, include_fn: PathFilter, exclude_fn: PathFilter
    ) -> Artifact | None:
        """Log the code below a directory as an artifact; see `Run.log_code`."""
        from wandb._native.values.names import make_artifact_name_safe
        from wandb.sdk.artifacts.artifact import InternalArtifact

        name = name or make_artifact_name_safe(f"source-{self._run.project}-{self._program()}")
        artifact = InternalArtifact(name, "code")
        included, excluded = _with_root(include_fn), _with_root(exclude_fn)
        top = os.path.abspath(root) if root is not None else None  # noqa: PTH100
        for file in _files_below(top) if top is not None else ():
            if included(file, top) and not excluded(file, top):
                try:
                    artifact.add_file(file, name=os.path.relpath(file, top))
                except (OSError, ValueError) as error:
                    termwarn(f"{file} is not logged with the code: {error}")
        if not len(artifact.manifest):
            termwarn("No relevant files were detected in the specified directory. No code will be logged to your run.")
            return None
        return self._run._artifacts.log(artifact)

    def save(self) -> None:
        """Save the running script as `code/SCRIPT`, and uncommitted changes as `diff.patch`."""
        self._save_program()
        run = self._run
        if run._settings.disable_git:
            return
        from wandb._native.run import git_diff
        from wandb.sdk.lib.gitlib import GitRepo

        repository = GitRepo(run._settings.git_root or os.getcwd())  # noqa: PTH109 - the script may change directory

        def save_diff() -> None:
            for patch in git_diff.write(Path(run.dir), repository):
                run._files.keep(patch)

        self._diff_thread = threads.start(
            "patches", save_diff, lambda error: termwarn(f"diff.patch is not saved: {error}", repeat=False)
        )

    def wait(self) -> None:
        """Wait until `diff.patch` is written."""
        if self._diff_thread is not None:
            self._diff_thread.join()

    def _program(self) -> str:
        """Return the script's path relative to the working directory."""
        from wandb_compat.run.environment import program

        settings = self._run._settings
        if settings.program_relpath:
            return settings.program_relpath
        path = settings.program or program()
        try:
            return os.path.relpath(path) if Path(path).exists() else path
        except ValueError:  # another drive
            return path

    def _save_program(self) -> None:
        path = Path(self._program())
        if path.is_file():
            inside = path if not path.is_absolute() and ".." not in path.parts else Path(path.name)
            target = Path(self._run.dir, "code", inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            self._run._files.keep(target)


def _files_below(top: str) -> Iterator[str]:
    for folder, _, names in os.walk(top):
        yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118


def _with_root(path_filter: PathFilter) -> Callable[[str, Any], bool]:
    """Return a filter of path and root; older scripts give one of the path only."""
    if len(inspect.signature(path_filter).parameters) == 2:
        return path_filter  # type: ignore[return-value] # its second parameter is the root
    return lambda path, root: path_filter(path)  # type: ignore[call-arg] # it has one parameter
