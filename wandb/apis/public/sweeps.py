"""Sweeps, read from their runs: Pluto marks each run with the tag `sweep:ID`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wandb._native.api import run_fields
from wandb._native.api.unsupported_methods import refuse
from wandb._native.notebooks.frame import link
from wandb.apis.attrs import Attrs
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.paginator import WholeList
from wandb.apis.public.runs import AgentRuns, Run, Runs
from wandb.errors import CommError
from wandb.errors.term import termwarn

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader

_NEWEST = "-created_at"


class SweepNotFoundError(CommError, ValueError):
    """No run belongs to the sweep. Real wandb raises CommError or ValueError, depending on the call."""


class Agent(Attrs):
    """An agent of a sweep, read from its runs: `id`, `name`, `host`, `state`, `total_runs`, `created_at`."""

    def __init__(
        self, service_api: Reader, attrs: Mapping[str, Any], entity: str | None, project: str, sweep_id: str
    ) -> None:
        super().__init__(attrs)
        self._reader = service_api
        self._place = entity, project, sweep_id

    def runs(self, per_page: int = 50) -> AgentRuns:
        """Return the runs that it has started, the oldest first."""
        return AgentRuns(self._reader, *self._place, self.id, total_runs=self.total_runs, per_page=per_page)

    def __repr__(self) -> str:
        return f"<Agent {self.id} ({self.state})>"


class Sweep(Attrs):
    """A sweep: `runs`, `config`, `name`, `state` and `best_run()`."""

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        sweep_id: str,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__({"id": sweep_id, **(attrs or {})})
        self._reader = service_api
        self._entity = entity
        self.id = sweep_id
        self.project = project
        self.runs = self._runs(_NEWEST)

    def _runs(self, order: str, per_page: int = 50) -> Runs:
        return Runs(self._reader, self._entity, self.project, {"sweep": self.id}, order, per_page)

    @normalize_exceptions
    def load(self, force: bool = False) -> dict[str, Any]:
        """Return the attributes of the sweep, read from its newest run.

        Raises:
            SweepNotFoundError: the project has no run of this sweep.
        """
        if "config" not in self._attrs or force:
            newest = next(iter(self._runs(_NEWEST, per_page=1)), None)
            if newest is None:
                raise SweepNotFoundError(f"Could not find sweep <Sweep {self.project}/{self.id}>")
            stored = newest._load_details().get("config") or {}
            ours = run_fields.about_of(stored).get("sweep")
            theirs = stored.get("sweep")  # of pluto.sweep
            found = next((one for one in (ours, theirs) if isinstance(one, dict)), {})
            inner = found.get("config")
            config = inner if isinstance(inner, dict) else found
            self._attrs["config"] = {key: one for key, one in config.items() if key != "id"}
        return self._attrs

    @property
    def entity(self) -> str:
        """The entity that was asked for, or the organisation."""
        return self._entity or self._reader.organization

    username = entity

    @property
    def config(self) -> dict[str, Any]:
        """The sweep's configuration: method, metric, parameters; empty if the runs do not have it."""
        return self.load()["config"]  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """The name in the configuration, or the id."""
        return str(self.config.get("name") or self.id)

    @property
    def state(self) -> str:
        """RUNNING while one of its runs is, else FINISHED."""
        running = Runs(self._reader, self._entity, self.project, {"sweep": self.id, "state": "running"}, per_page=1)
        return "RUNNING" if len(running) else "FINISHED"

    @property
    def order(self) -> str | None:
        """The order that puts the best run first, or None when the configuration names no metric."""
        metric = self.config.get("metric")
        if not isinstance(metric, dict) or not metric.get("name"):
            return None
        return f"{'-' if metric.get('goal') == 'maximize' else '+'}summary_metrics.{metric['name']}"

    @normalize_exceptions
    def best_run(self, order: str | None = None) -> Run | None:
        """Return the best run by the metric of the configuration, or by an order, or None if the sweep has no runs.

        Args:
            order: as for `Api.runs`; without one, and without a metric, the newest run is returned.
        """
        order = order or self.order
        if order is None:
            termwarn("No order specified and no metric in the sweep's config: the newest run is returned")
        return next(iter(self._runs(order or _NEWEST, per_page=1)), None)

    @property
    def expected_run_count(self) -> int | None:
        """None: Pluto does not know how many runs a sweep will have."""
        return None

    @normalize_exceptions
    def agents(self) -> list[Agent]:
        """Return the agents that have started runs, the first one first; reads the details of all runs.

        In Pluto: read from the runs. An agent is RUNNING while one of its runs is, else FINISHED.
        """
        found: dict[str, list[Run]] = {}
        hosts: dict[str, str] = {}
        for run in Runs(self._reader, self._entity, self.project, {"sweep": self.id}, per_page=200, lazy=False):
            agent = (run_fields.about_of(run._load_details()["config"]).get("sweep") or {}).get("agent")
            if agent:
                found.setdefault(agent["id"], []).append(run)
                hosts[agent["id"]] = agent["host"]
        return [self._agent(id, hosts[id], runs) for id, runs in found.items()]

    def _agent(self, id: str, host: str, runs: list[Run]) -> Agent:
        running = any(run.state == "running" for run in runs)
        attrs = {
            "id": id,
            "name": id,
            "host": host,
            "state": "RUNNING" if running else "FINISHED",
            "totalRuns": len(runs),
            "createdAt": runs[0].created_at,
            "heartbeatAt": runs[-1].heartbeat_at,
        }
        return Agent(self._reader, attrs, self._entity, self.project, self.id)

    def agent(self, agent_id: str) -> Agent:
        """Return an agent.

        In Pluto: as `agents`.

        Raises:
            ValueError: no run of the sweep names the agent.
        """
        agents = {one.id: one for one in self.agents()}
        if agent_id not in agents:
            known = ", ".join(agents) or "none"
            raise ValueError(f"Could not find agent {agent_id!r} of sweep {self.id}; there are {known}")
        return agents[agent_id]

    def enqueue_run(self, config: dict[str, Any], display_name: str | None = None) -> str:
        """Let the next agent that is free try a configuration; return the id of its run.

        In Pluto: a pending trial in the trial log on this disk, which agents on other disks do not see.

        Args:
            config: value by parameter.
            display_name: the name of the run.

        Raises:
            wandb.UsageError: the sweep is not on this disk.
        """
        from wandb._native.sweeps.trial_log import TrialLog, sweeps_dir

        log = TrialLog(self.id)
        if not log.exists():
            refuse(
                f"Sweep.enqueue_run() for sweep {self.id}, which is not in {sweeps_dir()},",
                "call it where its agents run, or set PLUTO_DIR to the directory that they use",
            )
        return log.enqueue(config, display_name)

    @classmethod
    def get(
        cls, api: Any, entity: str | None = None, project: str | None = None, sid: str | None = None, **kwargs: Any
    ) -> Sweep:
        """Return a sweep; prefer `Api.sweep`."""
        return api.sweep("/".join(part for part in (entity, project, sid) if part))  # type: ignore[no-any-return]

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self.entity, self.project, self.id]

    @property
    def url(self) -> str:
        """The URL of the project's page: Pluto has no page for a sweep."""
        return self._reader.project_url(self.project)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return a link to the project's page: a server lets no other page frame it."""
        return link(self.url, f"Sweep {self.name}")

    def __repr__(self) -> str:
        return f"<Sweep {'/'.join(self.path)} ({self.state})>"


class Sweeps(WholeList[Sweep]):
    """The sweeps of a project's runs; reads the list of all its runs."""

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        per_page: int = 50,
        filters: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(per_page)
        self._reader = service_api
        self.entity = entity
        self.project = project

    @normalize_exceptions
    def _all(self) -> list[Sweep]:
        runs = Runs(self._reader, self.entity, self.project, order=_NEWEST, per_page=200)
        ids = dict.fromkeys(run.sweep_name for run in runs if run.sweep_name)
        return [Sweep(self._reader, self.entity, self.project, id) for id in ids]

    def __repr__(self) -> str:
        return f"<Sweeps {self.entity or ''}/{self.project}>"
