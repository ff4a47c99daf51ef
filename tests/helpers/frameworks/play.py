"""Plays a framework's script in each setting, and tells what wandb has recorded and what Pluto has of it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests.helpers.environments import OURS, REAL, ROOT, Environment, uv
from tests.helpers.frameworks.table import BARE, GROUPS, REALS, TORCH, UNFIT, Framework
from wandb_compat.cli import wandb_file
from wandb_compat.cli.compare_parts import OWN
from wandb_compat.cli.compare_report import ABSENT, equal
from wandb_compat.cli.compare_runs import compare
from wandb_compat.cli.wandb_file import RecordedRun
from wandb_compat.spool.layout import DUAL_DIR

SCRIPTS = ROOT / "tests" / "process" / "frameworks" / "scripts"
SHELF = ROOT / ".cache" / "frameworks"
LONG = 900  # seconds that no script takes

# What each setting has besides the framework.
SETTINGS = {"alone": (REAL,), "dual": (REAL, OURS), "pluto": (OURS,)}

QUIET = {
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TOKENIZERS_PARALLELISM": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "WANDB_COMPAT_FINISH_BUDGET": "120",  # so that everything is there when the script has ended
    "WANDB_COMPAT_LINGER": "30",
}


def environment(group: str, setting: str, wheel: Path) -> Environment:
    """Return the environment of a group in a setting, made once and kept while its contents stay the same.

    Args:
        group: a key of GROUPS.
        setting: a key of SETTINGS.
        wheel: ours, the newest of which is always in it.
    """
    things, bare, real = GROUPS[group], BARE.get(group, ()), REALS.get(group, REAL)
    name = f"{group}-{hashlib.sha256(repr((things, real, *bare)).encode()).hexdigest()[:8]}"
    made = Environment(SHELF / name / setting, wheel)
    made.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(made.folder.with_suffix(".lock")):
        if not (made.folder / "ready").exists():
            shutil.rmtree(made.folder, ignore_errors=True)
            made.create()
            install = ("pip", "install", "--quiet", "--python", made.python)
            wanted = [real] if REAL in SETTINGS[setting] else []
            if things or wanted:
                uv(*install, *things, *wanted)
            if bare:
                uv(*install, "--no-deps", *bare)
            # The real wandb too is required by some frameworks: its users remove it.
            unwanted = (*(() if wanted else ("wandb",)), *(UNFIT if TORCH in things else ()))
            for name in unwanted:
                if list(made.site.glob(f"{name}-*.dist-info")):
                    uv("pip", "uninstall", "--quiet", "--python", made.python, name)
            (made.folder / "ready").touch()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        stamp = made.folder / "ours"
        if OURS in SETTINGS[setting] and (not stamp.exists() or stamp.read_text() != digest):
            uv("pip", "install", "--quiet", "--reinstall-package", "wandb-compat", "--python", made.python, wheel)
            stamp.write_text(digest)
    return made


def version(made: Environment, distribution: str) -> str:
    """Return the version of a distribution that is installed in an environment."""
    (found,) = importlib.metadata.distributions(name=distribution, path=[str(made.site)])
    return found.version


@dataclass
class Play:
    """A script that has been run in one setting."""

    framework: Framework
    setting: str
    folder: Path
    project: str
    output: str

    @property
    def runs(self) -> list[Path]:
        """The folders of the real wandb's runs, in the order in which they began."""
        files = self.folder.glob("**/*run-*/run-*.wandb")
        return sorted({file.parent for file in files if DUAL_DIR not in file.parts}, key=_began)


def _began(run: Path) -> float:
    """Return the time of a run's first row, in seconds."""
    return min((float(row["_timestamp"]) for row in findings(run).rows.values() if "_timestamp" in row), default=0.0)


def play(framework: Framework, setting: str, wheel: Path, folder: Path, server: dict[str, str]) -> Play:
    """Run a framework's script.

    Args:
        framework: the row.
        setting: a key of SETTINGS.
        wheel: ours.
        folder: where it is run, the same in each setting, so that recorded paths are the same; what it leaves is moved
            to the folder beside it that is named after the setting.
        server: environment variables of the Pluto server.
    """
    made = environment(framework.group, setting, wheel)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(SCRIPTS / f"{framework.script}.py", folder / "train.py")
    project = f"{framework.script}-{setting}"
    changes = {**QUIET, "WANDB_PROJECT": "frameworks", **framework.variables}
    if framework.runs == 1:
        changes["WANDB_RUN_ID"] = f"{framework.script}-run"
    if setting != "pluto":
        changes["WANDB_MODE"] = "offline"
    if setting != "alone":
        changes |= {**server, "PLUTO_MODE": "online", "PLUTO_PROJECT": project}
    done = made.run("train.py", cwd=folder, seconds=LONG, **changes)
    left = folder.with_name(setting)
    shutil.rmtree(left, ignore_errors=True)
    folder.rename(left)
    return Play(framework, setting, left, project, done.stdout + done.stderr)


def findings(run: Path) -> RecordedRun:
    """Return what the real wandb has recorded of a run."""
    return wandb_file.read(wandb_file.locate(run))


def things(run: RecordedRun) -> set[str]:
    """Return what has been recorded of a run, in the words of `Framework.expected`."""
    rows = {key: value for row in run.rows.values() for key, value in row.items()}
    return {
        *(f"history {key}" for key in rows),
        *(f"media {key}" for key, value in rows.items() if isinstance(value, dict)),
        *(f"config {key}" for key in run.config),
        *(f"summary {key}" for key in run.summary),
        *(f"tag {tag}" for tag in run.tags),
        *(f"artifact {artifact.name}" for artifact in run.artifacts),
        *(f"file {path}" for path in run.files),
    }


def disturbed(alone: RecordedRun, dual: RecordedRun, loose: str) -> list[str]:
    """Return in words where the real wandb has recorded something else with us beside it."""
    found = []
    before, after = _flat(alone, loose), _flat(dual, loose)
    for key in sorted({*before, *after}):
        one, other = before.get(key, "(absent)"), after.get(key, "(absent)")
        steady = not re.fullmatch(loose, key[1]) if loose else True
        if (key in before) != (key in after) or (steady and not equal(one, other)):
            found.append(f"{' '.join(map(str, key))}: alone {one}, with us {other}")
    return found


def _flat(run: RecordedRun, loose: str) -> dict[tuple[Any, ...], Any]:
    random = [path for path in run.files if loose and re.fullmatch(loose, path)]
    # The tables of charts have random names.
    charts = [one for one in run.artifacts if one.type == "run_table" and loose and re.fullmatch(loose, one.name)]
    rows = [(key, step, value) for step, row in run.rows.items() for key, value in row.items()]
    return {
        **{("history", key, step): _steady(value) for key, step, value in rows if key not in OWN},
        **{("config", key): value for key, value in run.config.items() if key not in OWN},
        **{("summary", key): _steady(value) for key, value in run.summary.items() if key not in OWN},
        **{
            ("artifact", one.name, one.type, *sorted(one.aliases)): one.digest
            for one in run.artifacts
            if one not in charts
        },
        ("tables of charts", ""): len(charts),
        **{("file", path): True for path in run.files if path not in random},
        ("files of other names", ""): sorted(str(Path(path).parent) for path in random),
        ("tags", ""): sorted(run.tags),
        ("name", ""): run.name,
        ("notes", ""): run.notes,
        ("group", ""): run.group,
        ("job_type", ""): run.job_type,
        ("exit", ""): run.exit,
    }


def _steady(value: Any) -> Any:
    """Return a value, of media what does not change with each execution."""
    if isinstance(value, dict) and "_type" in value:
        return {key: value[key] for key in ("_type", "count", "captions", "nrows", "ncols", "format") if key in value}
    return value


def missing(run: Path, project: str, run_id: str, loose: str, beyond: str = "") -> list[str]:
    """Return in words what Pluto does not have as the real wandb has recorded it.

    Args:
        run: the folder of the real wandb's run.
        project: in Pluto.
        run_id: of the run in Pluto, where a script that was run again has made another.
        loose: as in the table.
        beyond: the same.
    """
    report = compare(run, project, run_id=run_id, loose=loose)
    unnamed = not findings(run).name  # then each makes up a name: wandb's server, we
    return [
        f"{name} {one.what}: wandb has {one.wandb}, Pluto {one.pluto} ({one.steps})"
        for name, part in report.parts.items()
        for one in part.differences
        if not (unnamed and one.what.startswith("name"))
        and not (beyond and one.wandb == ABSENT and re.fullmatch(rf"({beyond})( at step \d+)?", one.what))
    ]
