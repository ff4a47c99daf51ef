"""The whole vocabulary of values leaves the same in Pluto beside the real wandb as without it."""

import io
import json
import sysconfig
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pluto.query
import pytest
import requests
from PIL import Image

from tests.helpers.environments import HELPERS, ROOT
from tests.process.dual.conftest import Stage
from wandb_compat.wire.artifact_versions import ORDER
from wandb_compat.wire.packed_config import unpacked

SCRIPT = (HELPERS / "all_value_kinds.py").read_text("utf-8")
# What cannot be the same, and why.
DIFFERENT = {
    "images/floats": "wandb 0.31 casts floats in [0, 1] to bytes, which is black; in pluto mode they fill the range",
    "images/signed": "the same of floats in [-1, 1]",
    "images/torch": "the same of torch's",
    "images/bools": "the same of booleans",
}
_MADE_UP = ("id", "time", "run", "manifest")  # in a published version


class Left:
    """What a project's only run has left in Pluto, without what no two runs share: ids, times, names made up."""

    def __init__(self, stage: Stage, project: str) -> None:
        """Read all of it with Pluto's own client, but for documents, which that does not give."""
        client = pluto.query.Client(api_token=stage.server.key, host=stage.server.url)
        (listed,) = client.list_runs(project)
        run = client.get_run(project, listed["id"])
        run["config"] = unpacked(run["config"])
        about = run["config"].pop("wandb")
        about.pop("exact_numbers", None)  # of config and summary, compared below, and of times
        names = {one["logName"]: one["logType"] for one in run["logNames"] if not one["logName"].startswith("sys/")}
        metrics = [name for name, kind in names.items() if kind == "METRIC"]
        found = client.get_metrics(project, listed["id"], metrics)[["metric", "step", "value"]]
        files = client.get_files(project, listed["id"])
        with ThreadPoolExecutor(8) as pool:
            contents = list(pool.map(lambda one: requests.get(one["url"], timeout=60).content, files))
            documents = list(pool.map(lambda name: _documents(stage, project, listed["id"], name), names))
        named = {(one["logName"], one["fileName"]): content for one, content in zip(files, contents, strict=True)}
        self.parts: dict[str, dict[str, Any]] = {
            "run": {name: run[name] for name in ("name", "tags", "status")},
            "types": names,
            "config": run["config"],
            "numbers": _grouped((name, (step, repr(value))) for name, step, value in found.itertuples(index=False)),
            "files": _grouped((one["logName"], _file(one, named)) for one in files if one["fileType"] != "mask"),
            "documents": {
                name: _without_names(ones, [file for _, file in named])
                for name, ones in zip(names, documents, strict=True)
            },
            "artifacts": {name: _versions(entries) for name, entries in about.pop("artifacts").items()},
            "summary": {
                name: _without_places(value)
                for name, value in about.pop("summary").items()
                if name not in ("_step", "_runtime", "_timestamp", "_wandb")
            },
            "about": about,
            "lines": {line["message"]: line["logType"] for line in client.get_logs(project, listed["id"])},
        }


def _documents(stage: Stage, project: str, run: int, name: str) -> list[Any]:
    found = stage.server.get("/api/embedded/data", projectName=project, runId=run, logName=name)["data"]
    return [(one["step"], one["dataType"], one["data"]) for one in found]


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    return {name: sorted(ones, key=repr) if name.startswith("artifacts/") else ones for name, ones in found.items()}


def _file(one: dict[str, Any], named: dict[tuple[str, str], bytes]) -> Any:
    """Return step, type, caption, annotations and content of a file."""
    annotations = json.loads(one["annotations"] or "{}")
    for mask in annotations.get("masks", {}).values():
        mask["pixels"] = _pixels(named[one["logName"], mask.pop("fileName")])
    content = named[one["logName"], one["fileName"]]
    return one["step"], one["fileType"], one["caption"], annotations, _read(content, one["fileName"])


def _pixels(content: bytes) -> Any:
    image = Image.open(io.BytesIO(content))
    return image.mode, image.size, image.tobytes()


def _read(content: bytes, name: str) -> Any:
    """Return what a file holds, so that two encodings of the same are the same."""
    if name.endswith(".png"):
        return _pixels(content)
    if not name.endswith(".json"):
        return content
    document = json.loads(content)
    if name.endswith(".bokeh.json"):  # wandb leaves out what is bokeh's default
        import bokeh.document

        return bokeh.document.Document.from_json(document).to_json(deferred=False)
    if "manifest" in name:
        document.pop("storagePolicyConfig")  # names the layout of wandb's own store
        for entry in document["contents"].values():
            entry.pop("run", None)
    return document


def _without_names(documents: list[Any], names: list[str]) -> list[Any]:
    """Return documents with the name of each file that they name replaced by its place among them."""
    text = json.dumps(documents)
    for name in sorted((name for name in names if name in text), key=text.index):
        text = text.replace(name, "<file>")
    return list(json.loads(text))


def _versions(entries: dict[str, Any]) -> list[dict[str, Any]]:
    found = [json.loads(entry) for key, entry in entries.items() if key != ORDER]
    return [
        {name: value for name, value in one.items() if name not in _MADE_UP}
        for one in sorted(found, key=lambda one: one["order"])
    ]


def _without_places(value: Any) -> Any:
    """Return a value of the summary; of media without where their files are, which are written at other moments."""
    if isinstance(value, list):
        return [_without_places(one) for one in value]
    if not isinstance(value, dict):
        return value
    places = ("path", "filenames", "size", "sample_rate", "duration") if "_type" in value else ()
    return {name: _without_places(one) for name, one in value.items() if name not in places}


@pytest.mark.skipif(not Path(sysconfig.get_path("purelib"), "torch").is_dir(), reason="no torch is installed here")
def test_both_modes_leave_the_same(stage: Stage) -> None:
    """One script with a value of every kind: keys, numbers, bytes, captions, charts, artifacts, files, summary."""
    libraries = {"LENT": sysconfig.get_path("purelib"), "MPLBACKEND": "agg", "WANDB_COMPAT_FINISH_BUDGET": "60"}
    alone = f"{stage.project}-alone"
    stage.run(SCRIPT, seconds=400, **libraries)
    stage.folder.rename(stage.folder.with_name("dual"))  # references name the folder
    stage.run(SCRIPT, seconds=400, DISABLE_WANDB_LOGGING="true", **{**libraries, "PLUTO_PROJECT": alone})
    dual, pluto_only = Left(stage, stage.project).parts, Left(stage, alone).parts
    lines = {"a printed line": "INFO", "an error line": "ERROR"}
    for left in (dual, pluto_only):
        output = left.pop("lines")
        assert {line: output[line] for line in lines} == lines
    assert len(dual["types"]) > 120
    different = {
        f"{part}: {name}": (values.get(name), pluto_only[part].get(name))
        for part, values in dual.items()
        for name in sorted(values.keys() | pluto_only[part].keys())
        if values.get(name) != pluto_only[part].get(name)
    }
    expected = {f"files: {name}" for name in DIFFERENT}
    assert different.keys() == expected, {name: different[name] for name in different.keys() - expected}


def test_the_page_has_what_differs() -> None:
    """The documentation lists the values that arrive otherwise beside wandb."""
    page = (ROOT / "docs" / "dual-mode.md").read_text("utf-8")
    assert all(f"| `{name.partition('/')[2]}` | {why} |" in page for name, why in DIFFERENT.items())
