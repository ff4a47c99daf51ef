"""Dual mode's mirror: every run that the real wandb begins is told to Pluto too, after wandb and never in its way.

A run that the real `wandb.init` has returned gets a subclass of its class. That overrides the few callbacks through
which all history, configuration and summary changes pass: each calls the real one, hands on what it returns or raises,
and then tells the mirror. What goes wrong there is said once and ends there.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any

from wandb_compat import credentials, machine_info, records
from wandb_compat.artifacts import RUN_ID
from wandb_compat.console import ConsoleCapture
from wandb_compat.convert import plain, summarise
from wandb_compat.pipeline import Outcome, Pipeline
from wandb_compat.server_text import cut_name, published_summary, server_tags
from wandb_compat.settings import Settings

FOLDER = "pluto"  # in the real run's folder: the mirror's own run folder; `cli/folders.py` finds it there
BUDGET = 5.0  # seconds that the mirror may add to the end of a run…
DISTRIBUTED_BUDGET = 30.0  # …and in a distributed job, whose ranks end together
DISTRIBUTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE")
SUMMARY_INTERVAL = 30.0  # seconds between two publications of a running run's summary
_MIRROR = "_wandb_compat_mirror"  # in the dictionary of a mirrored run
_WANDBS = ("_wandb",)  # configuration that wandb keeps for itself

_said: set[str] = set()
_mirrors: weakref.WeakSet[Mirror] = weakref.WeakSet()
_classes: dict[type, type] = {}  # mirrored class by real class


def begin(run: Any) -> None:
    """Mirror a run that the real `wandb.init` has returned, unless it is mirrored already or not to be; never raises.

    The mode must be dual: there are Pluto credentials.
    """
    with Guard(f"the run {getattr(run, 'id', None)} is not mirrored"):
        own, complaints = Settings.read()
        for complaint in complaints:
            say("warning", complaint)
        if run.disabled or own.pluto_mode == "disabled" or _MIRROR in vars(run):
            return
        credential = credentials.find(post_sunset=False)
        online = own.pluto_mode == "online" if own.pluto_mode in ("online", "offline") else not run.offline
        mirror = Mirror(run, own, credential if online else None)
        vars(run)[_MIRROR] = mirror
        run.__class__ = _mirrored(type(run))
        # These two were handed the callbacks of the class before.
        run._config._set_callback(run._config_callback)
        run.summary._set_update_callback(run._summary_update_callback)


def finish_all() -> None:
    """Finish what the script has left open; called when the process ends, after wandb has done the same."""
    for mirror in list(_mirrors):
        with Guard("the end of the run"):
            mirror.finish(mirror.script_code())


class Mirror:
    """What one real run has told, on its way to Pluto."""

    def __init__(self, run: Any, own: Settings, credential: credentials.Credential | None) -> None:
        """Begin the mirrored run; with a credential a courier sets out in the background.

        Args:
            run: the real run, as `wandb.init` has made it.
            own: our settings.
            credential: the Pluto key, or None for a run that stays in the journal.
        """
        settings = run._settings
        self.home = Path(settings.sync_dir, FOLDER)
        self.home.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()  # re-entrant: a signal handler may log while the thread that it interrupted does
        self.step: int = run.step  # of the next row without a step of its own, as wandb counts
        self.summary: dict[str, Any] = {}
        self._settings = settings
        self._pid = os.getpid()
        self._exit_hooks = getattr(sys.exit, "__self__", None)  # wandb's, which notice how the script ends
        self._finished = False
        self._silent = bool(settings.silent)
        self._newest = 0  # time of any row, ms
        self._summary_due = time() + SUMMARY_INTERVAL
        if "finish_budget" in own.model_fields_set:
            self._budget = own.finish_budget
        else:
            self._budget = DISTRIBUTED_BUDGET if any(name in os.environ for name in DISTRIBUTED) else BUDGET
        self.pipeline = Pipeline(
            self.home,
            own,
            notify=self._say,
            head=self.home / f"run-{run.id}.wandb",
            budget=self._budget,
            cancellable=False,
        )
        self.pipeline.start(self._start_record(run, own), credential, online=credential is not None)
        self.console = ConsoleCapture(
            self.pipeline.submit, secret=credential.reveal if credential is not None else lambda: None
        )
        self.console.listen()
        _mirrors.add(self)

    def _start_record(self, run: Any, own: Settings) -> records.Start:
        settings = self._settings
        name = run.name or run.id
        short = cut_name(name, self._warn)
        config = {key: plain(value) for key, value in dict(run._config.items()).items() if key not in _WANDBS}
        about = {
            "name": name if short != name else None,
            "notes": settings.run_notes,
            "entity": settings.entity,
            "sweep": {"id": settings.sweep_id} if settings.sweep_id else None,
        }
        if about := {key: value for key, value in about.items() if value}:
            config["wandb"] = {**(config["wandb"] if isinstance(config.get("wandb"), dict) else {}), **about}
        return records.Start(
            time=int(run.start_time * 1000),
            project=own.project(settings.project),
            id=run.id,
            name=short,
            target=own.pluto_run_id,
            entity=settings.entity,
            config=config,
            tags=self._tags(run),
            system_metrics=not machine_info.setting(settings, "disable_stats"),
            metadata={**machine_info.gather(settings), RUN_ID: run.id},
        )

    # What the callbacks tell; the arguments are those of the real ones

    def history(self, data: Mapping[str, Any], step: Any = None, commit: bool | None = None, *_: Any) -> None:
        """Take a row at the step at which wandb keeps it; what wandb drops is dropped."""
        with self.lock:
            at = self.step if step is None else int(step)
            if at < self.step:
                return
            self.step = at + 1 if (step is None if commit is None else commit) else at
            # Rows of one step are one row to the reader, and the newest value of a key wins: no two get the same time.
            now = self._newest = max(int(time() * 1000), self._newest + 1)
            if not data:
                return
            values = self._row(data, at, now)
            if values is data:
                self.summary.update(data)
            else:
                summarise(data, values, self.summary)
            self._publish_summary(due=True)

    def _row(self, data: Mapping[str, Any], step: int, now: int) -> Mapping[str, Any]:
        try:
            return self.pipeline.row(data, step, now)
        except Exception as error:
            if len(data) == 1:
                (key,) = data
                self._warn(f"the value of {key!r} is not sent to Pluto: {type(error).__name__}: {error}")
                return {}
        values: dict[str, Any] = {}
        for key, value in data.items():  # what can be sent is
            values.update(self._row({key: value}, step, now))
        return values

    def config(self, key: Any = None, val: Any = None, data: Mapping[str, Any] | None = None) -> None:
        """Take configuration values that are new or changed."""
        values = dict(data or {})
        path = (key,) if isinstance(key, str) else tuple(key or ())
        if path:
            for part in path[:0:-1]:
                val = {part: val}
            values[path[0]] = val
        values = {str(key): plain(value) for key, value in values.items() if key not in _WANDBS}
        if values:
            self.pipeline.submit(records.Config(values))

    def summary_changed(self, change: Any) -> None:
        """Take what the script sets or deletes in the summary."""
        with self.lock:
            for item in change.update:
                below = _below(self.summary, item.key[:-1])
                if isinstance(getattr(type(item.value), "_log_type", None), str):  # media are logged under that key
                    key = ".".join(item.key)
                    value = self._row({key: item.value}, self.step, int(time() * 1000)).get(key)
                else:
                    value = plain(item.value)
                below[item.key[-1]] = value
            for item in change.remove:
                _below(self.summary, item.key[:-1]).pop(item.key[-1], None)
            self._publish_summary(due=True)

    def about(self, run: Any, name: str) -> None:
        """Take a new name, new notes or new tags."""
        if name == "tags":
            self.pipeline.submit(records.Tags(self._tags(run)))
        else:
            self.pipeline.submit(records.Config({"wandb": {name: getattr(run, name)}}))

    def _tags(self, run: Any) -> list[str]:
        marks = SimpleNamespace(
            run_tags=run.tags, run_group=run.group, run_job_type=run.job_type, sweep_id=run.sweep_id
        )
        return server_tags(marks, self._warn)

    def finish(self, code: int, summary: Mapping[str, Any] | None = None) -> None:
        """End the mirrored run, within the budget.

        Args:
            code: the exit code.
            summary: the one that wandb has ended with, if it tells.
        """
        with self.lock:
            if self._finished or os.getpid() != self._pid:
                return
            self._finished = True
        _mirrors.discard(self)
        self.summary.update(summary or {})
        bounded = threading.Thread(target=self._end, args=(code,), name="wandb-compat-end", daemon=True)
        try:
            bounded.start()
        except RuntimeError:  # the interpreter starts no more threads
            self._end(code)
            return
        bounded.join(self._budget + 1)
        if bounded.is_alive():
            self._warn(f"what is not on the Pluto server yet can be sent with `wandb-compat sync {self.home}`")

    def _end(self, code: int) -> None:
        with Guard("the end of the run", self._silent):
            self._publish_summary()
            self.console.stop()
            outcome = self.pipeline.finish(records.Exit(int(time() * 1000), records.state_of(code), code))
            self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        url = self.pipeline.status().url
        if not outcome.delivered and self.pipeline.online:
            self._warn(outcome.sentence)
        else:
            self._say("info", f"{outcome.sentence}: {url}" if url else outcome.sentence)

    def script_code(self) -> int:
        """Return the exit code of the script as wandb's own hooks have seen it."""
        code = getattr(self._exit_hooks, "exit_code", None)
        if isinstance(code, int):
            return code
        error = getattr(sys, "last_value", None)
        return 0 if error is None else records.INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1

    def _publish_summary(self, due: bool = False) -> None:
        if due and time() < self._summary_due:
            return
        self._summary_due = time() + SUMMARY_INTERVAL
        if self.summary:
            self.pipeline.submit(records.Config({"wandb": {"summary": published_summary(self.summary)}}))

    def _say(self, level: str, sentence: str) -> None:
        say(level, sentence, self._silent)

    def _warn(self, sentence: str) -> None:
        if sentence not in _said:
            _said.add(sentence)
            self._say("warning", sentence)


class Guard:
    """Keeps what goes wrong on the way to Pluto from the script: it is said, once a kind, and that is all.

    An interruption and an exit are the script's own, a signal handler's perhaps, and pass.
    """

    __slots__ = ("_silent", "_what")

    def __init__(self, what: str, silent: bool = False) -> None:
        self._what = what
        self._silent = silent

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return True
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return False
        try:
            if (said := f"{self._what}: {type(error).__name__}") not in _said:
                _said.add(said)
                say("warning", f"Pluto: {self._what}: {type(error).__name__}: {error}", self._silent)
        except Exception:  # not even the error can say what it is
            pass
        return True


def say(level: str, sentence: str, silent: bool = False) -> None:
    """Print a line in wandb's style, past the listeners with which wandb records what the script prints."""
    if silent or os.environ.get("WANDB_SILENT", "").strip().lower() in ("true", "1", "yes", "on"):
        return
    mark = "" if level == "info" else f"{level.upper()} "
    stream = sys.stderr
    if stream is None:
        return
    try:
        type(stream).write(stream, f"wandb: {mark}{sentence}\n")
        stream.flush()
    except (OSError, ValueError):  # closed
        pass


def _below(into: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the dict at a path of keys, made where there is none."""
    for key in path:
        if not isinstance(into.get(key), dict):
            into[key] = {}
        into = into[key]
    return into


# The class


def _mirrored(real: type) -> type:
    """Return the subclass for mirrored runs of a real class; it passes for that class wherever a name is asked for."""
    if real not in _classes:
        body: dict[str, Any] = {name: getattr(real, name) for name in ("__module__", "__qualname__", "__doc__")}
        body["__reduce_ex__"] = _reduce_as(real)
        for callback, tap in _TAPS.items():
            name = callback if hasattr(real, callback) else _INSTEAD.get(callback)
            if name != callback:
                instead = f"Run.{name} is mirrored in its place" if name else "what it tells does not reach Pluto"
                say("warning", f"Pluto: this wandb has no Run.{callback}; {instead}")
            if name is not None:
                body[name] = tap(getattr(real, name))
        body.update({name: _property(vars(real)[name], name) for name in ("name", "notes", "tags")})
        _classes[real] = type(real)(real.__name__, (real,), body)
    return _classes[real]


def _reduce_as(real: type) -> Callable[..., Any]:
    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """Pickle as a run of the real class: the one that a reader finds under its name."""
        reduce: Any = real.__reduce_ex__
        # In the form of protocol 1: with a later one pickle refuses a class that is not the object's.
        made, arguments, *rest = reduce(self, 1)
        return (made, tuple(real if one is type(self) else one for one in arguments), *rest)

    return __reduce_ex__


def _history(real: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def tapped(self: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        mirror = vars(self).get(_MIRROR)
        # The real one takes custom charts out of the script's own nested dicts.
        whole = _copied(data) if type(data) is dict and dict in map(type, data.values()) else data
        result = real(self, data, *args, **kwargs)
        if mirror is not None:
            with _ROWS:
                mirror.history(whole, *args, **kwargs)
        return result

    return tapped


def _copied(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if type(value) is dict else value for key, value in data.items()}


def _after(tell: Callable[..., None], what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what makes of a real callback one that tells the mirror afterwards."""
    guard = Guard(what)

    def make(real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def tapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = real(self, *args, **kwargs)
            with guard:
                if (mirror := vars(self).get(_MIRROR)) is not None:
                    tell(mirror, *args, **kwargs)
            return result

        return tapped

    return make


def _ending(real: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def tapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return real(self, *args, **kwargs)
        finally:
            with Guard("the end of the run"):
                if (mirror := vars(self).get(_MIRROR)) is not None:
                    code = getattr(self, "_exit_code", None) or 0
                    if code == 1 and isinstance(sys.exc_info()[1], KeyboardInterrupt):
                        code = records.INTERRUPTED  # in a `with` block, of which wandb knows only that it failed
                    mirror.finish(code, _final_summary(self))

    return tapped


def _final_summary(run: Any) -> dict[str, Any] | None:
    """Return the summary with which wandb has ended a run, or None where it tells none."""
    told = getattr(run, "_final_summary", None)
    if told is None:
        return None
    summary: dict[str, Any] = {}
    for item in told.item:
        path = tuple(item.nested_key) or (item.key,)
        if path[0] not in _WANDBS:
            _below(summary, path[:-1])[path[-1]] = json.loads(item.value_json)
    return summary


def _property(real: property, name: str) -> property:
    setter = real.fset
    assert setter is not None
    guard = Guard(f"a change of {name} is not sent")

    def change(self: Any, value: Any) -> None:
        setter(self, value)
        with guard:
            if (mirror := vars(self).get(_MIRROR)) is not None:
                mirror.about(self, name)

    return property(real.fget, change, real.fdel, real.__doc__)


_ROWS = Guard("a row is not sent")
# By the callback of the real class: what makes the mirrored one of it.
_TAPS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "_partial_history_callback": _history,
    "_config_callback": _after(Mirror.config, "a configuration change is not sent"),
    "_summary_update_callback": _after(Mirror.summary_changed, "a summary change is not sent"),
    "_console_callback": _after(lambda mirror, name, data: mirror.console.feed(name, data), "a line is not sent"),
    "_console_raw_callback": _after(lambda mirror, name, data: mirror.console.feed(name, data), "a line is not sent"),
    "_atexit_cleanup": _ending,
}
# Public methods to tap where a later wandb has no such callback any more.
_INSTEAD = {"_partial_history_callback": "log", "_atexit_cleanup": "finish"}


def _after_fork_in_child() -> None:
    for mirror in list(_mirrors):
        mirror.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
