"""Whatever is changed on Pluto's side of a run, `compare` notices it, or names it as not comparable."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.helpers.environments import HELPERS
from tests.process.dual.conftest import Stage
from wandb_compat.cli.compare_report import Report
from wandb_compat.cli.compare_runs import compare
from wandb_compat.server.serve import Running
from wandb_compat.wire.packed_config import unpacked

SCRIPT = HELPERS / "compared_run.py"


class Tampered:
    """The store behind the embedded server, and the run that is changed in it."""

    def __init__(self, server: Running, project: str) -> None:
        self.files = server.data_dir / "files"
        self.database = sqlite3.connect(server.data_dir / "pluto.db", timeout=60, isolation_level=None)
        (self.run,) = self.database.execute("SELECT id FROM project_run WHERE project_name = ?", (project,)).fetchone()
        self._saved = sqlite3.connect(":memory:")
        self.database.backup(self._saved)
        self._removed: list[tuple[Path, bytes]] = []

    def restore(self) -> None:
        """Undo all changes."""
        for path, content in self._removed:
            path.write_bytes(content)
        self._removed.clear()
        mine = "series IN (SELECT id FROM series WHERE run = ?)"
        tables = {"metric": mine, "run": "id = ?"} | dict.fromkeys(
            ("datum", "console", "file", "log_name", "alert"), "run = ?"
        )
        self.database.execute("BEGIN IMMEDIATE")
        for table, where in tables.items():
            rows = self._saved.execute(f"SELECT * FROM {table} WHERE {where}", (self.run,)).fetchall()
            self.database.execute(f"DELETE FROM {table} WHERE {where}", (self.run,))
            self.database.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        self.database.execute("COMMIT")

    def sql(self, text: str, *values: Any) -> None:
        """Change rows of the run; `:run` is its number."""
        changed = self.database.execute(text.replace(":run", str(self.run)), values).rowcount
        assert changed, f"nothing was changed: {text}"

    def config(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the run's config."""
        (text,) = self.database.execute("SELECT config FROM run WHERE id = ?", (self.run,)).fetchone()
        config = unpacked(json.loads(text))
        change(config)
        self.sql("UPDATE run SET config = ? WHERE id = :run", json.dumps(config))

    def entry(self, number: int, **fields: Any) -> None:
        """Change a field of the number-th entry of the artifact `model`."""

        def change(config: dict[str, Any]) -> None:
            model = config["wandb"]["artifacts"]["model"]
            key = next(key for key, text in model.items() if key != "order" and json.loads(text)["order"] == number)
            model[key] = json.dumps({**json.loads(model[key]), **fields})

        self.config(change)

    def object(self, content: bytes, change: Callable[[bytes], bytes] | None) -> None:
        """Change, or with None delete, the objects that have or contain a content."""
        names = self._saved.execute("SELECT log_name, name FROM file WHERE run = ?", (self.run,)).fetchall()
        blobs = {hashlib.sha256("\n".join((str(self.run), *one)).encode()).hexdigest() for one in names}
        paths = [self.files / blob[:2] / blob for blob in blobs]
        found = [path for path in paths if path.is_file() and content in path.read_bytes()]
        assert found, content
        for path in found:
            self._removed.append((path, path.read_bytes()))
            if change is None:
                path.unlink()
            else:
                path.write_bytes(change(path.read_bytes()))


class Tamper(NamedTuple):
    """A change, and the part and the beginning of the name of the difference by which it must be noticed."""

    name: str
    part: str
    what: str
    change: Callable[[Tampered], object]


def sql(text: str, *values: Any) -> Callable[[Tampered], object]:
    """Return a change of rows."""
    return lambda store: store.sql(text, *values)


def series(name: str, where: str = "") -> str:
    """Return the condition for the rows of a metric."""
    return f"series = (SELECT id FROM series WHERE run = :run AND name = '{name}') {where}"


def put(*path: str, value: Any) -> Callable[[Tampered], object]:
    """Return a change of a value in the config."""

    def change(config: dict[str, Any]) -> None:
        for key in path[:-1]:
            config = config[key]
        config[path[-1]] = value

    return lambda store: store.config(change)


def drop(*path: str) -> Callable[[Tampered], object]:
    """Return the removal of a key from the config."""

    def change(config: dict[str, Any]) -> None:
        for key in path[:-1]:
            config = config[key]
        del config[path[-1]]

    return lambda store: store.config(change)


def datum(name: str, step: int, change: str) -> Callable[[Tampered], object]:
    """Return a change of the documents of a key and step."""
    where = f"run = :run AND name = '{name}' AND step = {step}"
    if change == "double":
        columns = "run, name, step, time, type, digest, data"
        return sql(f"INSERT INTO datum ({columns}, copy) SELECT {columns}, 9 FROM datum WHERE {where}")
    if change == "delete":
        return sql(f"DELETE FROM datum WHERE {where}")
    return sql(f"UPDATE datum SET data = {change} WHERE {where}")


def file(key: str, change: str, more: str = "") -> Callable[[Tampered], object]:
    """Return a change of the entries of a key."""
    where = f"run = :run AND log_name = '{key}' {more}"
    if change == "delete":
        return sql(f"DELETE FROM file WHERE {where}")
    return sql(f"UPDATE file SET {change} WHERE {where}")


def flip(content: bytes) -> bytes:
    """Return a content of the same size that is another."""
    return content[:-1] + bytes([content[-1] ^ 1])


NUMBERS, VALUES = "numbers", "texts and histograms"
# Rounds of changes that do not hide each other.
ROUNDS: list[list[Tamper]] = [
    [
        Tamper(
            "a row's value",
            NUMBERS,
            "loss at step 2",
            sql(f"UPDATE metric SET value = 0.34 WHERE {series('loss', 'AND step = 2')}"),
        ),
        Tamper(
            "the last bit of a value",
            NUMBERS,
            "val/acc at step 3",
            sql(f"UPDATE metric SET value = value * (1 + 2.3e-16) WHERE {series('val/acc', 'AND step = 3')}"),
        ),
        Tamper(
            "a row gone", NUMBERS, "epoch at step 4", sql(f"DELETE FROM metric WHERE {series('epoch', 'AND step = 4')}")
        ),
        Tamper("a metric gone", NUMBERS, "nested.x at step 0", sql(f"DELETE FROM metric WHERE {series('nested.x')}")),
        Tamper(
            "NaN made a number", NUMBERS, "nan at step 5", sql(f"UPDATE metric SET value = 0 WHERE {series('nan')}")
        ),
        Tamper(
            "infinity made negative",
            NUMBERS,
            "inf at step 5",
            sql(f"UPDATE metric SET value = -9e999 WHERE {series('inf')}"),
        ),
        Tamper(
            "a number of a short list",
            NUMBERS,
            "few/1 at step 1",
            sql(f"UPDATE metric SET value = 2 WHERE {series('few/1', 'AND step = 1')}"),
        ),
        Tamper(
            "a row more",
            NUMBERS,
            "flag at step 77",
            sql(f"INSERT INTO metric SELECT series, 77, time, 1 FROM metric WHERE {series('flag', 'AND step = 0')}"),
        ),
        Tamper("a text altered", VALUES, "remark at step 1", datum("remark", 1, "'other'")),
        Tamper("a text gone", VALUES, "remark at step 2", datum("remark", 2, "delete")),
        Tamper("a text twice", VALUES, "remark at step 3", datum("remark", 3, "double")),
        Tamper(
            "a text more",
            VALUES,
            "more at step 0",
            sql(
                "INSERT INTO datum (run, name, step, time, type, digest, data) SELECT run, 'more', step, time, type,"
                " digest, data FROM datum WHERE run = :run AND name = 'remark' AND step = 0"
            ),
        ),
        Tamper("a list altered", VALUES, "words at step 1", datum("words", 1, "'[\"b\"]'")),
        Tamper("a list gone", VALUES, "words at step 2", datum("words", 2, "delete")),
        Tamper(
            "a histogram's count", VALUES, "hist at step 1", datum("hist", 1, "replace(data, '[1,2,0,1]', '[1,1,1,1]')")
        ),
        Tamper("a histogram's bounds", VALUES, "hist at step 3", datum("hist", 3, "replace(data, '5.0', '6.0')")),
        Tamper("a histogram gone", VALUES, "hist at step 4", datum("hist", 4, "delete")),
        Tamper("a histogram twice", VALUES, "hist at step 0", datum("hist", 0, "double")),
        Tamper(
            "a long list altered",
            VALUES,
            "many at step 1",
            datum("many", 1, "replace(data, '\"min\":1.0', '\"min\":0.0')"),
        ),
        Tamper("a text that looks like a number", VALUES, "answer at step 5", datum("answer", 5, "'nan'")),
        Tamper(
            "a cell of a table",
            "tables",
            "table at step 5, row 1, column 1",
            datum("table", 5, "replace(data, '\"y\"', '\"z\"')"),
        ),
        Tamper(
            "a column of a table",
            "tables",
            "pictable at step 5, columns",
            datum("pictable", 5, "replace(data, '\"i\"', '\"j\"')"),
        ),
        Tamper(
            "a row of a chart's table",
            "tables",
            "chart_table at step 5, rows",
            datum("chart_table", 5, "replace(data, ',[1,2]', '')"),
        ),
        Tamper("a number in the config", "config", "lr", put("lr", value=0.2)),
        Tamper("1 for true", "config", "flag", put("flag", value=1)),
        Tamper("a key gone", "config", "text", drop("text")),
        Tamper("a key more", "config", "extra", put("extra", value=1)),
        Tamper("a nested value", "config", "net", put("net", "width", value=5)),
        Tamper("a large integer", "config", "seed", put("seed", value=2**60 + 2**20)),
        Tamper("a list in the config", "config", "later", put("later", value=[1])),
        Tamper("a key with an underscore gone", "config", "_target_", drop("_target_")),
        Tamper("a summary value", "summary", "best", put("wandb", "summary", "best", value=0.31)),
        Tamper("a summary key gone", "summary", "deep", drop("wandb", "summary", "deep")),
        Tamper("a summary key more", "summary", "extra", put("wandb", "summary", "extra", value=1)),
        Tamper(
            "a type in the summary",
            "summary",
            "picture",
            put("wandb", "summary", "picture", "_type", value="audio-file"),
        ),
        Tamper("the notes", "description", "notes", put("wandb", "notes", value="other")),
        Tamper("the name", "description", "name", sql("UPDATE run SET name = 'other' WHERE id = :run")),
        Tamper(
            "a tag", "description", "tags", sql("UPDATE run SET tags = replace(tags, '\"a\"', '\"c\"') WHERE id = :run")
        ),
        Tamper(
            "a caption",
            "media",
            "picture at step 5, captions",
            file("picture", "caption = 'other'", "AND type = 'png'"),
        ),
        Tamper(
            "a box",
            "media",
            "picture at step 5, boxes",
            file("picture", "annotations = replace(annotations, '0.1', '0.2')", "AND type = 'png'"),
        ),
        Tamper(
            "a mask's entry",
            "media",
            "picture at step 5, files of masks",
            file("picture", "delete", "AND type = 'mask'"),
        ),
        Tamper("a picture of a list", "media", "pictures at step 5", file("pictures", "delete", "AND caption = '1'")),
        Tamper("a medium gone", "media", "sound at step 5", file("sound", "delete")),
        Tamper(
            "an object garbled", "media", "page at step 5, content", lambda store: store.object(b"<p>hello</p>", flip)
        ),
        Tamper("a saved file gone", "files", "empty.txt", file("save/empty.txt", "delete")),
        Tamper("a saved file's content", "files", "notes.txt, content", lambda store: store.object(b"saved\n", flip)),
        Tamper(
            "a file of the folder cut",
            "files",
            "written.txt, object",
            lambda store: store.object(b"in the run's directory", lambda text: text[:3]),
        ),
        Tamper(
            "a file more",
            "files",
            "strange.txt",
            sql(
                "INSERT INTO file (run, log_name, step, sample, name, type, size, time) SELECT"
                " run, 'save/strange.txt', step, sample, name, type, size, time FROM file"
                " WHERE run = :run AND log_name = 'save/notes.txt'"
            ),
        ),
        Tamper("an artifact's digest", "artifacts", "model", lambda store: store.entry(1, digest="0" * 32)),
        Tamper(
            "an alias gone", "artifacts", "model 332a4e33, aliases", lambda store: store.entry(0, aliases=["latest"])
        ),
        Tamper("an artifact's type", "artifacts", "model 332a4e33, type", lambda store: store.entry(0, type="other")),
        Tamper(
            "a file of an artifact garbled",
            "artifacts",
            "model 332a4e33, file.txt, object, MD5",
            lambda store: store.object(b"one", lambda text: flip(text) if text == b"one" else text),
        ),
        Tamper(
            "an artifact's file entry",
            "artifacts",
            "model 332a4e33, dir/more.txt, object",
            file("artifacts/model/dir/more.txt", "delete"),
        ),
        Tamper(
            "a console line altered",
            "console",
            "stdout, line 2",
            sql("UPDATE console SET message = 'other' WHERE run = :run AND type = 'INFO' AND line = 2"),
        ),
        Tamper(
            "a console line gone",
            "console",
            "stderr, lines",
            sql("DELETE FROM console WHERE run = :run AND type = 'ERROR' AND message = 'err'"),
        ),
        Tamper(
            "a console line twice",
            "console",
            "stdout, doubled",
            sql(
                "INSERT INTO console SELECT run, line, time, type, message, 9 FROM console"
                " WHERE run = :run AND type = 'INFO' AND line = 3"
            ),
        ),
        Tamper(
            "a definition gone",
            "definitions",
            "define_metric loss",
            put(
                "wandb",
                "metrics",
                value=[{"name": "epoch"}, {"name": "val/*", "step_metric": "loss", "step_sync": True}],
            ),
        ),
        Tamper("a definition's step metric", "definitions", "define_metric val/*", lambda store: None),
        Tamper("an alert", "definitions", "alert title: text", sql("UPDATE alert SET body = 'other' WHERE run = :run")),
        Tamper("a chart gone", "definitions", "chart chart", put("wandb", "custom_charts", value=[])),
        Tamper("the state", "end", "state", sql("UPDATE run SET status = 'FAILED' WHERE id = :run")),
    ],
    [
        Tamper(
            "all texts of a key",
            VALUES,
            "remark at step 0",
            sql("DELETE FROM datum WHERE run = :run AND name = 'remark'"),
        ),
        Tamper("a table gone", "tables", "table at step 5", datum("table", 5, "delete")),
        Tamper("a table twice", "tables", "pictable at step 5", datum("pictable", 5, "double")),
        Tamper(
            "rows added to a table",
            "tables",
            "chart_table at step 5, rows",
            datum("chart_table", 5, "replace(data, '[1,2]', '[1,2],[2,3]')"),
        ),
        Tamper(
            "all config",
            "config",
            "lr",
            lambda store: store.config(lambda config: [config.pop(key) for key in [*config] if key != "wandb"]),
        ),
        Tamper("the summary", "summary", "loss", drop("wandb", "summary")),
        Tamper(
            "the group",
            "description",
            "tags",
            sql("UPDATE run SET tags = replace(tags, 'group:g', 'group:h') WHERE id = :run"),
        ),
        Tamper("an object gone", "media", "page at step 5, page", lambda store: store.object(b"<p>hello</p>", None)),
        Tamper(
            "an object cut",
            "media",
            "sound at step 5, sound",
            lambda store: store.object(b"RIFF", lambda text: text[:50]),
        ),
        Tamper("a saved object gone", "files", "notes.txt, object", lambda store: store.object(b"saved\n", None)),
        Tamper(
            "a file of an artifact gone",
            "artifacts",
            "model 332a4e33, file.txt, object",
            lambda store: store.object(b"one", lambda text: b"" if text == b"one" else text),
        ),
        Tamper(
            "a manifest's metadata",
            "artifacts",
            "model 736f2e78, metadata",
            lambda store: store.object(b'"text": "two"', lambda text: text.replace(b'"text": "two"', b'"text": "tvo"')),
        ),
        Tamper(
            "a manifest's digest",
            "artifacts",
            "model 332a4e33, dir/more.txt",
            lambda store: store.object(
                b'"text": "one"', lambda text: text.replace(b"UQN6SjdzD1LIcyWG06qjFg==", b"VQN6SjdzD1LIcyWG06qjFg==")
            ),
        ),
        Tamper(
            "a key's registered name",
            VALUES,
            "words at step 0",
            sql("UPDATE datum SET name = 'other' WHERE run = :run AND name = 'words'"),
        ),
    ],
    [
        Tamper("an artifact gone", "artifacts", "model", drop("wandb", "artifacts")),
        Tamper(
            "the other metrics",
            NUMBERS,
            "loss at step 0",
            sql("DELETE FROM metric WHERE series IN (SELECT id FROM series WHERE run = :run)"),
        ),
        Tamper("all console lines", "console", "stdout, lines", sql("DELETE FROM console WHERE run = :run")),
        Tamper("all entries of files", "media", "picture at step 5", sql("DELETE FROM file WHERE run = :run")),
    ],
]


def test_each_tamper_is_noticed(stage: Stage, pluto_server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """An untouched copy is the same; each of the changes is a difference with the name that belongs to it."""
    stage.run(SCRIPT.read_text(encoding="utf-8"))
    for name, value in {**pluto_server.environment(), "PLUTO_PROJECT": stage.project}.items():
        monkeypatch.setenv(name, value)

    def compared() -> Report:
        return compare(stage.folder / "wandb" / "latest-run", stage.project, whole=True)

    untouched = compared()
    assert untouched.same, untouched.document()
    assert untouched.by_name + untouched.not_comparable <= 1 and untouched.compared > 150
    store = Tampered(pluto_server, stage.project)
    for tampers in ROUNDS:
        for tamper in tampers:
            tamper.change(store)
        parts = compared().parts
        missed = [
            tamper.name
            for tamper in tampers
            if not any(one.what.startswith(tamper.what) and one.cause for one in parts[tamper.part].differences)
        ]
        assert not missed, (missed, {name: [one.what for one in part.differences] for name, part in parts.items()})
        store.restore()
    assert compared().same
    assert sum(map(len, ROUNDS)) >= 60
