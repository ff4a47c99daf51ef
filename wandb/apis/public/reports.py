"""Reports, of which a Pluto server has none, and the names and filters in which they speak of runs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wandb._native.notebooks.frame import link
from wandb.apis.attrs import Attrs
from wandb.apis.paginator import WholeList

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.projects import Project
    from wandb.apis.public.runs import Runs

_STEPS = {
    "Step": "_step",
    "Relative Time (Wall)": "_absolute_runtime",
    "Relative Time (Process)": "_runtime",
    "Wall Time": "_timestamp",
}


def _reversed(names: Mapping[str, str]) -> dict[str, str]:
    return {back: front for front, back in names.items()}


class BetaReport(Attrs):
    """A report as wandb's server would describe it; a Pluto server has none.

    Accepted: nothing of Pluto's makes one; it shows what it was made of.
    """

    def __init__(
        self, service_api: Any, attrs: Mapping[str, Any], entity: str | None = None, project: str | None = None
    ) -> None:
        super().__init__(attrs)
        self._reader = service_api
        self.entity, self.project = entity, project

    @property
    def spec(self) -> dict[str, Any]:
        """The page as a document: its blocks."""
        import json

        spec = self._attrs.get("spec") or "{}"
        return dict(json.loads(spec) if isinstance(spec, str) else spec)

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The groups of panels."""
        return [block for block in self.spec.get("blocks", []) if block.get("type") == "panel-grid"]

    def runs(self, section: Mapping[str, Any], per_page: int = 50, only_selected: bool = True) -> Runs:
        """Return the runs of the project; which of them a section selects is not known.

        Args:
            section: one of `sections`.
            per_page: runs to read at a time.
            only_selected: without effect, accepted.
        """
        from wandb.apis.public.runs import Runs

        return Runs(self._reader, self.entity, self.project or "", per_page=per_page)

    id = property(lambda self: self._attrs.get("id"))
    name = property(lambda self: self._attrs.get("name"))
    display_name = property(lambda self: self._attrs.get("displayName"))
    description = property(lambda self: self._attrs.get("description"))
    user = property(lambda self: self._attrs.get("user"))
    created_at = property(lambda self: self._attrs.get("createdAt"))
    updated_at = property(lambda self: self._attrs.get("updatedAt"))
    url = property(lambda self: self._attrs.get("url"))

    def to_html(self, height: int = 1024, hidden: bool = False) -> str:
        """Return a link to the page: a server lets no other page frame it."""
        return link(self.url, f"Report {self.display_name}")

    def __repr__(self) -> str:
        return f"<Report {self.display_name}>"


class Reports(WholeList[BetaReport]):
    """The reports of a project.

    Accepted: Pluto has no reports, so the list is empty.
    """

    def __init__(
        self,
        service_api: Reader,
        project: Project,
        name: str | None = None,
        entity: str | None = None,
        per_page: int = 50,
    ) -> None:
        super().__init__(per_page)
        self.project, self.name = project, name

    def _all(self) -> list[BetaReport]:
        return []

    def __repr__(self) -> str:
        return f"<Reports {'/'.join(self.project.path)}>"


class PanelMetricsHelper:
    """The names of metrics as panels show them (`Step`), and as runs have them (`_step`)."""

    FRONTEND_NAME_MAPPING = _STEPS
    FRONTEND_NAME_MAPPING_REVERSED = _reversed(_STEPS)
    RUN_MAPPING = {"Created Timestamp": "createdAt", "Latest Timestamp": "heartbeatAt"}  # noqa: RUF012
    RUN_MAPPING_REVERSED = _reversed(RUN_MAPPING)

    def front_to_back(self, name: str) -> str:
        """Return `_step` for `Step`; names of the user's stay."""
        return self.FRONTEND_NAME_MAPPING.get(name, name)

    def back_to_front(self, name: str) -> str:
        """Return `Step` for `_step`; names of the user's stay."""
        return self.FRONTEND_NAME_MAPPING_REVERSED.get(name, name)

    def special_front_to_back(self, name: str | None) -> str | None:
        """Return a name with its place: `config:lr.value` for `c::lr`, `summary:loss` for `s::loss` or `loss`."""
        if name is None:
            return None
        if name in self.RUN_MAPPING:
            return f"run:{self.RUN_MAPPING[name]}"
        if name.startswith("c::"):
            first, dot, rest = name.removeprefix("c::").partition(".")
            return f"config:{first}.value{dot}{rest}"
        return f"summary:{self.front_to_back(name.removeprefix('s::'))}"

    def special_back_to_front(self, name: str | None) -> str | None:
        """Return what `special_front_to_back` was given.

        Raises:
            ValueError: the name has none of these places.
        """
        if name is None or name.startswith(("c::", "s::")):
            return name
        place, _, rest = name.partition(":")
        if place == "run" and rest in self.RUN_MAPPING_REVERSED:
            return self.RUN_MAPPING_REVERSED[rest]
        if place == "summary":
            return self.FRONTEND_NAME_MAPPING_REVERSED.get(rest, f"s::{rest}")
        parts = rest.split(".")
        if place == "config" and parts[1:2] == ["value"]:
            return f"c::{'.'.join([parts[0], *parts[2:]])}"
        raise ValueError(f"Invalid name: {name}; write it as run:KEY, summary:KEY or config:KEY.value")


class PythonMongoishQueryGenerator:
    """Writes a comparison such as `lr > 0.1 and State == "finished"` as a query of MongoDB.

    Args:
        run_set: what has `_runs_config`, the configuration keys that runs have; other names are of the summary.
    """

    SPACER = "----------"
    DECIMAL_SPACER = ";;;"
    FRONTEND_NAME_MAPPING = {  # noqa: RUF012
        "ID": "name",
        "Name": "displayName",
        "Tags": "tags",
        "State": "state",
        "CreatedTimestamp": "createdAt",
        "Runtime": "duration",
        "User": "username",
        "Sweep": "sweep",
        "Group": "group",
        "JobType": "jobType",
        "Hostname": "host",
        "UsingArtifact": "inputArtifacts",
        "OutputtingArtifact": "outputArtifacts",
        **_STEPS,
    }
    FRONTEND_NAME_MAPPING_REVERSED = _reversed(FRONTEND_NAME_MAPPING)
    AST_OPERATORS = {  # noqa: RUF012
        ast.Lt: "$lt",
        ast.LtE: "$lte",
        ast.Gt: "$gt",
        ast.GtE: "$gte",
        ast.Eq: "=",
        ast.Is: "=",
        ast.NotEq: "$ne",
        ast.IsNot: "$ne",
        ast.In: "$in",
        ast.NotIn: "$nin",
        ast.And: "$and",
        ast.Or: "$or",
        ast.Not: "$not",
    }
    AST_FIELDS = {ast.Constant: "value", ast.Name: "id", ast.List: "elts", ast.Tuple: "elts"}  # noqa: RUF012

    def __init__(self, run_set: Any) -> None:
        self.run_set = run_set

    def front_to_back(self, name: str) -> str:
        """Return `displayName` for `Name`, `config.lr.value` for a key of the configuration, else `summary_metrics…`"""
        return self._back(name, ".")

    def back_to_front(self, name: str) -> str:
        """Return what `front_to_back` was given; a name of neither form stays."""
        return self._front(name, ".")

    def pc_front_to_back(self, name: str | None) -> str | None:
        """Return the same with `:` after the place, as parallel coordinates have it."""
        return None if name is None else self._back(name, ":")

    def pc_back_to_front(self, name: str | None) -> str | None:
        """Return what `pc_front_to_back` was given."""
        return None if name is None else self._front(name, ":")

    def _back(self, name: str, mark: str) -> str:
        if name in self.FRONTEND_NAME_MAPPING:
            return self.FRONTEND_NAME_MAPPING[name]
        if name in self.FRONTEND_NAME_MAPPING_REVERSED:
            return name
        first, dot, rest = name.partition(".")
        if first in self.run_set._runs_config:
            return f"config{mark}{first}.value{dot}{rest}"
        return f"summary{mark if mark == ':' else '_metrics.'}{name}"

    def _front(self, name: str, mark: str) -> str:
        if name in self.FRONTEND_NAME_MAPPING_REVERSED:
            return self.FRONTEND_NAME_MAPPING_REVERSED[name]
        parts = name.removeprefix(f"config{mark}").split(".")
        if name.startswith(f"config{mark}") and parts[1:2] == ["value"]:
            return ".".join([parts[0], *parts[2:]])
        return name.removeprefix("summary:" if mark == ":" else "summary_metrics.")

    def python_to_mongo(self, filterstr: str) -> dict[str, Any]:
        """Return a comparison as a query that `Api.runs` takes.

        Raises:
            ValueError: it is not a comparison, or cannot be a query.

        Example:
            >>> api.runs("demo", PythonMongoishQueryGenerator(run_set).python_to_mongo("State == 'finished'"))
        """
        try:
            statement = ast.parse(filterstr.strip(), mode="eval").body
        except SyntaxError as error:
            raise _unknown(filterstr) from error
        query = self._query(statement, filterstr)
        if "$or" in query:
            return query
        return {"$or": [query if "$and" in query else {"$and": [query]}]}

    def _query(self, statement: ast.expr, text: str) -> dict[str, Any]:
        if isinstance(statement, ast.BoolOp):
            return {self.AST_OPERATORS[type(statement.op)]: [self._query(one, text) for one in statement.values]}
        if isinstance(statement, ast.UnaryOp) and isinstance(statement.op, ast.Not):
            return {"$not": self._query(statement.operand, text)}
        if not isinstance(statement, ast.Compare) or len(statement.ops) != 1:
            raise _unknown(text)
        operator = self.AST_OPERATORS[type(statement.ops[0])]
        key = self.front_to_back(_name(statement.left, text))
        try:
            value = ast.literal_eval(statement.comparators[0])
        except ValueError as error:
            raise _unknown(text) from error
        value = list(value) if isinstance(value, tuple | set) else value
        return {key: value if operator == "=" else {operator: value}}


def _name(statement: ast.expr, text: str) -> str:
    if isinstance(statement, ast.Name):
        return statement.id
    if isinstance(statement, ast.Attribute):
        return f"{_name(statement.value, text)}.{statement.attr}"
    raise _unknown(text)


def _unknown(text: str) -> ValueError:
    return ValueError(
        f"{text!r} is not a comparison; write one such as `my_col == 123` or `lr > 0.1 and State == 'failed'`"
    )
