"""Builds the command line of a sweep's program from wandb's macros and a trial's hyperparameters."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEFAULT = ("${env}", "${interpreter}", "${program}", "${args}")
_VARIABLE = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")


def line(command: Sequence[Any] | None, program: str | None, config: Mapping[str, Any], json_file: Path) -> list[str]:
    """Return the words of the command.

    Args:
        command: `command` of the sweep; by default the program with `--name=value` for each hyperparameter.
        program: `program` of the sweep.
        config: the hyperparameters, by name.
        json_file: where `${args_json_file}` is written to when it is asked for.
    """
    macros = _macros(config)
    macros["env"] = ["/usr/bin/env"] if os.name != "nt" else []
    macros["interpreter"] = ["python"]
    macros["program"] = [program] if program else []
    macros["args_json_file"] = [str(json_file)]
    words: list[str] = []
    for part in map(str, command or DEFAULT):
        part = _VARIABLE.sub(lambda found: os.environ.get(found[1], found[1]), part)
        if part == "${args_json_file}":
            json_file.parent.mkdir(parents=True, exist_ok=True)
            json_file.write_text(json.dumps(dict(config)), encoding="utf-8")
        if part.startswith("${") and part.endswith("}"):
            words += macros.get(part[2:-1], [])
        else:
            words.append(part)
    return words


def _macros(config: Mapping[str, Any]) -> dict[str, list[str]]:
    plain = [f"{name}={value}" for name, value in config.items()]
    return {
        "args": [f"--{one}" for one in plain],
        "args_no_equals": [word for name, value in config.items() for word in (f"--{name}", str(value))],
        "args_no_hyphens": plain,
        "args_no_boolean_flags": [
            f"--{name}" if value is True else f"--{name}={value}"
            for name, value in config.items()
            if value is not False
        ],
        "args_json": [json.dumps(dict(config))],
        "args_append_hydra": [f"+{one}" for one in plain],
        "args_override_hydra": [f"++{one}" for one in plain],
    }
