"""Traces of chains and agents: spans with inputs, outputs and spans below them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from wandb._native.run import current
from wandb.sdk.data_types.base_types.media import Media
from wandb_compat.convert.json_values import json_value


class StatusCode(str, Enum):
    """How a span ended."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"

    def __str__(self) -> str:
        return self.value


class SpanKind(str, Enum):
    """What a span was."""

    LLM = "LLM"
    CHAIN = "CHAIN"
    AGENT = "AGENT"
    TOOL = "TOOL"

    def __str__(self) -> str:
        return self.value


@dataclass
class Result:
    """What went into a span and what came out of it."""

    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None


@dataclass
class Span:
    """A step of a trace; times are in milliseconds since the epoch."""

    span_id: str | None = None
    name: str | None = None
    start_time_ms: int | None = None
    end_time_ms: int | None = None
    status_code: StatusCode | None = None
    status_message: str | None = None
    attributes: dict[str, Any] | None = None
    results: list[Result] | None = None
    child_spans: list[Span] | None = None
    span_kind: SpanKind | None = None

    def add_attribute(self, key: str, value: Any) -> None:
        """Set an attribute."""
        self.attributes = {**(self.attributes or {}), key: value}

    def add_named_result(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Add a result."""
        self.results = [*(self.results or ()), Result(inputs, outputs)]

    def add_child_span(self, span: Span) -> None:
        """Add a span below this one."""
        self.child_spans = [*(self.child_spans or ()), span]


class WBTraceTree(Media):
    """A trace as a value.

    In Pluto: a file in JSON: `root_span_dumps` and `model_dict_dumps`, texts in JSON, as wandb has them.

    Example:
        >>> run.log({"trace": WBTraceTree(Span(name="chain", start_time_ms=0, end_time_ms=5))})
    """

    _log_type = "wb_trace_tree"
    _folder_name = "wb_trace_tree"

    def __init__(self, root_span: Span, model_dict: dict[str, Any] | None = None) -> None:
        """Take a trace.

        Args:
            root_span: the span above all others.
            model_dict: what is to be known of the model.
        """
        super().__init__()
        self._root_span = root_span
        self._model_dict = model_dict

    def to_json(self, run: Any = None, *, run_or_artifact: Any = None) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the trace in wandb's form."""
        answer = {"_type": self._log_type, "root_span_dumps": _dumps(dataclasses.asdict(self._root_span))}
        if self._model_dict is not None:
            model = _dumps(self._model_dict)
            answer["model_hash"] = hashlib.md5(model.encode(), usedforsecurity=False).hexdigest()[:16]
            answer["model_dict_dumps"] = model
        return answer


def _dumps(value: Any) -> str:
    return json.dumps(json_value(value))


class TraceAttribute:
    """Reads and sets an attribute of the root span."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Trace, owner: type) -> Any:
        return getattr(instance._span, self.name)

    def __set__(self, instance: Trace, value: Any) -> None:
        setattr(instance._span, self.name, value)


class Trace:
    """A span with what it needs to be logged.

    In Pluto: as `WBTraceTree`.

    Example:
        >>> root = Trace("agent", kind="agent", start_time_ms=0, end_time_ms=9, inputs={"q": "1+1"})
        >>> root.add_child(Trace("calculator", kind="tool", outputs={"a": 2}))
        >>> root.log("trace")
    """

    name = TraceAttribute()
    status_code = TraceAttribute()
    status_message = TraceAttribute()
    start_time_ms = TraceAttribute()
    end_time_ms = TraceAttribute()

    def __init__(
        self,
        name: str,
        kind: str | None = None,
        status_code: str | None = None,
        status_message: str | None = None,
        metadata: dict[str, Any] | None = None,
        start_time_ms: int | None = None,
        end_time_ms: int | None = None,
        inputs: dict[str, Any] | None = None,
        outputs: dict[str, Any] | None = None,
        model_dict: dict[str, Any] | None = None,
    ) -> None:
        """Begin a trace.

        Args:
            name: name of the span.
            kind: `llm`, `chain`, `agent` or `tool`.
            status_code: `success` or `error`.
            status_message: a sentence about that.
            metadata: attributes of the span.
            start_time_ms: when it began, in milliseconds since the epoch.
            end_time_ms: when it ended.
            inputs: what went in, by name.
            outputs: what came out, by name.
            model_dict: what is to be known of the model.

        Raises:
            AssertionError: `kind` or `status_code` does not exist.
        """
        assert kind is None or kind.upper() in SpanKind.__members__, (
            f"Invalid span kind {kind!r}, can be one of 'LLM', 'AGENT', 'CHAIN', 'TOOL'"
        )
        assert status_code is None or status_code.upper() in StatusCode.__members__, (
            f"Invalid status code {status_code!r}, can be one of 'SUCCESS' or 'ERROR'"
        )
        self._span = Span(
            name=name,
            span_kind=SpanKind(kind.upper()) if kind else None,
            status_code=StatusCode(status_code.upper()) if status_code else None,
            status_message=status_message,
            attributes=metadata,
            start_time_ms=start_time_ms,
            end_time_ms=end_time_ms,
            results=[Result(inputs, outputs)] if inputs or outputs else None,
        )
        self._model_dict = model_dict

    def add_child(self, child: Trace) -> Trace:
        """Add a trace below this one, and return this one."""
        self._span.add_child_span(child._span)
        if self._model_dict is not None and child._model_dict is not None:
            self._model_dict = {**self._model_dict, str(child._span.name): child._model_dict}
        return self

    def add_inputs_and_outputs(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> Trace:
        """Add a result, and return the trace."""
        self._span.add_named_result(inputs, outputs)
        return self

    def add_metadata(self, metadata: dict[str, Any]) -> Trace:
        """Add attributes, and return the trace."""
        self.metadata = metadata
        return self

    @property
    def metadata(self) -> dict[str, Any] | None:
        """The span's attributes; what is set is added to them."""
        return self._span.attributes

    @metadata.setter
    def metadata(self, value: dict[str, Any]) -> None:
        self._span.attributes = {**(self._span.attributes or {}), **value}

    @property
    def inputs(self) -> dict[str, Any] | None:
        """What went in last."""
        return self._span.results[-1].inputs if self._span.results else None

    @inputs.setter
    def inputs(self, value: dict[str, Any]) -> None:
        self._span.add_named_result(value, self.outputs or {})

    @property
    def outputs(self) -> dict[str, Any] | None:
        """What came out last."""
        return self._span.results[-1].outputs if self._span.results else None

    @outputs.setter
    def outputs(self, value: dict[str, Any]) -> None:
        self._span.add_named_result(self.inputs or {}, value)

    @property
    def kind(self) -> str | None:
        """What the span is; can be set."""
        return self._span.span_kind.value if self._span.span_kind else None

    @kind.setter
    def kind(self, value: str) -> None:
        assert value.upper() in SpanKind.__members__, (
            f"Invalid span kind {value!r}, can be one of 'LLM', 'AGENT', 'CHAIN', 'TOOL'"
        )
        self._span.span_kind = SpanKind(value.upper())

    def log(self, name: str) -> None:
        """Log the trace to the current run.

        Args:
            name: key of the trace.
        """
        current.module().log({name: WBTraceTree(self._span, self._model_dict)})
