"""What of two sides of a script is compared, and the one table of what may differ."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.helpers.corpus.run_sides import Side


@dataclass(frozen=True)
class Deliberate:
    """A difference that dual mode makes on purpose.

    `aspect`, `text` and `script` are regular expressions: what matches `text` is taken out of the aspects that match
    `aspect`, in the scripts that match.
    """

    what: str
    reason: str
    aspect: str
    text: str
    script: str = ".*"


DELIBERATE = (
    Deliberate(
        "stderr has lines about Pluto: the run's address, where its rows wait, what it cannot hold",
        "the user has to know; `WANDB_SILENT` silences them",
        "stderr",
        r"(?m)^wandb: (WARNING )?([^\n]*Pluto)[^\n]*\n",
    ),
    Deliberate(
        "the run's folder has a folder `pluto`",
        "the journal of pending data is kept next to wandb's own record",
        "files",
        r"(?m)^.*/pluto/.*\n",
    ),
    Deliberate(
        "`requirements.txt` names wandb-compat, pluto-ml and what they need",
        "wandb lists all packages that are installed",
        r"content of .*requirements\.txt",
        r"(?s).*",
    ),
    Deliberate(
        "wandb's telemetry counts orjson among the imported packages",
        "our journal is written with it, and wandb looks for it by name",
        r"records of run \d+: (telemetry|run|config)",
        r',\s*"imports_(init|finish)": \{\s*"orjson": true\s*\}|,\s*"orjson": true(?=\s*\})|"orjson": true,\s*'
        r'|\\"1\\": \[105\], ',
    ),
    Deliberate(
        "Python 3.10: the traceback of an exception from wandb has a frame of wandb-compat",
        "the hooked methods are called by ours; later releases of Python let us remove that frame",
        r"stderr|records of run \d+: output_raw.*" if sys.version_info < (3, 11) else "nothing",
        r"(?m)^ +File \"[^\n]*wandb_compat[^\n]*\n(    [^\n]*\n)+",
    ),
    Deliberate(
        "IPython 9: wandb records the output of the cell that first uses it, not of the cell that imports it",
        "IPython removes wandb's hooks from the streams at the end of a cell. Here wandb is loaded at its first use, "
        "so that a cell after the import may still choose the mode",
        r"records of run 0: output_raw STDOUT",
        r"(?s).*",
        "ipython_shell",
    ),
    Deliberate(
        "IPython 9: the run's files have an `output.log` where such a cell prints",
        "see above",
        "files",
        r"(?m)^.*/output\.log\n",
        "ipython_shell",
    ),
)

# Kinds of records that tell of the machine and the moment, or are made anew by chance.
ASIDE = ("stats",)
VOLATILE = {"_timestamp", "_runtime", "runtime", "_wandb.runtime"}  # keys of history and summary
# Fields of records, at any depth, that no two executions share.
FIELDS = (
    "num", "control", "_info", "uuid", "host", "start_time", "started_at", "timestamp", "writer_id", "disk", "memory",
    "client_id", "sequence_client_id", "local_path", "executable", "base_id", "runtime", "manifest_file_path",
)  # fmt: skip
# Files whose content is wandb's own log, or repeats the machine and the moment; their names are compared.
OPAQUE = re.compile(r"\.wandb$|\.log$|/wandb-metadata\.json$|/requirements\.txt$|/home/|^home/|\.gz$")


def view(side: Side) -> dict[str, Any]:
    """Return every aspect of a side that has to be the same on both."""
    names = sorted({side.settle(_unhashed(name)) for name in side.files})
    found: dict[str, Any] = {
        "exit code": side.code,
        "stdout": side.settle(side.stdout),
        "stderr": _stderr(side.settle(side.stderr)),
        "files": "".join(f"{name}\n" for name in names),
    }
    for name, path in side.files.items():
        label = side.settle(_unhashed(name))
        if path.name == "requirements.txt":
            found[f"content of {label}"] = path.read_text()
        elif not OPAQUE.search(name) and "/pluto/" not in name:
            found[f"content of {label}"] = _content(side, path.read_bytes())
    for number, run in enumerate(side.runs):
        for kind, records in _by_kind(side, side.records[run]).items():
            found[f"records of run {number}: {kind}"] = records
    return found


def differences(alone: Side, both: Side, script: str = "") -> list[str]:
    """Return in words where the two sides of a script differ otherwise than DELIBERATE says."""
    one, other = view(alone), view(both)
    found = []
    for aspect in sorted({*one, *other}):
        before, after = (without(aspect, _text(findings.get(aspect)), script) for findings in (one, other))
        if before != after:
            found.append(f"{aspect}:\n{_shown(before, after)}")
    return found


def without(aspect: str, value: str, script: str) -> str:
    """Return an aspect of a script without what may differ in it."""
    for one in DELIBERATE:
        if re.fullmatch(one.aspect, aspect) and re.fullmatch(one.script, script):
            value = re.sub(one.text, "", value)
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)


def _shown(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "alone", "with us", lineterm="", n=1)
    return "\n".join(lines)


def _unhashed(name: str) -> str:
    """Return a file name without the digests and random parts that wandb gives it."""
    return re.sub(r"\b[0-9a-f]{16,}\b|_[0-9a-f]{20}(?=\.|$)|(?<=tmp)\w{8}\b", "<digest>", name)


def _stderr(text: str) -> str:
    # A spinner is drawn as often as there is time for it.
    text = re.sub(r"(?m)^.*\r", "", text)
    text = re.sub(r"(?m)^wandb: [⢿⣻⣽⣾⣷⣯⣟⡿].*\n", "", text)
    return text


def _content(side: Side, content: bytes) -> str:
    try:
        return side.settle(content.decode())
    except UnicodeDecodeError:
        return hashlib.sha256(content).hexdigest()


def _by_kind(side: Side, records: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for record in records:
        for kind, body in record.items():
            if kind in FIELDS or kind in ASIDE:
                continue
            body = _settled(side, body)
            if kind == "output_raw":
                stream = f"{kind} {body.get('output_type')}"
                found[stream] = found.get(stream, "") + body.get("line", "")
            elif kind in ("telemetry", "environment"):  # what becomes known, in pieces whose number is chance
                found.setdefault(kind, {}).update(body)
            elif body not in ({}, {"update": []}) or kind in ("exit", "final"):
                found.setdefault(kind, []).append(body)
    for stream in [kind for kind in found if kind.startswith("output_raw")]:
        # What wandb itself says is compared in stderr; whether it is recorded too is a matter of moments.
        found[stream] = re.sub(r"(?m)^wandb: .*\n?", "", found[stream])
    if "metric" in found:  # what a glob has matched comes in no order
        found["metric"].sort(key=lambda body: json.dumps(body, sort_keys=True))
    return {kind: findings for kind, findings in found.items() if findings or not kind.startswith("output_raw")}


def _settled(side: Side, value: Any) -> Any:
    if isinstance(value, dict):
        if "value_json" in value:
            return _item(side, value)
        settled = {key: _settled(side, one) for key, one in value.items() if key not in FIELDS}
        return {key: sorted(one) if key == "aliases" else one for key, one in settled.items()}
    if isinstance(value, list):
        settled = [_settled(side, one) for one in value]
        if settled and all(isinstance(one, list) and len(one) == 2 for one in settled):  # items, in no order
            return sorted(one for one in settled if one[0] not in VOLATILE)
        if settled and all(isinstance(one, dict) and "path" in one for one in settled):
            return sorted(settled, key=lambda one: str(one["path"]))
        return settled
    return side.settle(_unhashed(value)) if isinstance(value, str) else value


def _item(side: Side, item: dict[str, Any]) -> list[str]:
    """Return key and value of an item of history, summary or configuration."""
    value = json.loads(item["value_json"])
    if isinstance(value, dict):
        value.pop("e", None)  # in wandb's own configuration: the machine, under a random name
    key = item.get("key") or ".".join(item["nested_key"])
    return [key, side.settle(_unhashed(json.dumps(value, sort_keys=True)))]


def table() -> Iterator[str]:
    """Yield the lines of the table of deliberate differences, as Markdown."""
    yield "| what differs | why |"
    yield "|---|---|"
    for one in DELIBERATE:
        yield f"| {one.what} | {one.reason} |"
