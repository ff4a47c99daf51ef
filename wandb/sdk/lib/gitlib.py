"""What git says about a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

GIT_EXECUTABLE_ENV = "GIT_PYTHON_GIT_EXECUTABLE"


class GitCommandError(Exception):
    """Git has ended with an error; the message is its own."""


class GitVersion(NamedTuple):
    """Git's version."""

    major: int
    minor: int
    patch: int


def run_git(*args: str, cwd: str | None = None, executable: str | None = None) -> str:
    """Return what git prints.

    Raises:
        GitCommandError: it fails, or there is no git.
    """
    program = executable or os.environ.get(GIT_EXECUTABLE_ENV) or shutil.which("git") or "git"
    try:
        done = subprocess.run([program, *args], cwd=cwd, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise GitCommandError(f"git cannot be run: {error}") from error
    if done.returncode:
        raise GitCommandError(done.stderr.strip() or f"git {' '.join(args)} ended with {done.returncode}")
    return done.stdout.strip()


def remote_url_without_password(url: str) -> str:
    """Return a URL without the password in it."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.hostname or ""
    if parts.port:
        host += f":{parts.port}"
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host))


class GitRepo:
    """The checkout that a folder is in; without one every property is None or False."""

    def __init__(
        self,
        root: str | None = None,
        remote: str | None = "origin",
        lazy: bool = True,
        remote_url: str | None = None,
        commit: str | None = None,
        _git_executable: str | None = None,
    ) -> None:
        """Look at a folder, by default the working one.

        Args:
            root: the folder.
            remote: name of the remote.
            lazy: accepted; git is asked when a property is read.
            remote_url: what `remote_url` shall say instead of git.
            commit: what `last_commit` shall say instead of git.
        """
        self.remote_name = remote
        self._folder = root
        self._given_url = remote_url
        self._commit = commit
        self._executable = _git_executable

    def _git(self, *args: str) -> str:
        return run_git(*args, cwd=self._folder, executable=self._executable)

    def _ask(self, *args: str) -> str | None:
        try:
            return self._git(*args) or None
        except GitCommandError:
            return None

    @property
    def auto(self) -> bool:
        """Whether git is asked at all."""
        return self._given_url is None

    @property
    def enabled(self) -> bool:
        """Whether there is a checkout."""
        return self.root is not None

    @property
    def root(self) -> str | None:
        """The checkout's folder."""
        return self._ask("rev-parse", "--show-toplevel")

    root_dir = root

    @property
    def last_commit(self) -> str | None:
        """The commit that is checked out."""
        return self._commit or self._ask("rev-parse", "HEAD")

    @property
    def upstream_commit(self) -> str | None:
        """The commit of the branch that the one which is checked out follows, as far as it was fetched."""
        return self._ask("rev-parse", "--verify", "-q", "@{upstream}")

    @property
    def branch(self) -> str | None:
        """The branch that is checked out."""
        return self._ask("symbolic-ref", "--short", "-q", "HEAD")

    @property
    def dirty(self) -> bool:
        """Whether tracked files have changed."""
        return bool(self._ask("status", "--porcelain", "--untracked-files=no"))

    @property
    def email(self) -> str | None:
        """The address that commits carry."""
        return self._ask("config", "user.email")

    @property
    def remote_url(self) -> str | None:
        """The remote's URL, without the password in it."""
        url = self._given_url or self._ask("remote", "get-url", self.remote_name or "origin")
        return remote_url_without_password(url) if url else None

    def is_untracked(self, file_name: str) -> bool | None:
        """Return whether a file is not tracked; None without a checkout."""
        return self._ask("ls-files", "--", file_name) is None if self.enabled else None

    def has_branch(self, branch_name: str) -> bool:
        """Return whether there is a branch of that name."""
        return self._ask("rev-parse", "--verify", "-q", f"refs/heads/{branch_name}") is not None

    def has_commit(self, commit: str) -> bool:
        """Return whether a commit is there."""
        return self._ask("rev-parse", "--verify", "-q", f"{commit}^{{commit}}") is not None

    def fetch_all(self) -> None:
        """Fetch from every remote."""
        self._git("fetch", "--all")

    def checkout(self, ref: str) -> None:
        """Check a commit or branch out."""
        self._git("checkout", ref)

    def checkout_new_branch(self, branch_name: str, start_point: str | None = None) -> None:
        """Make a branch and check it out."""
        self._git("checkout", "-b", branch_name, *([start_point] if start_point else []))

    def create_tag(self, tag_name: str, message: str | None = None) -> None:
        """Tag the commit that is checked out."""
        self._git("tag", tag_name, *(["-m", message] if message else []))

    def tag(self, name: str, message: str | None = None) -> None:
        """Tag the commit that is checked out, over an older tag of that name."""
        self._git("tag", "-f", f"wandb/{name}", *(["-m", message] if message else []))

    def exists(self) -> bool:
        """Return whether the folder exists."""
        return Path(self._folder or ".").exists()
