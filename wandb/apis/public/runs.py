"""The runs of a project that a filter takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

from wandb._native.api import filter_matching
from wandb._native.api import filters as filtering
from wandb._native.api.run import Run, RunNotFoundError
from wandb.apis.paginator import SizedPaginator
from wandb_compat.config.limits import PARALLEL_READS

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader

__all__ = ["RUN_FRAGMENT", "AgentRuns", "Run", "RunNotFoundError", "Runs"]

RUN_FRAGMENT = ""  # of a query in GraphQL, in which Pluto is not asked
AGENT = "config.wandb.sweep.agent.id"  # where a run has the id of the agent that has started it


class Runs(SizedPaginator["Run"]):
    """The runs of a project that a filter takes, read a page at a time; see `Api.runs`.

    The list of runs tells tags, group, job type, sweep, creation and most states. What else is asked of a run costs one
    request for that run, or none with `lazy=False`, which reads a page's runs at once.
    """

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
        api_key: str | None = None,
    ) -> None:
        """List runs; the arguments are those of `Api.runs`.

        Raises:
            ValueError: the filter or the order cannot be understood.
        """
        super().__init__(per_page)
        self._reader = service_api
        self._entity = entity
        self.project = project
        self.filters = filters or {}
        self.order = order or "+created_at"
        self._include_sweeps = include_sweeps
        self._lazy = lazy
        self._plan = filtering.plan(self.filters)
        # A run without the value that decides the order is left out by the server: such runs follow.
        self._queries = filtering.sorts_of(self.order)
        self._query = 0  # which of them is being read, and where
        self._offset = 0
        self._totals: dict[int, int] = {}

    @property
    def entity(self) -> str:
        """The entity that was asked for; without meaning in Pluto, whose key leads to one organisation."""
        return self._entity or self._reader.organization

    @property
    def _length(self) -> int:
        if not self._plan.exact:  # what is decided here has to be read
            return len(self._load_all())
        if not self._totals:
            self._load_page()
        for query in range(len(self._queries)):
            if query not in self._totals:
                self._totals[query] = self._ask(query, 1, 0)[1]
        return sum(self._totals.values())

    def _ask(self, query: int, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        sort, placed = self._queries[query]
        conditions = [one for one in (self._plan.server, placed) if one]
        filters = {"$and": conditions} if len(conditions) > 1 else conditions[0] if conditions else None
        return self._reader.page(self.project, filters, sort, limit, offset)

    def _read(self) -> list[Run]:
        rows, total = self._ask(self._query, self.per_page, self._offset)
        self._totals[self._query] = total
        self._offset += len(rows)
        if not rows or self._offset >= total:
            self._query, self._offset = self._query + 1, 0
            self._done = self._query == len(self._queries)
        if self._done and not rows and not self.objects:
            self._check_project()
        found = [Run._listed(self, row) for row in rows]
        if not self._lazy:
            list(self._at_once(Run._load_details, found))
        if self._plan.exact:
            return found
        kept = self._at_once(lambda run: filter_matching.matches(self.filters, run), found)
        return [run for run, keep in zip(found, kept, strict=True) if keep]

    def _at_once(self, do: Any, found: list[Run]) -> list[Any]:
        with ThreadPoolExecutor(PARALLEL_READS, thread_name_prefix="wandb-compat-runs") as readers:
            return list(readers.map(do, found))

    def _check_project(self) -> None:
        stored = self._reader.stored_project(self.project)
        if all(project["name"] != stored for project in self._reader.list_projects()):
            raise ValueError(f"Could not find project {self.project}")

    def histories(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        format: Literal["default", "pandas", "polars"] = "default",
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """Return the sampled history of every run, with the run's id in `run_id`.

        Args:
            samples: rows of each run at most.
            keys: give only rows that have all of these.
            x_axis: the metric that is the x axis.
            format: `default` for a list of dicts, else a DataFrame of `pandas` or `polars`, columns in order.
            stream: `system` for what was measured of the machines.

        Raises:
            ValueError: the format does not exist.
        """
        if format not in ("default", "pandas", "polars"):
            raise ValueError(f"Invalid format: {format}. Must be one of 'default', 'pandas', 'polars'")

        def read(run: Run) -> list[dict[str, Any]]:
            return [{**row, "run_id": run.id} for row in run.history(samples, keys, x_axis, False, stream)]

        rows = [row for rows in self._at_once(read, list(self)) for row in rows]
        if format == "default":
            return rows
        columns = sorted({key for row in rows for key in row})
        if format == "pandas":
            import pandas

            return pandas.DataFrame.from_records(rows, columns=columns)
        import polars

        return polars.DataFrame(rows, infer_schema_length=None).select(columns)

    def upgrade_to_full(self) -> None:
        """Read the details of all runs that have been listed, and of those that will be."""
        self._lazy = False
        self._at_once(Run._load_details, self.objects)

    def __repr__(self) -> str:
        return f"<Runs {self.entity}/{self.project}>"


class AgentRuns(Runs):
    """The runs that one agent of a sweep has started."""

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        sweep_id: str,
        agent_key: str,
        *,
        total_runs: int,
        order: str = "+created_at",
        per_page: int = 50,
    ) -> None:
        asked = {"sweep": sweep_id, AGENT: agent_key}
        super().__init__(service_api, entity, project, asked, order, per_page)
