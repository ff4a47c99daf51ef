"""A callback for DSPy's evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import dspy
from dspy.utils import BaseCallback

import wandb
from wandb._native.integrations.active_run import active_run
from wandb.errors.term import termwarn


class WandbDSPyCallback(BaseCallback):
    """Logs each evaluation.

    In Pluto: the metric `score`, the table `predictions_N`, the evaluator's settings in the configuration.

    Args:
        log_results: log the tables.
        run: by default the active one.

    Raises:
        wandb.Error: no run is active.
    """

    def __init__(self, log_results: bool = True, run: Any = None) -> None:
        self.log_results = log_results
        self._run = run or active_run("WandbDSPyCallback()")
        self._told = False
        self._count = 0

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Keep the evaluator's settings."""
        if not self._told:
            values = {name: value for name, value in vars(instance).items() if name[0] != "_" and name != "devset"}
            self._run.config.update(values)
            self._told = True

    def on_evaluate_end(self, call_id: str, outputs: Any, exception: Exception | None = None) -> None:
        """Log score and predictions."""
        if exception is not None or not hasattr(outputs, "score"):
            termwarn(f"An evaluation of DSPy is not logged: {exception or type(outputs).__name__}")
            return
        values: dict[str, Any] = {"score": float(outputs.score)}
        if self.log_results and outputs.results:
            rows = [_flat(*result) for result in outputs.results]
            columns = list(dict.fromkeys(name for row in rows for name in row))
            data = [[row.get(name) for name in columns] for row in rows]
            values[f"predictions_{self._count}"] = wandb.Table(columns=columns, data=data, allow_mixed_types=True)
        self._run.log(values, step=self._count)
        self._count += 1

    def log_best_model(
        self,
        model: Any,
        *,
        save_program: bool = True,
        save_dir: str | None = None,
        filetype: Literal["json", "pkl"] = "json",
        aliases: Sequence[str] = ("best", "latest"),
        artifact_name: str = "dspy-program",
    ) -> None:
        """Log a program as artifact `NAME-ID`.

        Args:
            model: the program.
            save_program: the whole program; False: its state in one file.
            save_dir: where to write it, by default in the run's folder.
            filetype: of the state's file.
            aliases: of the version.
            artifact_name: what comes before the run's id.
        """
        folder = Path(save_dir or Path(self._run.dir, "dspy_program"))
        folder.mkdir(parents=True, exist_ok=True)
        about = {"dspy_version": dspy.__version__, "module_class": type(model).__name__}
        artifact = wandb.Artifact(f"{artifact_name}-{self._run.id}", type="model", metadata=about)
        if save_program:
            model.save(str(folder), save_program=True)
            artifact.add_dir(str(folder))
        else:
            file = folder / f"program.{filetype}"
            model.save(str(file), save_program=False)
            artifact.add_file(str(file))
        self._run.log_artifact(artifact, aliases=list(aliases))


def _flat(example: Any, prediction: Any, correct: Any) -> dict[str, Any]:
    row = {f"example.{name}": str(value) for name, value in example.toDict().items()}
    row.update({f"prediction.{name}": str(value) for name, value in prediction.toDict().items()})
    return {**row, "is_correct": correct}
