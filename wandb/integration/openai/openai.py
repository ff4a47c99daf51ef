"""`autolog` for the OpenAI client, as wandb had it until 0.27."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import wandb
from wandb.sdk.integration_utils.auto_logging import AutologAPI

# Version 1 and later, and the functions of version 0.
SYMBOLS = (
    "resources.chat.completions.Completions.create",
    "resources.chat.completions.AsyncCompletions.create",
    "resources.completions.Completions.create",
    "resources.completions.AsyncCompletions.create",
    "Edit.create",
    "Completion.create",
    "ChatCompletion.create",
)
COLUMNS = ["kind", "model", "request", "response", "seconds"]


def resolve(
    args: Sequence[Any], kwargs: dict[str, Any], response: Any, start_time: float, time_elapsed: float
) -> dict[str, Any] | None:
    """Return a table of one call and how many tokens it took; None for answers in pieces."""
    answer = response.model_dump() if hasattr(response, "model_dump") else response
    if not isinstance(answer, dict) or "choices" not in answer:
        return None
    request = _conversation(kwargs["messages"]) if "messages" in kwargs else str(kwargs.get("prompt", ""))
    model = str(answer.get("model") or kwargs.get("model"))
    values: dict[str, Any] = {
        f"usage/{name}": count for name, count in (answer.get("usage") or {}).items() if isinstance(count, int)
    }
    values["usage/elapsed_time"] = time_elapsed
    table = wandb.Table(columns=COLUMNS)
    for choice in answer["choices"]:
        text = _message(choice["message"]) if choice.get("message") else choice.get("text")
        table.add_data(str(answer.get("object")), model, request, text, time_elapsed)
    return {**values, "traces": table}


def _conversation(messages: Sequence[Any]) -> str:
    return "\n".join(_message(one if isinstance(one, dict) else one.model_dump()) for one in messages)


def _message(message: dict[str, Any]) -> str:
    text = message.get("content")
    return f"**{message.get('role')}**: {text if text is not None else message.get('tool_calls')}"


autolog = AutologAPI(name="openai", symbols=SYMBOLS, resolver=resolve)
