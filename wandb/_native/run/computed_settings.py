"""Settings that follow from the machine, the script and other settings."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from wandb.sdk.lib import ipython

if TYPE_CHECKING:
    from wandb._native.run.settings_fields import SettingsFields
else:  # the class that is computed for has them, as plain attributes or as fields of a model
    SettingsFields = object

COMPUTED = (
    *("_args", "_aws_lambda", "_code_path_local", "_colab", "_ipython", "_jupyter", "_kaggle", "_noop", "_notebook"),
    *("_offline", "_os", "_platform", "_python", "_shared", "_start_datetime", "_tmp_code_dir", "_windows", "app_url"),
    *("colab_url", "deployment", "files_dir", "is_local", "log_dir", "log_internal", "log_symlink_internal"),
    *("log_symlink_user", "log_user", "project_url", "resume_fname", "run_mode", "run_url", "settings_workspace"),
    *("sweep_url", "sync_dir", "sync_file", "sync_symlink_latest", "timespec", "wandb_dir"),
)


class ComputedSettings(SettingsFields):
    """Facts about the process, paths and pages, which wandb computes from the plain fields."""

    @property
    def _noop(self) -> bool:
        return self.mode == "disabled"

    @property
    def _offline(self) -> bool:
        return self.mode in ("offline", "dryrun")

    @property
    def _shared(self) -> bool:
        return self.mode == "shared"

    @property
    def _jupyter(self) -> bool:
        return ipython.in_notebook()

    @property
    def _ipython(self) -> bool:
        return ipython.in_ipython()

    @property
    def _args(self) -> list[str]:
        return sys.argv[1:]

    @property
    def _aws_lambda(self) -> bool:
        return "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    @property
    def _code_path_local(self) -> str | None:
        return self.program_relpath

    @property
    def _colab(self) -> bool:
        return "google.colab" in sys.modules

    @property
    def _kaggle(self) -> bool:
        return "KAGGLE_KERNEL_RUN_TYPE" in os.environ

    @property
    def _notebook(self) -> bool:
        return ipython.in_notebook() or self._colab or self._kaggle

    @property
    def _os(self) -> str:
        return platform.platform(aliased=True)

    @property
    def _platform(self) -> str:
        return f"{platform.system()}-{platform.machine()}".lower()

    @property
    def _python(self) -> str:
        return f"{platform.python_implementation()} {platform.python_version()}"

    @property
    def _tmp_code_dir(self) -> str:
        return str(Path(tempfile.gettempdir(), "wandb", f"run-{self.run_id}", "code"))

    @property
    def _windows(self) -> bool:
        return os.name == "nt"

    @property
    def _start_datetime(self) -> str:
        return "" if self.x_start_time is None else datetime.fromtimestamp(self.x_start_time, timezone.utc).isoformat()

    @property
    def timespec(self) -> str:
        """Start of the run, as folders are named: YYYYmmdd_HHMMSS in local time."""
        return time.strftime("%Y%m%d_%H%M%S", time.localtime(self.x_start_time))

    @property
    def run_mode(self) -> str:
        """`run` or `offline-run`: how the run's folder begins."""
        return "offline-run" if self._offline else "run"

    @property
    def wandb_dir(self) -> str:
        """The folder of run folders; `.wandb` if there is one already."""
        root = Path(self.root_dir).expanduser()
        hidden = (root / ".wandb").exists() if self.use_dot_wandb is None else self.use_dot_wandb
        return str(root / (".wandb" if hidden else "wandb"))

    @property
    def sync_dir(self) -> str:
        """The run's folder."""
        suffix = f"-{self.x_sync_dir_suffix}" if self.x_sync_dir_suffix else ""
        return str(Path(self.wandb_dir, f"{self.run_mode}-{self.timespec}-{self.run_id}{suffix}"))

    @property
    def sync_file(self) -> str:
        """The first file of the run's journal."""
        return str(Path(self.sync_dir, f"run-{self.run_id}.wandb"))

    @property
    def files_dir(self) -> str:
        """The folder for files of the run."""
        return self.x_files_dir or str(Path(self.sync_dir, "files"))

    @property
    def log_dir(self) -> str:
        """The folder for logs about logging."""
        return str(Path(self.sync_dir, "logs"))

    @property
    def log_user(self) -> str:
        """The log about logging."""
        return str(Path(self.log_dir, "debug.log"))

    @property
    def settings_workspace(self) -> str:
        """The folder's settings file, which `wandb init` and `wandb offline` write."""
        return str(Path(self.wandb_dir, "settings"))

    @property
    def sync_symlink_latest(self) -> str:
        """The link to the run's folder."""
        return str(Path(self.wandb_dir, "latest-run"))

    @property
    def log_internal(self) -> str:
        """The log of what brings the run to the server."""
        return str(Path(self.log_dir, "uploader.log"))

    @property
    def log_symlink_internal(self) -> str:
        """`log_internal` of the latest run."""
        return str(Path(self.sync_symlink_latest, "logs", "uploader.log"))

    @property
    def log_symlink_user(self) -> str:
        """`log_user` of the latest run."""
        return str(Path(self.sync_symlink_latest, "logs", "debug.log"))

    @property
    def app_url(self) -> str:
        """The URL of the server's pages: `app_url_override`, else that of Pluto's server."""
        if self.app_url_override:
            return self.app_url_override.rstrip("/")
        from wandb_compat.config.settings import Settings as Engine
        from wandb_compat.wire.endpoints import resolve
        from wandb_compat.wire.errors import EndpointError

        try:
            return resolve(Engine.read()[0].urls).app
        except EndpointError:
            return ""

    @property
    def project_url(self) -> str:
        """An empty text: the run's page, `run.url`, is known once the server has answered; so are the other pages."""
        return ""

    run_url = sweep_url = project_url

    @property
    def colab_url(self) -> str | None:
        """The notebook's page on Colab, if that is where it runs."""
        return f"https://colab.research.google.com/notebook#{self.x_jupyter_path}" if self.x_jupyter_path else None

    @property
    def is_local(self) -> bool:
        """Whether the server is one of the user's own."""
        return "PLUTO_URL_APP" in os.environ

    @property
    def deployment(self) -> str:
        """`local` or `cloud`."""
        return "local" if self.is_local else "cloud"

    def infer_git_root(self) -> None:
        """Set `git_root` to the checkout that `root_dir` is in, if it is in one."""
        from wandb.sdk.lib.gitlib import GitRepo

        self.git_root = self.git_root or GitRepo(root=self.root_dir).root

    @property
    def resume_fname(self) -> str:
        """The file that remembers the run to go on with under `resume="auto"`."""
        return str(Path(self.wandb_dir, "wandb-resume.json"))
