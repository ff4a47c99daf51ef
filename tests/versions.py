"""Runs the quick tests on every supported Python that this machine has; run by `make test-versions`.

Names the versions that are missing. Fails when a test fails on any version, or when no version was found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")
UV = ROOT / ".venv" / "bin" / "uv"  # there after `make test`
ENVIRONMENTS = ROOT / ".cache" / "venvs"
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def find(version: str) -> Path | None:
    """Return an interpreter of a version: from PATH, from pyenv, or from uv; None when none exists."""
    on_path = shutil.which(f"python{version}")
    candidates = [
        *([Path(on_path)] if on_path else []),
        *sorted(PYENV.glob(f"versions/{version}.*/bin/python"), reverse=True),
    ]
    uv = shutil.which("uv")
    if uv:
        done = subprocess.run(
            [uv, "python", "find", "--no-python-downloads", "--system", version], capture_output=True, text=True
        )
        if done.returncode == 0:
            candidates.append(Path(done.stdout.strip()))
    return next((one for one in candidates if _runs(one, version)), None)


def _runs(python: Path, version: str) -> bool:
    """Return whether it is an interpreter of that version; pyenv's shims exist for versions that are not active."""
    script = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def test(version: str, python: Path, arguments: list[str]) -> bool:
    """Run the quick tests in a separate environment and return whether all passed."""
    environment = ENVIRONMENTS / f"quick-{version}"
    ready = environment / ".ready"
    needed = f"{python.resolve()}\n{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}"
    if not ready.exists() or ready.read_text(encoding="utf-8") != needed:
        if environment.exists():
            shutil.rmtree(environment)
        subprocess.run([python, "-m", "venv", environment], check=True)
        uv = UV
        if not uv.exists():
            pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "uv>=0.7"], check=True)
            uv = environment / "bin" / "uv"
        install = [uv, "pip", "install", "--quiet", "--python", environment / "bin" / "python"]
        subprocess.run([*install, "--group", "quick", "--editable", "."], cwd=ROOT, check=True)
        ready.write_text(needed, encoding="utf-8")
    line = [environment / "bin" / "python", "-m", "pytest", "-q", "-n", "auto", "--dist", "loadscope"]
    return subprocess.run([*line, *(arguments or ["tests/unit"])], cwd=ROOT).returncode == 0


def main(arguments: list[str]) -> int:
    """Test every version; arguments go to pytest, but `--except VERSION` leaves one out where there are others."""
    left_out = []
    while "--except" in arguments:
        at = arguments.index("--except")
        left_out.append(arguments[at + 1])
        del arguments[at : at + 2]
    found = {version: find(version) for version in SUPPORTED}
    others = {version: python for version, python in found.items() if version not in left_out}
    if any(others.values()):
        found = others
    missing = [version for version, python in found.items() if python is None]
    results = {}
    for version, python in found.items():
        if python is not None:
            print(f"Python {version}: {python}", flush=True)
            results[version] = test(version, python, arguments)
    for version, passed in results.items():
        print(f"Python {version}: {'passed' if passed else 'FAILED'}")
    if missing:
        print(f"Not found on this machine: Python {', '.join(missing)}")
    return 0 if results and all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
