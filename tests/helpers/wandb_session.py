"""A session with the real wandb that tells as JSON all that it has seen: the same with us in front and without.

Run by test_real.py as a script, in an environment with some version of the real wandb.
"""

import json
import multiprocessing
import pickle
import re
import struct
import sys
import threading
from pathlib import Path

import wandb


def child(queue):
    """What a forked or spawned process sees, before and after a deep import."""
    seen = [wandb.run is None, wandb.__version__]
    from wandb.sdk.wandb_run import Run

    queue.put([*seen, Run.__module__])


def records(path):
    """Return the history rows, and how many records of each kind, of a `.wandb` file."""
    from wandb.proto import wandb_internal_pb2

    content = path.read_bytes()
    rows, kinds, whole, place = [], {}, b"", 7
    while place + 7 <= len(content):
        if 32768 - place % 32768 < 7:  # too little left in the block for a header
            place += 32768 - place % 32768
        _, size, part = struct.unpack_from("<IHB", content, place)
        whole += content[place + 7 : place + 7 + size]
        place += 7 + size
        if part not in (1, 4):
            continue
        record = wandb_internal_pb2.Record.FromString(whole)
        whole, kind = b"", record.WhichOneof("record_type")
        if kind in ("history", "files", "alert", "exit", "run"):
            kinds[kind] = kinds.get(kind, 0) + 1
        if kind == "history":
            row = {item.key or "/".join(item.nested_key): item.value_json for item in record.history.item}
            row = {key: re.sub(r"artifact://\w+", "artifact://random", value) for key, value in row.items()}
            rows.append({key: value for key, value in row.items() if key not in ("_runtime", "_timestamp")})
    return rows, kinds


def main():
    wandb.util._get_max_cli_version = lambda: None  # 0.18 asks its server, for a minute, when it logs a table offline
    result = {"version": wandb.__version__, "before": [wandb.run is None, type(wandb.config).__name__]}
    for call in (lambda: wandb.log({"a": 1}), lambda: wandb.config.x, lambda: wandb.no_such_name):
        try:
            call()
        except Exception as error:
            result.setdefault("errors", []).append([type(error).__module__, type(error).__name__, str(error)])

    from wandb.sdk.lib import runid
    from wandb.sdk.wandb_run import Run
    from wandb.sdk.wandb_settings import Settings

    result["names"] = sorted(name for name in dir(wandb) if not name.startswith("__"))
    result["modules"] = [
        wandb.sdk.wandb_run is sys.modules["wandb.sdk.wandb_run"],
        len(runid.generate_id()),
        wandb.util.__name__,
    ]
    result["types"] = [
        f"{getattr(wandb, name).__module__}.{getattr(wandb, name).__qualname__}"
        for name in ("init", "finish", "Table", "Image", "Settings", "Artifact", "Error", "login")
    ]
    result["pickled"] = [
        pickle.loads(pickle.dumps(thing)) is thing for thing in (wandb.init, wandb.Table, wandb.Error, Run, Settings)
    ]
    result["html"] = pickle.loads(pickle.dumps(wandb.Histogram([1, 2, 3]))).histogram

    with wandb.init(project="p", id="undisturbed", name="n", mode="offline", config={"lr": 0.1}, tags=["t"]) as run:
        result["run"] = [
            wandb.run is run,
            isinstance(run, Run),
            run.id,
            run.name,
            run.project,
            list(run.tags),
            run.step,
        ]
        result["log"] = [wandb.log({"loss": 1 / (step + 1), "nested": {"x": step}}) for step in range(40)]
        result["commit"] = [wandb.log({"part": 1}, commit=False), run.log({"rest": float("nan")}, step=50), run.step]
        wandb.config.update({"batch": 32})
        run.config["later"] = [1, 2]
        wandb.summary["best"] = 3
        run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
        result["config"] = dict(wandb.config)
        result["summary"] = [run.summary["best"], run.summary["loss"], wandb.summary.get("nested")]
        result["define"] = type(run.define_metric("loss", summary="min")).__name__
        thread = threading.Thread(target=lambda: wandb.log({"thread": 1}))
        thread.start()
        thread.join()
        wandb.config = {"mine": 1}
        result["assigned"] = wandb.config
        result["folder"] = [Path(run.dir).name, Path(run.dir).is_dir()]
        path = Path(run.dir).with_name("run-undisturbed.wandb")
    result["after"] = [wandb.run is None, type(wandb.log).__name__]
    result["file"] = str(path)

    with wandb.init(mode="disabled") as run:
        result["disabled"] = [isinstance(run, Run), run.disabled, wandb.log({"a": 1})]

    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        result[method] = queue.get(timeout=30)
        process.join()
    print("RESULT", json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1:]:
        print("RESULT", json.dumps(records(Path(sys.argv[1]))))
    else:
        main()
