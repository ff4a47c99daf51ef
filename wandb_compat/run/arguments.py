"""Leaves out of a script's arguments what looks like a key or a password."""

from __future__ import annotations

import re
from collections.abc import Iterable

LEFT_OUT = "[key]"
# Options whose value is secret, whatever it is: --api-key, --hf_token, wandb.api_key=, --db-password…
_SECRET_NAME = re.compile(
    r"(?:^|[-_.])(?:(?:api|access|auth|hub|hf|hugging_?face|wandb|pluto|neptune|comet|openai|github|secret|private)"
    r"[-_.]?(?:key|token)|secret|passwd|password|passphrase|credentials?|bearer)$",
    re.IGNORECASE,
)
# Options whose value may be secret, if it looks so: `--pad-token "<pad>"` and `--key loss` are not.
_PERHAPS = re.compile(r"(?:^|[-_.])(?:key|token|pwd|auth)$", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_\-+/=.]{16,}")
# Keys of well-known services by their form, wherever they are.
_KEY = re.compile(
    r"mlp[is]_\w+|hf_\w{16,}|sk-[\w-]{16,}|gh[pousr]_\w{16,}|github_pat_\w+|glpat-[\w-]{16,}|AKIA[A-Z0-9]{16}"
    r"|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]+|wandb_v1_\w+"
)
_WANDB_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
_HASH_NAME = re.compile(r"commit|sha|rev|hash|digest|git|checksum", re.IGNORECASE)  # as long as a key of wandb
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")


def without_keys(arguments: Iterable[str]) -> list[str]:
    """Return arguments with LEFT_OUT in place of each value that looks like a key or a password."""
    left: list[str] = []
    name = ""  # of the option whose value comes next
    for argument in arguments:
        option, split, value = argument.partition("=")
        if split and re.fullmatch(r"[-+~]{0,2}[\w.\-/]+", option):
            left.append(f"{option}={_shown(option, value)}")
            name = ""
        elif argument.startswith("-") and not _KEY.search(argument):
            left.append(argument)
            name = argument
        else:
            left.append(_shown(name, argument))
            name = ""
    return left


def _shown(name: str, value: str) -> str:
    if _SECRET_NAME.search(name) or (_PERHAPS.search(name) and _RANDOM.fullmatch(value)):
        return LEFT_OUT if value else value
    value = _KEY.sub(LEFT_OUT, value)
    if not _HASH_NAME.search(name):
        value = _WANDB_KEY.sub(LEFT_OUT, value)
    return _PASSWORD_IN_URL.sub(rf"\1:{LEFT_OUT}", value)
