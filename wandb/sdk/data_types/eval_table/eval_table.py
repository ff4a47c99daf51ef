"""`wandb.EvalTable`: a table whose columns are inputs, outputs and scores of an evaluation."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from wandb.errors import UsageError
from wandb.sdk.data_types.table import LogMode, Table

Backend = Literal["weave", "ces"]
_MEDIA_MODES = ("stub", "raise")


class EvalTable(Table):
    """A table of an evaluation.

    In Pluto: as any table, with the roles of its columns in the summary.

    Example:
        >>> table = wandb.EvalTable(input_columns=["question"], output_columns=["answer"], score_columns=["correct"])
        >>> table.add_data("2 + 2?", "4", True)
        >>> run.log({"arithmetic": table})
    """

    _log_type: ClassVar[str | None] = "eval-table"

    def __init__(
        self,
        columns: list[str | int] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: LogMode = "IMMUTABLE",
        *,
        input_columns: list[str] | None = None,
        output_columns: list[str] | None = None,
        score_columns: list[str] | None = None,
        backend: Backend | None = None,
        unsupported_media_mode: Literal["stub", "raise"] = "stub",
    ) -> None:
        """Make a table; arguments as for `wandb.Table`, and:

        Args:
            columns: by default the columns with a role, in the order input, output, score.
            log_mode: only IMMUTABLE.
            input_columns: what was asked.
            output_columns: what came out; columns without a role are outputs too.
            score_columns: how good that was.
            backend: accepted; the table goes to Pluto.
            unsupported_media_mode: accepted; all media that a table takes are supported.

        Raises:
            wandb.UsageError: an argument is not what wandb takes either.
            ValueError: `unsupported_media_mode` is neither "stub" nor "raise".
        """
        if log_mode != "IMMUTABLE":
            raise UsageError("EvalTable currently only supports log_mode='IMMUTABLE'.")
        if unsupported_media_mode not in _MEDIA_MODES:
            raise ValueError(f"unsupported_media_mode must be one of {_MEDIA_MODES}, got {unsupported_media_mode!r}.")
        if backend not in (None, "weave", "ces"):
            raise UsageError(f"Unsupported EvalTable backend {backend!r}; expected 'weave' or 'ces'.")
        if backend == "ces" and allow_mixed_types:
            raise UsageError("CES EvalTable logging requires allow_mixed_types=False.")
        self._input_columns = list(input_columns or [])
        self._output_columns = list(output_columns or [])
        self._score_columns = list(score_columns or [])
        named = [*self._input_columns, *self._output_columns, *self._score_columns]
        columns = named if columns is None and dataframe is None and named else columns  # type: ignore[assignment]
        super().__init__(columns, data, rows, dataframe, dtype, optional, allow_mixed_types, log_mode)

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the few words that a summary has of the table.

        Raises:
            TypeError: the argument is an artifact.
        """
        if hasattr(run_or_artifact, "add_file"):
            raise TypeError("EvalTable cannot be logged to a wandb.Artifact.")
        return super().to_json(run_or_artifact)
