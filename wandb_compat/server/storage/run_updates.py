"""Update runs: log names, tags, config, notes, model graph, heartbeat and alerts; and the login check."""

from __future__ import annotations

import json
import time
import zlib
from typing import Any

from wandb_compat.server import limits
from wandb_compat.server.params import Fields, RequestError, ValidationError, check_text, parse_stored_json
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.runs import ORGANIZATION, find_run, merge, merge_config, run_tags

LOG_TYPES = ("METRIC", "IMAGE", "VIDEO", "AUDIO", "FILE", "TEXT", "ARTIFACT", "HISTOGRAM", "TABLE", "DATA")
NODE_TYPES = ("MODULE", "UNKNOWN", "CONTAINER", "IO")

Answer = dict[str, Any]


def slug(store: Store, fields: Fields, base: str) -> Answer:
    """Answer the login check."""
    return {"organization": {"slug": ORGANIZATION}}


def add_log_names(store: Store, fields: Fields, base: str) -> Answer:
    """Register keys with their type; the first type of a key stays."""
    log_names = [_log_name(name) for name in fields.texts("logName", required=True)]
    kind = fields.choice("logType", LOG_TYPES, "")
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.executemany(
            "INSERT OR IGNORE INTO log_name (run, name, type) VALUES (?, ?, ?)",
            [(run["id"], name, kind) for name in log_names],
        )
    return {"success": True}


def update_tags(store: Store, fields: Fields, base: str) -> Answer:
    """Replace all tags of a run."""
    tags = run_tags(fields, required=True)
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute(
            "UPDATE run SET tags = ?, updated = ? WHERE id = ?", (json.dumps(tags), store.now(), run["id"])
        )
    return {"success": True}


def update_config(store: Store, fields: Fields, base: str) -> Answer:
    """Merge an object into the config of a run: objects merge, everything else replaces."""
    text = fields.any_text("config")
    with store.write() as connection:
        run = find_run(connection, fields)
        config = parse_stored_json(text or "null")
        if config is not None and not isinstance(config, dict):
            raise RequestError(400, "config must be a JSON object, encoded as text")
        if config is not None and not store.options.merge_time:
            merge_config(connection, run["id"], config, store.now())
    if config is not None and store.options.merge_time:
        _merge_without_lock(store, run["id"], run["config"], config)
    return {"success": True}


def _merge_without_lock(store: Store, run: int, stored: str | None, config: dict[str, Any]) -> None:
    """Merge a config into what was read before, as the real server does: of two updates at once one may be lost."""
    time.sleep(store.options.merge_time)
    merged = merge(json.loads(stored or "null"), config)
    with store.write() as connection:
        connection.execute(
            "UPDATE run SET config = ?, updated = ? WHERE id = ?", (json.dumps(merged), store.now(), run)
        )


def update_notes(store: Store, fields: Fields, base: str) -> Answer:
    """Replace the notes of a run; null removes them."""
    if "notes" not in fields:
        raise ValidationError("notes is missing")
    notes = fields.optional_text("notes", limits.NOTES)
    if notes is not None:
        check_text("notes", notes)
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute("UPDATE run SET notes = ?, updated = ? WHERE id = ?", (notes, store.now(), run["id"]))
    return {"success": True}


def create_model_graph(store: Store, fields: Fields, base: str) -> Answer:
    """Store a model graph; a later one replaces it."""
    graph = Fields(fields.get("graph"))
    graph.text("format")
    nodes = graph.get("nodes")
    if not isinstance(nodes, dict):
        raise ValidationError("graph.nodes must be an object")
    for node in nodes.values():
        _check_node(Fields(node))
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute("UPDATE run SET graph = ? WHERE id = ?", (json.dumps(fields.get("graph")), run["id"]))
    return {"success": True}


def trigger(store: Store, fields: Fields, base: str) -> Answer:
    """Record a heartbeat and return the run's status; `CANCELLED` asks the client to stop."""
    run_id = fields.get("runId")
    if isinstance(run_id, str) and run_id.strip().removeprefix("-").isdecimal():
        run_id = int(run_id)
    if type(run_id) is not int:
        raise ValidationError(f"runId must be an integer, not {run_id!r:.100}")
    if not 0 <= run_id < 2**63:
        raise RequestError(404, f"Run not found: {run_id}")
    with store.write() as connection:
        run = find_run(connection, Fields({"runId": run_id}))
        now = store.now()
        connection.execute("UPDATE run SET heartbeat = ?, seen = ? WHERE id = ?", (now, now, run["id"]))
        return {"status": run["status"], "triggers": None}


def add_alert(store: Store, fields: Fields, base: str) -> Answer:
    """Store an alert; no mail is sent. As on the real server every field may be absent."""
    alert = fields.get("alert")
    if not isinstance(alert, dict) or any(isinstance(value, (float, list, dict)) for value in alert.values()):
        raise ValidationError("alert must be an object of texts, integers and booleans")
    time = alert.get("timestamp")
    if time is None:
        time = store.now()
    if not isinstance(time, int) or time > limits.TIME or time < -limits.TIME:
        raise RequestError(500, f"timestamp cannot be stored: {time!r:.100}")
    if alert.get("url") is not None:
        raise RequestError(500, "url cannot be stored")
    texts = [
        str(value) for value in (alert.get("level") or "INFO", alert.get("title") or "Alert", alert.get("body") or "")
    ]
    with store.write() as connection:
        run = find_run(connection, fields)
        connection.execute(
            "INSERT OR IGNORE INTO alert (run, time, level, title, body) VALUES (?, ?, ?, ?, ?)",
            (run["id"], time, *texts),
        )
    return {"status": "success"}


def _log_name(name: str) -> str:
    check_text("logName", name)
    encoded = name.encode()
    if len(encoded) > limits.LOG_NAME:
        # The real database compresses repetitions only, which fixed Huffman codes come close to.
        compressor = zlib.compressobj(strategy=zlib.Z_FIXED)
        size = len(compressor.compress(encoded) + compressor.flush())
        if size > limits.LOG_NAME:
            raise RequestError(500, f"A log name of {len(encoded)} bytes is too long for the index")
    return name


def _check_node(node: Fields) -> None:
    node.any_text("type")
    node.integer("depth", low=-(2**31), high=2**31)
    node.choice("node_type", NODE_TYPES, NODE_TYPES[0])
    parameters = node.get("params") or {}
    if not isinstance(parameters, dict) or not all(_is_shape(shape) for shape in parameters.values()):
        raise ValidationError("params must be lists of integers by name")
    edges = node.get("edges") or []
    if not isinstance(edges, list) or not all(isinstance(edge, list) for edge in edges):
        raise ValidationError("edges must be a list of pairs")
    if any(len(edge) < 2 for edge in edges):
        raise RequestError(500, "An edge has one end only")


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int for size in value)
