"""The class of a mirrored run: the real one with a tap at each place through which changes pass."""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from types import MethodType
from typing import Any

from wandb_compat.config.limits import QUEUE_LIMIT
from wandb_compat.convert.numbers import NUMBER_TYPES
from wandb_compat.dual.guard import Guard, say
from wandb_compat.dual.real_module import ALIAS, hide_frame
from wandb_compat.dual.run import WANDBS, Mirror
from wandb_compat.spool import records
from wandb_compat.spool.config_merge import dict_at

_MIRROR = "_wandb_compat_mirror"  # attribute of a mirrored run
_PROPERTIES = ("name", "notes", "tags")

Method = Callable[..., Any]
_classes: dict[type, type] = {}  # mirrored class by real class


def mirror_of(run: Any) -> Mirror | None:
    """Return the mirror of a run, or None."""
    found: Mirror | None = getattr(run, _MIRROR, None)
    return found


def put(run: Any, mirror: Mirror) -> None:
    """Make a run a mirrored one."""
    vars(run)[_MIRROR] = mirror
    run.__class__ = _mirrored(type(run))
    # These two were handed the callbacks of the class before.
    for holder, change, callback in (
        (run._config, "_set_callback", "_config_callback"),
        (run.summary, "_set_update_callback", "_summary_update_callback"),
    ):
        if hasattr(holder, change) and hasattr(run, callback):
            getattr(holder, change)(getattr(run, callback))
    # So were those who call `wandb.log` and the like: bound methods.
    top = vars(sys.modules[ALIAS])
    for name, value in list(top.items()):
        if isinstance(value, MethodType) and value.__self__ is run:
            top[name] = getattr(run, name, value)


def _mirrored(real: type) -> type:
    """Return the subclass for mirrored runs of a real class; it passes for that class wherever a name is asked for."""
    if real not in _classes:
        body: dict[str, Any] = {name: getattr(real, name) for name in ("__module__", "__qualname__", "__doc__")}
        body["__reduce_ex__"] = _reduce_as(real)
        body[_MIRROR] = None  # of a run that was unpickled
        for tap in _TAPS:
            if _fits(real, tap.method, tap.parameters):
                body[tap.method] = tap.make(getattr(real, tap.method))
            elif not tap.required and not hasattr(real, tap.method):
                continue
            elif tap.instead is not None and _fits(real, tap.instead.method, tap.instead.parameters):
                body[tap.instead.method] = tap.instead.make(getattr(real, tap.instead.method))
                _lacking(real, tap.method, f"Run.{tap.instead.method} is mirrored in its place")
            else:
                _lacking(real, tap.method, tap.without)
        for name in _PROPERTIES:
            if isinstance(found := inspect.getattr_static(real, name, None), property) and found.fset is not None:
                body[name] = _property(found, found.fset, name)
            else:
                _lacking(real, name, "its changes do not reach Pluto")
        _classes[real] = type(real)(real.__name__, (real,), body)
    return _classes[real]


def _fits(real: type, method: str, parameters: tuple[str, ...]) -> bool:
    """Whether a class has a method that is called as we know it: these parameters come first."""
    found = getattr(real, method, None)
    if not callable(found):
        return False
    try:
        names = tuple(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        return False
    return names[1 : len(parameters) + 1] == parameters


def _lacking(real: type, method: str, instead: str) -> None:
    how = "has" if hasattr(real, method) else "has no"
    what = f"Run.{method} with other arguments" if hasattr(real, method) else f"Run.{method}"
    say("warning", f"Pluto: this wandb {how} {what}; {instead}")


def _reduce_as(real: type) -> Method:
    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """Pickle as a run of the real class: the one that a reader finds under its name."""
        if (mirror := mirror_of(self)) is not None:
            mirror.share()
        reduce: Any = real.__reduce_ex__
        # In the form of protocol 1: with a later one pickle refuses a class that is not the object's.
        made, arguments, *rest = reduce(self, 1)
        return (made, tuple(real if one is type(self) else one for one in arguments), *rest)

    return __reduce_ex__


def _history(real: Method) -> Method:
    @functools.wraps(real)
    def tapped(self: Any, data: Any, step: Any = None, commit: Any = None, *rest: Any, **more: Any) -> Any:
        whole, plain = data, False
        try:  # here and below what `with _ROWS` does, at no cost where nothing is raised
            if type(data) is dict:
                whole = data.copy()
                plain = NUMBER_TYPES.issuperset(map(type, whole.values()))
                if not plain and dict in map(type, whole.values()):
                    # The real one takes custom charts out of the script's own nested dicts.
                    whole = _copied(data)
        except BaseException as error:
            if not _ROWS.__exit__(type(error), error, error.__traceback__):
                raise
        try:  # the short call is the faster one
            result = real(self, data, step, commit, *rest, **more) if rest or more else real(self, data, step, commit)
        except BaseException as error:
            hide_frame(error)
            raise
        try:
            if (mirror := self._wandb_compat_mirror) is not None:
                if plain and mirror.puts_off and len(rows := mirror.rows) < QUEUE_LIMIT:
                    rows.append((whole, step, commit, time()))
                else:
                    mirror.history(whole, step, commit, plain)
        except BaseException as error:
            if not _ROWS.__exit__(type(error), error, error.__traceback__):
                raise
        return result

    return tapped


def _copied(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if type(value) is dict else value for key, value in data.items()}


def _after(tell: Callable[..., None], what: str) -> Callable[[Method], Method]:
    """Return what makes of a real method one that tells the mirror afterwards.

    `tell` is called with the mirror, what the real one has returned, and its arguments.
    """
    guard = Guard(what)

    def make(real: Method) -> Method:
        @functools.wraps(real)
        def tapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = real(self, *args, **kwargs)
            except BaseException as error:
                hide_frame(error)
                raise
            with guard:
                if (mirror := self._wandb_compat_mirror) is not None:
                    tell(mirror, result, *args, **kwargs)
            return result

        return tapped

    return make


def _told(tell: Callable[..., None], what: str) -> Callable[[Method], Method]:
    """As `_after`, for what a mirror takes with the very arguments of the real method."""
    return _after(lambda mirror, _, *args, **kwargs: tell(mirror, *args, **kwargs), what)


def _ending(real: Method) -> Method:
    @functools.wraps(real)
    def tapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return real(self, *args, **kwargs)
        except BaseException as error:
            hide_frame(error)
            raise
        finally:
            with Guard("the end of the run"):
                if (mirror := self._wandb_compat_mirror) is not None:
                    code = getattr(self, "_exit_code", None) or 0
                    if code == 1 and isinstance(sys.exc_info()[1], KeyboardInterrupt):
                        code = records.INTERRUPTED  # in a `with` block, of which wandb knows only that it failed
                    if "_config_callback" not in vars(type(self)):
                        mirror.whole_config(self)
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
        if path[0] not in WANDBS:
            dict_at(summary, path[:-1])[path[-1]] = json.loads(item.value_json)
    return summary


def _property(real: property, setter: Method, name: str) -> property:
    guard = Guard(f"a change of {name} is not sent")

    def change(self: Any, value: Any) -> None:
        try:
            setter(self, value)
        except BaseException as error:
            hide_frame(error)
            raise
        with guard:
            if (mirror := self._wandb_compat_mirror) is not None:
                mirror.about(self, name)

    return property(real.fget, change, real.fdel, real.__doc__)


# What the methods around artifacts and files tell


def _log_artifact(
    mirror: Mirror,
    artifact: Any,
    artifact_or_path: Any,
    name: Any = None,
    type: Any = None,
    aliases: Any = None,
    tags: Any = None,
    distributed_id: str | None = None,
    finalize: bool = True,
    *_: Any,
    **__: Any,
) -> None:
    with mirror.lock:
        mirror.catch_up()
    mirror.holdings.log(artifact, mirror.step, aliases, tags, distributed_id, finalize)


def _link_artifact(mirror: Mirror, result: Any, artifact: Any, target_path: str, aliases: Any = None) -> None:
    mirror.holdings.link(artifact, target_path, aliases)


def _save(
    mirror: Mirror, paths: Any, glob: Any = None, base_path: Any = None, policy: str = "live", *_: Any, **__: Any
) -> None:
    mirror.holdings.save(paths, policy)


@dataclass(frozen=True)
class _Tap:
    """One place to tap.

    `parameters` are the first ones of the method, without `self`; with others it is not the method that we know.
    `instead` is a public method that is tapped where there is none such, `without` what to say where that fails too.
    A method that is not `required` is younger than the oldest release that we serve.
    """

    method: str
    parameters: tuple[str, ...]
    make: Callable[[Method], Method]
    instead: _Tap | None = None
    without: str = "what it tells does not reach Pluto"
    required: bool = True


_ROWS = Guard("a row is not sent")
_METRIC = "a definition of a metric is not sent"
_ARTIFACT = "an artifact is not sent"
_FILE = "a saved file is not sent"
_LINE = "a line is not sent"
_PATHS = ("artifact_or_path", "name", "type", "aliases", "tags")

_TAPS = (
    _Tap(
        "_partial_history_callback",
        ("data", "step", "commit"),
        _history,
        instead=_Tap("log", ("data", "step", "commit"), _history),
    ),
    _Tap(
        "_config_callback",
        ("key", "val", "data"),
        _told(Mirror.config, "a configuration change is not sent"),
        without="the configuration is sent at the beginning and the end of the run only",
    ),
    _Tap(
        "_summary_update_callback",
        ("summary_record",),
        _told(Mirror.summary_changed, "a summary change is not sent"),
        without="what the script sets in the summary is sent at the end of the run only",
    ),
    _Tap(
        "_metric_callback",
        ("metric_record",),
        _told(Mirror.metric, _METRIC),
        instead=_Tap("define_metric", ("name",), _after(lambda mirror, made, *_, **__: mirror.metric(made), _METRIC)),
    ),
    _Tap(  # which it calls right before it hands the artifact over
        "_assert_can_log_artifact",
        ("artifact",),
        _after(lambda mirror, _, artifact: mirror.holdings.keep(artifact), _ARTIFACT),
        required=False,
    ),
    _Tap(
        "_log_artifact",
        (*_PATHS, "distributed_id", "finalize"),
        _after(_log_artifact, _ARTIFACT),
        instead=_Tap("log_artifact", _PATHS, _after(_log_artifact, _ARTIFACT)),
    ),
    _Tap(
        "use_artifact",
        ("artifact_or_name",),
        _after(lambda mirror, artifact, *_, **__: mirror.holdings.use(artifact), "a used artifact is not noted"),
    ),
    _Tap(
        "link_artifact",
        ("artifact", "target_path", "aliases"),
        _after(_link_artifact, "a link to an artifact is not sent"),
    ),
    _Tap(
        "_save",
        ("glob_path", "base_path", "policy"),
        _after(_save, _FILE),
        instead=_Tap("save", ("glob_str", "base_path", "policy"), _after(_save, _FILE)),
    ),
    _Tap("alert", ("title", "text", "level", "wait_duration"), _told(Mirror.alert, "an alert is not sent")),
    _Tap("mark_preempting", (), _told(Mirror.preempting, "a preemption is not noted")),
    _Tap("pin_config_keys", ("keys",), _told(Mirror.pinned, "pinned keys are not noted"), required=False),
    _Tap("write_logs", ("text",), _told(Mirror.written, _LINE), required=False),
    _Tap(
        "_tensorboard_callback",
        ("logdir", "save", "root_logdir"),
        _told(Mirror.tensorboard, "what is written for TensorBoard is not sent"),
        without="what is written for TensorBoard does not reach Pluto",
    ),
    _Tap("_console_callback", ("name", "data"), _told(Mirror.printed, _LINE)),
    _Tap("_console_raw_callback", ("name", "data"), _told(Mirror.printed, _LINE)),
    _Tap("_atexit_cleanup", ("exit_code",), _ending, instead=_Tap("finish", ("exit_code",), _ending)),
)
