"""Settings that follow from the machine, the script and other settings, as `model_dump` lists them."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from wandb._native.run.settings_fields import SettingsFields
from wandb.sdk.lib import ipython

COMPUTED = (
    *("_args", "_aws_lambda", "_code_path_local", "_colab", "_ipython", "_jupyter", "_kaggle", "_noop", "_notebook"),
    *("_offline", "_os", "_platform", "_python", "_shared", "_start_datetime", "_tmp_code_dir", "_windows", "app_url"),
    *("colab_url", "deployment", "files_dir", "is_local", "log_dir", "log_internal", "log_symlink_internal"),
    *("log_symlink_user", "log_user", "project_url", "resume_fname", "run_mode", "run_url", "settings_workspace"),
    *("sweep_url", "sync_dir", "sync_file", "sync_symlink_latest", "timespec", "wandb_dir"),
)


class ComputedSettings(SettingsFields):
    """Facts about the process that wandb computes; `wandb.Settings` adds paths and pages."""

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Return the settings as a dict, with the computed ones; takes pydantic's options."""
        included, excluded = options.get("include"), options.get("exclude") or ()
        names = COMPUTED if included is None else [name for name in COMPUTED if name in included]
        return {
            **super().model_dump(**options),
            **{name: getattr(self, name) for name in names if name not in excluded},
        }

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
