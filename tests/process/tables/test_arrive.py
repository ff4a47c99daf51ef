"""What scripts log as tables and charts, read back from a server."""

import json
from typing import Any

import pytest
import requests

from tests.helpers.server_state import Script, Server


class Arrived:
    """What a project's only run has left on the server."""

    def __init__(self, server: Server, project: str) -> None:
        self.run = server.ended(project)
        self._server = server
        self._project = project

    def documents(self, name: str | None = None) -> list[Any]:
        """Return the tables logged under a key, in order of steps; each must be standard JSON."""
        query = {"projectName": self._project, "runId": self.run["id"], **({"logName": name} if name else {})}
        found = self._server.get("/api/embedded/data", **query)["data"]
        return [_standard(one["data"]) for one in found if one["dataType"] == "TABLE"]

    def document(self, name: str) -> Any:
        """Return the only table of a key."""
        (document,) = self.documents(name)
        return document

    def files(self, name: str) -> list[dict[str, Any]]:
        """Return the files of a key."""
        query = {"projectName": self._project, "runId": self.run["id"], "logName": name}
        return list(self._server.get("/api/runs/files", **query)["files"])

    @property
    def about(self) -> dict[str, Any]:
        """What the configuration says of the run."""
        return dict(self.run["config"]["wandb"])

    @property
    def charts(self) -> dict[str, Any]:
        """The custom charts by key."""
        return {chart["key"]: chart for chart in self.about["custom_charts"]}

    @property
    def types(self) -> dict[str, str]:
        """Each key's type on the server."""
        return {one["logName"]: one["logType"] for one in self.run["logNames"]}


def _standard(text: str) -> Any:
    return json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is not JSON"))


BEGIN = "import wandb\nwandb.init(settings=wandb.Settings(silent=True))\n"


def test_table(script: Script, server: Server, project: str) -> None:
    """A table arrives with its rows, names and classes of columns; the summary tells its size."""
    script(
        BEGIN
        + """
import datetime, numpy
table = wandb.Table(columns=["text", "number", 3], data=[["ü 漢字 🎈", 1.5, None], ["", float("nan"), True]])
wandb.log({"table": table, "loss": 0.5, "deep": {"table": table}})
wandb.log({"other": wandb.Table(
    columns=["list", "dict", "array", "day", "scalar", "big", "inf"],
    data=[[[1, "x"], {"k": float("inf")}, numpy.arange(4).reshape(2, 2), datetime.date(2020, 1, 2),
           numpy.float32(0.5), 10**30, -float("inf")]],
    allow_mixed_types=True,
)})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    assert arrived.document("table") == {
        "type": "Table",
        "v": 1,
        "table": [["ü 漢字 🎈", 1.5, None], ["", "NaN", True]],
        "col": [
            {"name": "text", "dtype": "str"},
            {"name": "number", "dtype": "float"},
            {"name": "3", "dtype": "bool"},
        ],
    }
    assert arrived.document("deep.table") == arrived.document("table")
    cells = [[1, "x"], {"k": "Infinity"}, [[0, 1], [2, 3]], "2020-01-02", 0.5, 10**30, "-Infinity"]
    assert arrived.document("other")["table"] == [cells]
    kinds = ["list", "dict", "ndarray", "str", "float", "int", "float"]
    assert [column["dtype"] for column in arrived.document("other")["col"]] == kinds
    assert arrived.types["table"] == arrived.types["deep.table"] == "TABLE"
    summary = arrived.about["summary"]
    assert (summary["table"]["ncols"], summary["table"]["nrows"], summary["loss"]) == (3, 2, 0.5)
    assert summary["deep"]["table"]["_type"] == "table-file"


def test_empty_tables(script: Script, server: Server, project: str) -> None:
    """A table without rows, and one without columns, arrive as such."""
    script(
        BEGIN + 'wandb.log({"rows": wandb.Table(columns=["a"]), "columns": wandb.Table(columns=[])})\nwandb.finish()\n'
    )
    arrived = Arrived(server, project)
    assert arrived.document("rows")["table"] == arrived.document("columns")["table"] == []
    assert arrived.document("rows")["col"] == [{"name": "a", "dtype": "NoneType"}]


def test_long_table(script: Script, server: Server, project: str) -> None:
    """Of 20,000 rows Pluto shows the first 10,000; all are in a file, and one warning says both."""
    done = script(
        """
import wandb
wandb.init()
table = wandb.Table(columns=["n", "text"], data=[[n, str(n)] for n in range(20_000)])
wandb.log({"table": table})
wandb.log({"table": table})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    first, second = arrived.documents("table")
    assert first == second
    assert (len(first["table"]), first["table"][-1]) == (10_000, [9_999, "9999"])
    (name,) = [name for name in arrived.types if name.endswith("_complete")]
    assert arrived.types[name] == "FILE"
    files = arrived.files(name)
    assert len(files) == 2
    whole = requests.get(files[0]["url"], timeout=10).text
    assert json.loads(whole) == {"columns": ["n", "text"], "data": [[n, str(n)] for n in range(20_000)]}
    assert done.stderr.count("20000 rows") == 1


def test_rows_that_are_shown(script: Script, server: Server, project: str) -> None:
    """`wandb.Table.MAX_ROWS`, which scripts assign to, says how many rows are shown."""
    script(BEGIN + 'wandb.Table.MAX_ROWS = 3\nwandb.log({"t": wandb.Table(["a"], [[1]] * 5)})\nwandb.finish()\n')
    assert len(Arrived(server, project).document("t")["table"]) == 3


def test_log_modes(script: Script, server: Server, project: str) -> None:
    """MUTABLE and IMMUTABLE tables arrive whole each time, INCREMENTAL ones with the rows that are new."""
    done = script(
        """
import wandb
wandb.init()
for mode in ("MUTABLE", "IMMUTABLE", "INCREMENTAL"):
    table = wandb.Table(columns=["n"], log_mode=mode)
    for n in range(3):
        table.add_data(n)
        wandb.log({mode: table})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    tables = {mode: [one["table"] for one in arrived.documents(mode)] for mode in ("MUTABLE", "IMMUTABLE")}
    assert tables["MUTABLE"] == tables["IMMUTABLE"] == [[[0]], [[0], [1]], [[0], [1], [2]]]
    assert [one["table"] for one in arrived.documents("INCREMENTAL")] == [[[0]], [[1]], [[2]]]
    assert done.stderr.count("log_mode='IMMUTABLE'") == 1


def test_later_changes_of_a_table_have_no_effect(script: Script, server: Server, project: str) -> None:
    """Rows, lists and arrays that change after the call arrive as they were; nothing of the user's is changed."""
    script(
        BEGIN
        + """
import numpy
array, inner = numpy.zeros(3), [1]
columns, rows = ["a", "l"], [[array, inner]]
table = wandb.Table(columns=columns, data=rows)
wandb.log({"t": table})
array[:] = 9
inner.append(2)
table.data[0][1] = None
table.add_data(numpy.ones(3), [3])
assert columns == ["a", "l"] and len(rows) == 1
wandb.finish()
"""
    )
    assert Arrived(server, project).document("t")["table"] == [[[0.0, 0.0, 0.0], [1]]]


def test_frames(script: Script, server: Server, project: str) -> None:
    """A pandas DataFrame arrives as a table, inside `wandb.Table` and by itself."""
    script(
        BEGIN
        + """
import pandas
frame = pandas.DataFrame({"n": [1, 2], "x": [0.5, None], "s": ["u", "v"], "data": [True, False]})
wandb.log({"table": wandb.Table(dataframe=frame), "frame": frame})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    rows = [[1, 0.5, "u", True], [2, "NaN", "v", False]]
    assert arrived.document("table")["table"] == arrived.document("frame")["table"] == rows
    assert [column["name"] for column in arrived.document("frame")["col"]] == ["n", "x", "s", "data"]


def test_joined_and_partitioned_tables(script: Script, server: Server, project: str) -> None:
    """Lists of tables, joined tables and tables of evaluations arrive as tables, what else they say in the summary."""
    script(
        BEGIN
        + """
one, other = wandb.Table(["k", "a"], [["x", 1]]), wandb.Table(["k", "b"], [["x", 2]])
wandb.log({"join": wandb.JoinedTable(one, other, "k"), "list": [one, other]})
wandb.log({"eval": wandb.EvalTable(input_columns=["q"], output_columns=["a"], score_columns=["s"],
                                   data=[["2 + 2", "4", True]])})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    assert arrived.document("join/table1")["table"] == arrived.document("list/0")["table"] == [["x", 1]]
    assert arrived.document("join/table2")["table"] == arrived.document("list/1")["table"] == [["x", 2]]
    assert arrived.document("eval")["table"] == [["2 + 2", "4", True]]
    summary = arrived.about["summary"]
    assert summary["join"]["join_key"] == "k"
    assert [summary["eval"][f"{role}_columns"] for role in ("input", "output", "score")] == [["q"], ["a"], ["s"]]


def test_charts(script: Script, server: Server, project: str) -> None:
    """Each chart's table arrives beside its key, its description in the configuration, as `pluto migrate` does it."""
    script(
        BEGIN
        + """
table = wandb.Table(columns=["x", "y", "z"], data=[[1, 2, "u"], [2, 4, "v"]])
plot = wandb.plot
wandb.log({"line": plot.line(table, "x", "y", stroke="z", title="Line"), "scatter": plot.scatter(table, "x", "y")})
wandb.log({"bar": plot.bar(table, "z", "x"), "histogram": plot.histogram(table, "x", split_table=True)})
wandb.log({"series": plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["a", "b"], title="Series", xname="n")})
wandb.log({"matrix": plot.confusion_matrix(y_true=[0, 1], preds=[1, 1], class_names=["u", "v"])})
truth, scores = [0, 1, 1, 0], [[.8, .2], [.1, .9], [.6, .4], [.7, .3]]
wandb.log({"roc": plot.roc_curve(truth, scores), "pr": plot.pr_curve(truth, scores, interp_size=3)})
wandb.log({"mine": wandb.plot_table("me/mine", table, {"x": "x"}, {"title": "Mine"})})
wandb.log({"deep": {"bar": plot.bar(table, "z", "x")}})
wandb.log({"heat": wandb.plots.HeatMap(["a", "b"], ["c"], [[1, 2]])})
wandb.log({"line": plot.line(table, "x", "y", title="Again")})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    charts = arrived.charts
    assert charts["scatter"] == {
        "key": "scatter",
        "panelDefId": "wandb/scatter/v0",
        "preset": "scatter",
        "title": "",
        "strings": {"title": ""},
        "tableKey": "scatter_table",
        "fields": {"x": "x", "y": "y"},
        "specLang": "vega-lite",
    }
    assert {key: chart["preset"] for key, chart in charts.items()} == {
        "line": "line",
        "scatter": "scatter",
        "bar": "bar",
        "histogram": "histogram",
        "series": "lineseries",
        "matrix": "confusion_matrix",
        "roc": "area-under-curve",
        "pr": "area-under-curve",
        "mine": None,
        "deep.bar": "bar",
        "heat": None,
    }
    assert (charts["line"]["title"], charts["line"]["fields"]) == ("Again", {"x": "x", "y": "y"})
    assert charts["histogram"]["tableKey"] == "Custom Chart Tables/histogram_table"
    assert (charts["mine"]["title"], charts["mine"]["specLang"]) == ("Mine", "vega")
    for chart in charts.values():
        assert arrived.types[chart["tableKey"]] == "TABLE"
        assert all(len(document["table"]) > 0 for document in arrived.documents(chart["tableKey"]))
    assert len(arrived.documents("line_table")) == 2
    assert arrived.document("heat")["table"] == [["a", "c", 1.0], ["b", "c", 2.0]]
    assert arrived.document("matrix_table")["table"][1] == ["u", "v", 1.0]
    assert arrived.document("series_table")["table"][0] == [0, "a", 1]


def test_media_in_cells(script: Script, server: Server, project: str) -> None:
    """Media in cells go up as files of `KEY/COLUMN`, in order, and each cell names its file and caption."""
    script(
        BEGIN
        + """
import numpy
pixels = [numpy.full((4, 5, 3), shade, numpy.uint8) for shade in (10, 200)]
rows = [["dark", wandb.Image(pixels[0], caption="a caption")], ["none", None], ["light", wandb.Image(pixels[1])]]
wandb.log({"t": wandb.Table(columns=["name", "picture"], data=rows)})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    files = arrived.files("t/picture")
    document = arrived.document("t")
    assert [cells[0] for cells in document["table"]] == ["dark", "none", "light"]
    dark, none, light = [cells[1] for cells in document["table"]]
    assert [dark, none, light] == [f"{files[0]['fileName']} a caption", None, files[1]["fileName"]]
    assert files[0]["caption"] == "a caption"
    assert document["col"][1] == {"name": "picture", "dtype": "Image"}
    assert arrived.types["t/picture"] == "IMAGE"


def test_any_media_in_cells(script: Script, server: Server, project: str) -> None:
    """Cells without a file name the histogram's key, or the address of an image in external storage."""
    script(
        BEGIN
        + """
import numpy
picture = wandb.Image(numpy.zeros((4, 5, 3), numpy.uint8))
rows = [[wandb.Histogram([1, 2]), wandb.Html("<b>x</b>"), picture, wandb.Image("https://nowhere.example/a.png")]]
wandb.log({"t": wandb.Table(columns=["histogram", "page", "picture", "elsewhere"], data=rows), "loss": 0.5})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    (cells,) = arrived.document("t")["table"]
    pages, pictures = arrived.files("t/page"), arrived.files("t/picture")
    names = [pages[0]["fileName"], pictures[0]["fileName"]]
    assert cells == ["t/histogram/0", *names, "https://nowhere.example/a.png"]
    assert arrived.types["t/histogram/0"] == "HISTOGRAM"
    assert arrived.about["summary"]["loss"] == 0.5


def test_a_bad_table_does_not_delay_others(script: Script, server: Server, project: str) -> None:
    """Mixed types and rows of a wrong length raise where the table is made; what is logged besides arrives."""
    script(
        BEGIN
        + """
table = wandb.Table(columns=["a"], data=[[1]])
for row in (["x"], [1, 2]):
    try:
        table.add_data(*row)
    except (TypeError, ValueError) as error:
        wandb.log({"errors": type(error).__name__})
class Odd:
    def __repr__(self): raise RuntimeError
wandb.log({"odd": wandb.Table(["a"], [[Odd()]]), "table": table, "loss": 0.5})
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    assert arrived.document("table")["table"] == [[1]]
    assert arrived.about["summary"]["loss"] == 0.5
    assert "Odd" in arrived.document("odd")["table"][0][0]


def test_scikit_learn(script: Script, server: Server, project: str) -> None:
    """The charts of a classifier, a regressor and a clustering arrive, each with a table that has rows."""
    script(
        BEGIN
        + """
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.datasets import make_blobs, make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge

X, y = make_classification(60, 5, random_state=1)
model = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, y)
wandb.sklearn.plot_classifier(model, X, X, y, y, model.predict(X), model.predict_proba(X), ["u", "v"], True, "Forest",
                              list("abcde"), log_learning_curve=True)
X, y = make_regression(60, 3, noise=9, random_state=1)
wandb.sklearn.plot_regressor(Ridge().fit(X, y), X, X, y, y)
X, _ = make_blobs(40, 2, centers=3, random_state=1)
clusters = KMeans(n_clusters=3, n_init=2, random_state=0).fit(X)
wandb.sklearn.plot_clusterer(clusters, X, clusters.labels_)
clusters = AgglomerativeClustering(n_clusters=3).fit(X)
wandb.sklearn.plot_silhouette(clusters, X, clusters.labels_, kmeans=False)
wandb.finish()
"""
    )
    arrived = Arrived(server, project)
    assert set(arrived.charts) == {
        "feature_importances",
        "learning_curve",
        "confusion_matrix",
        "summary_metrics",
        "class_proportions",
        "calibration_curve",
        "roc",
        "precision_recall",
        "outlier_candidates",
        "residuals",
        "elbow_curve",
        "silhouette_plot",
    }
    for chart in arrived.charts.values():
        assert all(len(document["table"]) > 0 for document in arrived.documents(chart["tableKey"]))
    assert len(arrived.documents("summary_metrics")) == 2
    assert [row[0] for row in arrived.documents("silhouette_plot")[1]["table"]][:3] != [None] * 3
    assert arrived.document("elbow_curve")["table"][0][0] == 1


def test_scikit_learn_warns_about_wrong_input(script: Script) -> None:
    """A model that is not fitted, of the wrong kind, or data with gaps: one sentence, no exception, nothing logged."""
    done = script(
        """
import numpy, wandb
from sklearn.linear_model import LogisticRegression, Ridge
run = wandb.init(mode="offline")
X, y = numpy.arange(12.0).reshape(6, 2), numpy.array([0, 1, 0, 1, 0, 1])
wandb.sklearn.plot_feature_importances(LogisticRegression())
wandb.sklearn.plot_calibration_curve(Ridge().fit(X, y), X, y)
X[0, 0] = float("nan")
wandb.sklearn.plot_residuals(Ridge().fit(X[1:], y[1:]), X, y)
wandb.sklearn.plot_residuals()
wandb.sklearn.plot_roc()
assert set(run.summary.keys()) <= {"_step", "_runtime", "_timestamp"}, run.summary
"""
    )
    for sentence in (
        "not been fitted",
        "clf is not a classifier",
        "X has 1 missing",
        "regressor is None",
        "y_true is None",
    ):
        assert sentence in done.stderr


def test_without_scikit_learn(script: Script) -> None:
    """`wandb.sklearn` is there without scikit-learn, its functions and the curves say that it is missing."""
    script(
        """
import sys
sys.modules["sklearn"] = sys.modules["sklearn.metrics"] = None
import wandb
assert "plot_roc" in dir(wandb.sklearn)
for call in (lambda: wandb.sklearn.plot_roc, lambda: wandb.plot.roc_curve([0], [[1]])):
    try:
        call()
    except (ImportError, wandb.Error) as error:
        assert "sklearn" in str(error) or "scikit" in str(error)
    else:
        raise AssertionError
"""
    )


def test_table_in_an_artifact(script: Script, server: Server, project: str) -> None:
    """A table that was added to an artifact comes back in another process as it was: arrays, dates, media and all."""
    script(
        BEGIN
        + """
import datetime, numpy
day = datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
table = wandb.Table(columns=["n", "array", "vector", "day", "picture"])
table.add_data(1, numpy.ones((2, 2)), numpy.arange(3.0), day, wandb.Image(numpy.zeros((4, 5, 3), numpy.uint8)))
table.add_data(None, numpy.zeros((2, 2)), numpy.ones(3), None, None)
other = wandb.Table(columns=["row"], data=[[table.index_ref(0)]])
artifact = wandb.Artifact("tables", "dataset")
artifact.add(table, "table")
artifact.add(other, "other")
artifact.add(wandb.JoinedTable(table, other, "n"), "join")
for number in range(3):
    artifact.add(wandb.Table(columns=["number", "text"], data=[[number, "x"]]), f"parts/{number}")
artifact.add(wandb.data_types.PartitionedTable("parts"), "parted")
wandb.log_artifact(artifact).wait()
wandb.finish()
"""
    )
    script(
        BEGIN
        + """
import datetime, numpy
artifact = wandb.run.use_artifact("tables:latest")
table = artifact.get("table")
assert table.columns == ["n", "array", "vector", "day", "picture"]
assert table.get_column("n") == [1, None]
assert [one.tolist() for one in table.get_column("array")] == [[[1, 1], [1, 1]], [[0, 0], [0, 0]]]
assert table.get_column("vector") == [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]]
assert table.get_column("day") == [datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc), None]
picture, none = table.get_column("picture")
assert (isinstance(picture, wandb.Image), none) == (True, None)
assert artifact.get("other").data[0][0].get_row()["n"] == 1
assert artifact.get("join")._table2 == artifact.get("other")
wandb.init(project=PROJECT, reinit=True)
wandb.log({"again": table, "parted": artifact.get("parted"), "join": artifact.get("join")})
wandb.finish()
""".replace("PROJECT", repr(f"{project}-again")),
        folder="elsewhere",
    )
    arrived = Arrived(server, f"{project}-again")
    assert arrived.document("parted")["table"] == [[0, "x"], [1, "x"], [2, "x"]]
    assert [column["name"] for column in arrived.document("parted")["col"]] == ["number", "text"]
    assert arrived.document("join/table2")["table"] == [[0]]
    assert arrived.document("again")["table"][0][:2] == [1, [[1.0, 1.0], [1.0, 1.0]]]
    assert arrived.document("again")["table"][0][4] == arrived.files("again/picture")[0]["fileName"]
