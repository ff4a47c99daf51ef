"""A session of the real wandb, again and again: each time another function on Pluto's side raises.

Run by test_isolation.py as a script in dual mode. It tells for each function how wandb's records, what the script was
given back and what it printed differ from a run that is not mirrored; nothing may.
"""

import importlib
import inspect
import io
import json
import os
import pkgutil
import re
import sys
import threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

os.environ["PLUTO_MODE"] = "disabled"
import numpy

import wandb
import wandb_compat
from wandb.proto import wandb_internal_pb2
from wandb_compat.cli import wandb_file
from wandb_compat.dual import guard, patch
from wandb_compat.import_hook import messages

# Modules of other processes: the training process does not call them.
NOT_HERE = (
    "server",
    "conformance",
    "cli",
    "uploader.__main__",
    "uploader.worker",
    "uploader.delivery",
    "uploader.heartbeat",
    "wire",
)
NEEDS_MORE = ("run.tensorboard.summaries",)  # cannot be imported without TensorBoard
# The guards themselves, and what runs before there is a wandb to be disturbed.
EXEMPT = (
    "Guard.",
    "facade.Facade.",
    "startup.",
    "lazy_module.",
    "python_internals.",
    "real_wandb.",
    "distribution.",
    "hand_over.",
    "facade._finish_mirrors",
    "install._mirror",
    "install.finish_mirrors",
    "threads.",
)
BROKEN = "injected"
OLD = not hasattr(wandb.Settings, "model_fields")  # of before 0.19
REINIT, STATS = (True, "_disable_stats") if OLD else ("create_new", "x_disable_stats")
wandb.util._get_max_cli_version = lambda: None  # 0.18 asks its server, for a minute, when it logs a table offline
LINES = 25  # of complaint: one a key; and runs of earlier cases, which could not end, may still have theirs


def functions():
    """Return every function of the package that the trainer may call, by its name."""
    found = {}
    for module in pkgutil.walk_packages(wandb_compat.__path__, "wandb_compat."):
        name = module.name.partition(".")[2]
        if name.startswith((*NOT_HERE, *NEEDS_MORE, "dropin", "__main__")):
            continue
        room = importlib.import_module(module.name)
        for place in [room, *(one for one in vars(room).values() if inspect.isclass(one))]:
            if inspect.getmodule(place) is not room and place is not room:
                continue
            for thing in vars(place).values():
                wrapped = (thing.fget, thing.fset) if isinstance(thing, property) else (thing,)
                for one in wrapped:
                    function = inspect.unwrap(getattr(one, "__func__", one) or int)
                    if inspect.isfunction(function) and function.__code__.co_filename == room.__file__:
                        found[f"{name}.{function.__qualname__}"] = function
    return {name: one for name, one in found.items() if not any(f".{word}" in f".{name}" for word in EXEMPT)}


def broken(*args, **kwargs):
    raise RuntimeError("injected")


class Injected:
    """Makes a function raise, under every name and in every module that refers to it."""

    def __init__(self, function):
        self.function, self.code = function, function.__code__

    def __enter__(self):
        self.function.__code__ = broken.__code__.replace(co_freevars=self.code.co_freevars)

    def __exit__(self, *_):
        self.function.__code__ = self.code


def unpatch(originals):
    """Give the classes of runs their own methods back, so that the next session patches them again."""
    for real, names in patch._patched.items():
        for name in names:
            if name in originals:
                setattr(real, name, originals[name])
            else:
                delattr(real, name)
    patch._patched.clear()


def session(number, mode):
    """Let a script use a run, and return what it and wandb have seen."""
    os.environ["PLUTO_MODE"] = mode
    out, errors, given = io.StringIO(), io.StringIO(), []
    with redirect_stdout(out), redirect_stderr(errors):
        run = wandb.init(
            project="p",
            id=f"run{number}",
            name="n",
            config={"lr": 0.1},
            tags=["t"],
            reinit=REINIT,
            settings={STATS: True},
        )
        for step in range(3):
            given.append(run.log({"loss": 1 / (step + 1), "nested": {"x": step}, "text": "word"}))
        given.append(run.log({"part": float("nan")}, commit=False))
        given.append(run.log({"rest": numpy.float32(2), "list": [1, 2, 3], "big": 2**70}, step=9))
        given.append(run.log({"late": 1}, step=3))
        image = wandb.Image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), caption="c")
        given.append(run.log({"image": image, "bins": wandb.Histogram([1, 2, 3]), "page": wandb.Html("<p>")}))
        given.append(run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"]])}))
        run.config["later"] = [1, 2]
        run.config.update({"deep": {"er": 1}})
        run.summary["best"] = 3
        run.summary.update({"other": {"x": 1}})
        del run.summary["best"]
        run.define_metric("acc", summary="max")
        given.append([run.log({"acc": acc}) for acc in (1, 3, 2)])
        run.tags += ("new",)
        run.name = "renamed"
        run.notes = "noted"
        given.append(run.alert("title", "text"))
        Path("saved.txt").write_text("saved", encoding="utf-8")
        given.append(bool(run.save("saved.txt")))
        artifact = wandb.Artifact("data", "dataset")
        artifact.add_file("saved.txt")
        given.append(run.log_artifact(artifact) is artifact)
        thread = threading.Thread(target=run.log, args=({"thread": 1},))
        thread.start()
        thread.join()
        print("printed")
        given += [run.step, dict(run.config), dict(run.summary["acc"]), list(run.tags), run.name, type(run).__name__]
        given.append(run.finish())
    return [out.getvalue(), repr(given)], errors.getvalue()


def kept(number):
    """Return the records of a run that do not depend on the moment; wandb writes the last ones when it ends."""
    seen = []
    (path,) = Path("wandb").glob(f"*-run{number}/*.wandb")
    for piece in filter(None, wandb_file.records(path)):
        record = wandb_internal_pb2.Record.FromString(piece)
        kind = record.WhichOneof("record_type")
        if kind == "history":
            seen.append([kind, plain(record.history.item)])
        elif kind in ("config", "summary"):
            seen.append([kind, plain(getattr(record, kind).update), len(getattr(record, kind).remove)])
        elif kind in ("alert", "exit", "metric", "artifact", "files", "run"):
            seen.append([kind])
    return sorted(map(repr, seen))


def plain(items):
    """Leave out what names a moment or a random file."""
    findings = [[item.key or "/".join(item.nested_key), item.value_json] for item in items]
    private = ("_runtime", "_timestamp", "_wandb")
    return sorted(
        [key, re.sub(r"artifact://\w+", "", value)] for key, value in findings if key.split("/")[0] not in private
    )


def called(number, mode):
    """Return the code objects that a session runs."""
    seen = set()

    def note(frame, event, argument):
        seen.add(frame.f_code)

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        session(number, mode)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return seen


def main():
    """Go through the functions, or through each so many-th as the argument says."""
    originals = dict(vars(wandb.Run))
    every = functions()
    alone, _ = session(0, "disabled")
    offline = called(1, "offline")
    online = called(2, "online") if os.environ.get("PLUTO_URL_API") else set()
    cases = [(name, "offline") for name, one in every.items() if one.__code__ in offline]
    cases += [(name, "online") for name, one in every.items() if one.__code__ in online - offline]
    used, cases = len(cases), cases[:: int(sys.argv[1])]
    different, loud = {}, {}
    for number, (name, mode) in enumerate(cases, 3):
        guard._shown.clear()
        messages._shown.clear()
        unpatch(originals)
        with Injected(every[name]):
            try:
                findings, output = session(number, mode)
            except BaseException as error:
                findings, output = [f"{type(error).__name__}: {error}"], ""
                wandb.finish()
        if findings != alone:
            different[name] = [findings, alone]
        lines = [line for line in output.splitlines() if BROKEN in line]
        if "Traceback" in output or len(lines) > LINES:
            loud[name] = output
    wandb.teardown()
    expected = kept(0)
    for number, (name, _) in enumerate(cases, 3):
        if (found := kept(number)) != expected:
            different.setdefault(name, []).append([f"- {one}" for one in expected if one not in found])
            different[name].append([f"+ {one}" for one in found if one not in expected] + [len(found), len(expected)])
    print("FINDINGS", json.dumps([len(every), used, different, loud]), file=sys.__stdout__)
    sys.exit(3)


main()
