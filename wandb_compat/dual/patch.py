"""Patches the class of runs: hooks the few methods through which every change of a run passes."""

from __future__ import annotations

import functools
import inspect
import json
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from types import MethodType
from typing import Any

from wandb_compat.config.limits import ORDER_TIMEOUT, QUEUE_LIMIT
from wandb_compat.convert.numbers import NUMBER_TYPES
from wandb_compat.dual.guard import Guard, show
from wandb_compat.dual.real_module import ALIAS, hide_frame
from wandb_compat.dual.run import Mirror
from wandb_compat.dual.start_record import INTERNAL_KEYS
from wandb_compat.spool import records
from wandb_compat.wire.config_merge import dict_at

_PROPERTIES = ("name", "notes", "tags")

Method = Callable[..., Any]
_mirrors: dict[int, Mirror] = {}  # by id of the run: nothing of ours shows in `vars(run)`
_patched: dict[type, set[str]] = {}  # names of the patched methods by class


def mirror_of(run: Any) -> Mirror | None:
    """Return the mirror of a run, or None."""
    return _mirrors.get(id(run))


def attach(run: Any, mirror: Mirror) -> None:
    """Let a mirror get every change of a run from now on."""
    _mirrors[id(run)] = mirror
    weakref.finalize(run, _mirrors.pop, id(run), None).atexit = False
    _patch_class(type(run))
    # Both hold bound methods from before the class was patched.
    for holder, change, callback in (
        (run._config, "_set_callback", "_config_callback"),
        (run.summary, "_set_update_callback", "_summary_update_callback"),
    ):
        if hasattr(holder, change) and hasattr(run, callback):
            getattr(holder, change)(getattr(run, callback))
    # So do `wandb.log` and the like.
    top = vars(sys.modules[ALIAS])
    for name, value in list(top.items()):
        if isinstance(value, MethodType) and value.__self__ is run:
            top[name] = getattr(run, name, value)


def _patch_class(real: type) -> None:
    """Patch the methods of a class of runs, once; a run without a mirror behaves as before."""
    if real in _patched:
        return
    body: dict[str, Any] = {"__reduce_ex__": _reduce(real)}
    for patch in _PATCHES:
        if _fits(real, patch.method, patch.parameters):
            body[patch.method] = patch.make(getattr(real, patch.method))
        elif not patch.required and not hasattr(real, patch.method):
            continue
        elif (other := patch.fallback) is not None and _fits(real, other.method, other.parameters):
            body[other.method] = other.make(getattr(real, other.method))
            _warn_missing(real, patch.method, f"Run.{other.method} is patched instead")
        else:
            _warn_missing(real, patch.method, patch.consequence)
    for name in _PROPERTIES:
        if isinstance(found := inspect.getattr_static(real, name, None), property) and found.fset is not None:
            body[name] = _property(found, found.fset, name)
        else:
            _warn_missing(real, name, "its changes do not reach Pluto")
    _patched[real] = set(body)
    for name, method in body.items():
        setattr(real, name, method)


def _fits(real: type, method: str, parameters: tuple[str, ...]) -> bool:
    """Return whether a class has a method whose first parameters are the expected ones."""
    found = getattr(real, method, None)
    if not callable(found):
        return False
    try:
        names = tuple(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        return False
    return names[1 : len(parameters) + 1] == parameters


def _warn_missing(real: type, method: str, consequence: str) -> None:
    how = "has" if hasattr(real, method) else "has no"
    what = f"Run.{method} with other arguments" if hasattr(real, method) else f"Run.{method}"
    show("warning", f"Pluto: this wandb {how} {what}; {consequence}")


def _reduce(real: type) -> Method:
    reduce: Any = real.__reduce_ex__

    @functools.wraps(reduce)
    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        """Pickle as before; another process may log to the run from now on."""
        if (mirror := mirror_of(self)) is not None:
            mirror.share()
        return reduce(self, protocol)

    return __reduce_ex__


def _history(real: Method) -> Method:
    @functools.wraps(real)
    def patched(self: Any, data: Any, step: Any = None, commit: Any = None, *rest: Any, **more: Any) -> Any:
        mirror = _mirrors.get(id(self))
        whole, plain, locked = data, False, False
        try:  # here and below as `with _ROWS`, but at no cost where nothing is raised
            if mirror is not None:
                if type(data) is dict:
                    whole = data.copy()
                    plain = NUMBER_TYPES.issuperset(map(type, whole.values()))
                    if not plain and dict in map(type, whole.values()):
                        # The real one takes custom charts out of the script's own nested dicts.
                        whole = _copied(data)
                # Threads must reach wandb and the mirror in the same order: both count the steps.
                locked = mirror.order.acquire(True, ORDER_TIMEOUT)
        except BaseException as error:
            if not _ROWS.__exit__(type(error), error, error.__traceback__):
                raise
        try:
            try:  # the short call is the faster one
                result = (
                    real(self, data, step, commit, *rest, **more) if rest or more else real(self, data, step, commit)
                )
            except BaseException as error:
                hide_frame(error)
                raise
            try:
                if mirror is not None:
                    if plain and mirror.defers_rows and len(rows := mirror.rows) < QUEUE_LIMIT:
                        rows.append((whole, step, commit, time()))
                    else:
                        mirror.log_row(whole, step, commit, plain)
            except BaseException as error:
                if not _ROWS.__exit__(type(error), error, error.__traceback__):
                    raise
        finally:
            if locked and mirror is not None:
                mirror.order.release()
        return result

    return patched


def _copied(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if type(value) is dict else value for key, value in data.items()}


def _after(report: Callable[..., None], what: str) -> Callable[[Method], Method]:
    """Return a wrapper of a real method that reports to the mirror after each call.

    Args:
        report: called with the mirror, what the real method has returned, and its arguments.
        what: begins the warning when `report` raises.
    """
    guard = Guard(what)

    def make(real: Method) -> Method:
        @functools.wraps(real)
        def patched(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = real(self, *args, **kwargs)
            except BaseException as error:
                hide_frame(error)
                raise
            with guard:
                if (mirror := _mirrors.get(id(self))) is not None:
                    report(mirror, result, *args, **kwargs)
            return result

        return patched

    return make


def _same_arguments(report: Callable[..., None], what: str) -> Callable[[Method], Method]:
    """Return a wrapper as `_after` does; `report` is called with the mirror and the real method's arguments."""
    return _after(lambda mirror, _, *args, **kwargs: report(mirror, *args, **kwargs), what)


def _ending(real: Method) -> Method:
    @functools.wraps(real)
    def patched(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return real(self, *args, **kwargs)
        except BaseException as error:
            hide_frame(error)
            raise
        finally:
            with Guard("the end of the run"):
                if (mirror := _mirrors.get(id(self))) is not None:
                    code = getattr(self, "_exit_code", None) or 0
                    if code == 1 and isinstance(sys.exc_info()[1], KeyboardInterrupt):
                        code = records.INTERRUPTED  # in a `with` block, of which wandb knows only that it failed
                    if "_config_callback" not in _patched.get(type(self), ()):
                        mirror.replace_config(self)
                    mirror.finish(code, final_summary(self))

    return patched


def final_summary(run: Any) -> dict[str, Any] | None:
    """Return the summary with which wandb has ended a run, or None where it is not known."""
    final = getattr(run, "_final_summary", None)
    if final is None:
        return None
    summary: dict[str, Any] = {}
    for item in final.item:
        path = tuple(item.nested_key) or (item.key,)
        if path[0] not in INTERNAL_KEYS:
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
            if (mirror := _mirrors.get(id(self))) is not None:
                mirror.update_property(self, name)

    return property(real.fget, change, real.fdel, real.__doc__)


# What the methods around artifacts and files report


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
    mirror.take_rows()
    mirror.files.log(artifact, mirror.history.step, aliases, tags, distributed_id, finalize)


def _link_artifact(mirror: Mirror, result: Any, artifact: Any, target_path: str, aliases: Any = None) -> None:
    mirror.files.link(artifact, target_path, aliases)


def _save(
    mirror: Mirror, paths: Any, glob: Any = None, base_path: Any = None, policy: str = "live", *_: Any, **__: Any
) -> None:
    mirror.files.save(paths, policy)


@dataclass(frozen=True)
class Patch:
    """One method to patch.

    Attributes:
        method: its name.
        parameters: its first parameters, without `self`; with others it is not the method that we know.
        make: returns the replacement of the real method.
        fallback: a public method to patch where this one is missing.
        consequence: ends the warning where both are missing.
        required: False for a method that is newer than the oldest supported release.
    """

    method: str
    parameters: tuple[str, ...]
    make: Callable[[Method], Method]
    fallback: Patch | None = None
    consequence: str = "what it reports does not reach Pluto"
    required: bool = True


_ROWS = Guard("a row is not sent")
_METRIC = "a definition of a metric is not sent"
_ARTIFACT = "an artifact is not sent"
_FILE = "a saved file is not sent"
_LINE = "a line is not sent"
_PATHS = ("artifact_or_path", "name", "type", "aliases", "tags")

_PATCHES = (
    Patch(
        "_partial_history_callback",
        ("data", "step", "commit"),
        _history,
        fallback=Patch("log", ("data", "step", "commit"), _history),
    ),
    Patch(
        "_config_callback",
        ("key", "val", "data"),
        _same_arguments(Mirror.update_config, "a configuration change is not sent"),
        consequence="the configuration is sent at the beginning and the end of the run only",
    ),
    Patch(
        "_summary_update_callback",
        ("summary_record",),
        _same_arguments(Mirror.update_summary, "a summary change is not sent"),
        consequence="what the script sets in the summary is sent at the end of the run only",
    ),
    Patch(
        "_metric_callback",
        ("metric_record",),
        _same_arguments(Mirror.define_metric, _METRIC),
        fallback=Patch(
            "define_metric", ("name",), _after(lambda mirror, made, *_, **__: mirror.define_metric(made), _METRIC)
        ),
    ),
    Patch(  # which it calls right before it hands the artifact over
        "_assert_can_log_artifact",
        ("artifact",),
        _after(lambda mirror, _, artifact: mirror.files.keep(artifact), _ARTIFACT),
        required=False,
    ),
    Patch(
        "_log_artifact",
        (*_PATHS, "distributed_id", "finalize"),
        _after(_log_artifact, _ARTIFACT),
        fallback=Patch("log_artifact", _PATHS, _after(_log_artifact, _ARTIFACT)),
    ),
    Patch(
        "use_artifact",
        ("artifact_or_name",),
        _after(lambda mirror, artifact, *_, **__: mirror.files.use(artifact), "a used artifact is not noted"),
    ),
    Patch(
        "link_artifact",
        ("artifact", "target_path", "aliases"),
        _after(_link_artifact, "a link to an artifact is not sent"),
    ),
    Patch(
        "_save",
        ("glob_path", "base_path", "policy"),
        _after(_save, _FILE),
        fallback=Patch("save", ("glob_str", "base_path", "policy"), _after(_save, _FILE)),
    ),
    Patch("alert", ("title", "text", "level", "wait_duration"), _same_arguments(Mirror.alert, "an alert is not sent")),
    Patch("mark_preempting", (), _same_arguments(Mirror.mark_preempting, "a preemption is not noted")),
    Patch(
        "pin_config_keys",
        ("keys",),
        _same_arguments(Mirror.pin_config_keys, "pinned keys are not noted"),
        required=False,
    ),
    Patch("write_logs", ("text",), _same_arguments(Mirror.write_logs, _LINE), required=False),
    Patch(
        "_tensorboard_callback",
        ("logdir", "save", "root_logdir"),
        _same_arguments(Mirror.follow_tensorboard, "what is written for TensorBoard is not sent"),
        consequence="what is written for TensorBoard does not reach Pluto",
    ),
    Patch("_console_callback", ("name", "data"), _same_arguments(Mirror.take_output, _LINE)),
    Patch("_console_raw_callback", ("name", "data"), _same_arguments(Mirror.take_output, _LINE)),
    Patch("_atexit_cleanup", ("exit_code",), _ending, fallback=Patch("finish", ("exit_code",), _ending)),
)
