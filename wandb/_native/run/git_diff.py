"""What of the code no commit holds, as patches in the run's folder, under wandb's names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from wandb.sdk.lib.gitlib import GitRepo

LONGEST = 30.0  # seconds that git may take for a patch; a folder on a slow network must not hold up the run's end


def write(folder: Path, repository: GitRepo) -> list[Path]:
    """Write `diff.patch` against the last commit, and `diff_SHA.patch` against the upstream branch's.

    Args:
        folder: for the patches.
        repository: the checkout; without one nothing is written.

    Returns:
        The files; none where nothing differs.

    Raises:
        OSError: git cannot be run, or a file cannot be written.
        subprocess.TimeoutExpired: git takes too long.
    """
    head, upstream = repository.last_commit, repository.upstream_commit
    wanted = {"diff.patch": head} if head else {}
    if upstream and upstream != head:
        wanted[f"diff_{upstream}.patch"] = upstream
    found = []
    for name, commit in wanted.items():
        # In bytes: what changes need be no text in any encoding.
        line = [shutil.which("git") or "git", "diff", "--no-ext-diff", "--no-color", "--submodule=diff", str(commit)]
        done = subprocess.run(line, cwd=repository.root, capture_output=True, timeout=LONGEST, check=False)
        if done.returncode == 0 and done.stdout:
            (folder / name).write_bytes(done.stdout)
            found.append(folder / name)
    return found
