"""Each kind of value is logged once and read back through `wandb.Api` and `pluto.query`; no kind is left out."""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import bokeh.plotting
import matplotlib.pyplot as plt
import numpy
import pandas
import plotly.graph_objects
import pluto.query
import pytest
from PIL import Image

import wandb
from wandb.apis.public import history
from wandb.sdk.data_types.trace_tree import Span, WBTraceTree
from wandb_compat.convert import kinds, media, tables
from wandb_compat.convert.convert_row import _ADDERS

PIXELS = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)
SOUND = numpy.zeros(80)
PDB = "ATOM      1  N   ALA A   1      11.104   6.134  -6.504\n"
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
Colour = enum.Enum("Colour", {"RED": "red"})


class Read(NamedTuple):
    """What was read back of the run: the Api's rows and files, and pluto.query's metrics and files."""

    run: Any
    row: dict[str, Any]
    metrics: dict[str, float]
    files: dict[str, list[dict[str, Any]]]


class Kind(NamedTuple):
    """A kind of value: what is logged, the converter's name of it, and the check of what is read back."""

    name: str
    make: Callable[[Path], Any]
    check: Callable[[Read, str], object]


def number(wanted: float) -> Callable[[Read, str], object]:
    """Return a check for a metric."""

    def check(read: Read, key: str) -> None:
        for found in (read.row[key], read.metrics[key]):
            assert found == wanted or (math.isnan(wanted) and math.isnan(found))

    return check


def numbers(*wanted: float) -> Callable[[Read, str], object]:
    """Return a check for a short list of numbers, each a metric."""

    def check(read: Read, key: str) -> None:
        for index, one in enumerate(wanted):
            number(one)(read, f"{key}/{index}")

    return check


def equals(wanted: Any) -> Callable[[Read, str], object]:
    """Return a check for a value that reads back as it is, or with the given fields."""

    def check(read: Read, key: str) -> None:
        found = read.row[key]
        assert found == wanted or (isinstance(wanted, dict) and wanted.items() <= found.items()), found

    return check


def file_of(
    kind: str, content: Callable[[bytes], object], count: int = 1, **fields: Any
) -> Callable[[Read, str], object]:
    """Return a check for files of a media type: in the row, in the list of files, and by content."""

    def check(read: Read, key: str) -> None:
        found = read.row[key]
        assert {"_type": kind, **fields}.items() <= found.items(), found
        paths = [found["path"]] if count == 1 else found["filenames"]
        assert len(paths) == count == len([one for one in read.files[key] if one["fileType"] != "mask"])
        for path in paths:
            with read.run.file(path).download(replace=True) as stream:
                assert content(Path(stream.name).read_bytes())

    return check


def table_of(rows: int, columns: int) -> Callable[[Read, str], object]:
    """Return a check for a table: its size in the row, and its file."""

    def check(read: Read, key: str) -> None:
        found = read.row[key]
        assert (found["_type"], found["nrows"], found["ncols"]) == ("table-file", rows, columns)
        with read.run.file(found["path"]).download(replace=True) as stream:
            assert len(json.load(stream)["data"]) == rows

    return check


def in_summary(kind: str) -> Callable[[Read, str], object]:
    """Return a check for a value that only the summary has."""

    def check(read: Read, key: str) -> None:
        assert read.run.summary[key]["_type"] == kind

    return check


def starts(*beginnings: bytes) -> Callable[[bytes], object]:
    """Return whether a content begins like a format."""
    return lambda content: content.startswith(beginnings)


def written(name: str, content: str | bytes) -> Callable[[Path], str]:
    """Return the path of a file with a content, made when it is needed."""

    def make(folder: Path) -> str:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return make


def figure(_: Path) -> Any:
    """Return a figure of matplotlib."""
    made, axes = plt.subplots(figsize=(1, 1))
    axes.plot([1, 2])
    return made


def bokeh_figure(_: Path) -> Any:
    """Return a figure of bokeh."""
    made = bokeh.plotting.figure(width=100, height=100)
    made.scatter([1], [2])
    return made


def graph(_: Path) -> Any:
    """Return a graph of two nodes."""
    made = wandb.Graph()
    made.add_edge(made.add_node(id=0, name="in"), made.add_node(id=1, name="out"))
    return made


def table(n: int = 2) -> Any:
    """Return a table of two columns."""
    return wandb.Table(columns=["a", "b"], data=[[i, str(i)] for i in range(n)])


PNG, GIF = b"\x89PNG", b"GIF8"
KINDS: dict[str, Kind] = {
    "int": Kind("int", lambda _: 3, number(3)),
    "large int": Kind("int", lambda _: 2**53, number(2**53)),
    "float": Kind("float", lambda _: 0.1 + 0.2, number(0.1 + 0.2)),
    "nan": Kind("float", lambda _: math.nan, number(math.nan)),
    "infinity": Kind("float", lambda _: -math.inf, number(-math.inf)),
    "bool": Kind("bool", lambda _: True, number(1)),
    "numpy number": Kind("int", lambda _: numpy.float32(0.5), number(0.5)),
    "numpy bool": Kind("bool", lambda _: numpy.bool_(True), number(1)),
    "array of one": Kind("int", lambda _: numpy.array([[7]]), number(7)),
    "fraction": Kind("int", lambda _: Fraction(1, 2), number(0.5)),
    "enum": Kind("Enum", lambda _: Colour.RED, equals("red")),
    "text": Kind("str", lambda _: "tëxt\n“训练”", equals("tëxt\n“训练”")),
    "none": Kind("NoneType", lambda _: None, lambda read, key: None),
    "nested": Kind("dict", lambda _: {"x": {"y": 2}}, lambda read, key: number(2)(read, f"{key}.x.y")),
    "short list": Kind("list", lambda _: [1, 2.5], numbers(1, 2.5)),
    "long list": Kind("list", lambda _: [1] * 20, lambda read, key: equals(20)(_with(read, key, _sum), key)),
    "small array": Kind("array", lambda _: numpy.arange(3), numbers(0, 1, 2)),
    "long array": Kind("array", lambda _: numpy.arange(30), lambda read, key: equals(30)(_with(read, key, _sum), key)),
    "list of texts": Kind("list", lambda _: ["a", "b"], equals('["a","b"]')),
    "histogram": Kind(
        "histogram",
        lambda _: wandb.Histogram(np_histogram=([1, 2], [0, 1, 4])),
        equals({"_type": "histogram", "values": [1, 2], "bins": [0, 1, 4]}),
    ),
    "image": Kind(
        "image-file",
        lambda _: wandb.Image(PIXELS, caption="c", masks={"m": {"mask_data": PIXELS[:, :, 0] % 2}}),
        file_of("image-file", starts(PNG), caption="c"),
    ),
    "images": Kind(
        "image-file",
        lambda _: [wandb.Image(PIXELS, caption=str(n)) for n in range(3)],
        file_of("images/separated", starts(PNG), 3, captions=["0", "1", "2"]),
    ),
    "pillow": Kind("image-file", lambda _: Image.fromarray(PIXELS), file_of("image-file", starts(PNG))),
    "matplotlib": Kind("image-file", figure, file_of("image-file", starts(PNG))),
    "audio": Kind("audio-file", lambda _: wandb.Audio(SOUND, sample_rate=8000), file_of("audio-file", starts(b"RIFF"))),
    "sounds": Kind(
        "audio-file",
        lambda _: [wandb.Audio(SOUND, sample_rate=8000)] * 2,
        file_of("audio", starts(b"RIFF"), 2),
    ),
    "video": Kind(
        "video-file",
        lambda home: wandb.Video(written("v.gif", GIF + bytes(30))(home), format="gif"),
        file_of("video-file", starts(GIF)),
    ),
    "html": Kind(
        "html-file",
        lambda _: wandb.Html("<b>h</b>", inject=False),
        file_of("html-file", lambda text: text == b"<b>h</b>"),
    ),
    "plotly": Kind(
        "plotly-file",
        lambda _: plotly.graph_objects.Figure(plotly.graph_objects.Scatter(x=[1, 2], y=[3, 4])),
        file_of("plotly-file", lambda text: json.loads(text)["data"][0]["y"] == [3, 4]),
    ),
    "bokeh": Kind("bokeh-file", bokeh_figure, file_of("bokeh-file", json.loads)),
    "points": Kind("object3D-file", lambda _: wandb.Object3D(numpy.ones((2, 3))), file_of("object3D-file", json.loads)),
    "mesh": Kind(
        "object3D-file",
        lambda home: wandb.Object3D(written("m.obj", OBJ)(home)),
        file_of("object3D-file", lambda text: text.decode() == OBJ),
    ),
    "molecule": Kind(
        "molecule-file",
        lambda home: wandb.Molecule(written("m.pdb", PDB)(home)),
        file_of("molecule-file", lambda text: text.decode() == PDB),
    ),
    "trace tree": Kind(
        "wb_trace_tree",
        lambda _: WBTraceTree(Span(name="root", start_time_ms=1, end_time_ms=2)),
        file_of("wb_trace_tree", lambda text: b"root" in text),
    ),
    "graph": Kind("graph-file", graph, lambda read, key: equals(2)(_with(read, key, lambda v: len(v["nodes"])), key)),
    "table": Kind("table", lambda _: table(), table_of(2, 2)),
    "data frame": Kind("data-frame", lambda _: pandas.DataFrame({"a": [1, 2, 3]}), table_of(3, 1)),
    "joined table": Kind(
        "joined-table",
        lambda _: wandb.JoinedTable(table(), table(3), "a"),
        lambda read, key: (table_of(2, 2)(read, f"{key}/table1"), table_of(3, 2)(read, f"{key}/table2")),
    ),
    "partitioned table": Kind(
        "partitioned-table", lambda _: wandb.data_types.PartitionedTable("parts"), in_summary("partitioned-table")
    ),
    "chart": Kind(
        "chart", lambda _: wandb.plot.line(table(), "a", "b"), lambda read, key: table_of(2, 2)(read, f"{key}_table")
    ),
}


def _with(read: Read, key: str, part: Callable[[Any], Any]) -> Read:
    return read._replace(row={**read.row, key: part(read.row[key])})


def _sum(value: Any) -> int:
    assert value["_type"] == "histogram"
    return int(sum(value["values"]))


@pytest.fixture(scope="module")
def read(pluto_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    """Logs a value of every kind and reads the run back."""
    home = tmp_path_factory.mktemp("kinds")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in pluto_server.environment().items():
            patch.setenv(name, value)
        patch.setenv("WANDB_CONSOLE", "off")
        patch.setenv("WANDB_DIR", str(home))
        with wandb.init(project="kinds") as run:
            for key, kind in KINDS.items():
                run.log({key: kind.make(home)}, step=0)
        plt.close("all")
        found = wandb.Api().run(f"kinds/{run.id}")
        client = pluto.query.Client(api_token=pluto_server.key, host=pluto_server.url)
        points = client.get_metrics("kinds", int(found.storage_id))
        flags = {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}
        metrics = {
            one["metric"]: flags.get(str(one.get("valueFlag")), one["value"])
            for one in (points.to_dict("records") if hasattr(points, "to_dict") else points)
        }
        files: dict[str, list[dict[str, Any]]] = {}
        for one in client.get_files("kinds", int(found.storage_id)):
            files.setdefault(one["logName"], []).append(one)
        (row,) = found.scan_history()
        yield Read(found, row, metrics, files)
    wandb.teardown()


@pytest.fixture(autouse=True)
def reach(pluto_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Downloads go to the test's own folder, from the session's server."""
    for name, value in pluto_server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("key", KINDS)
def test_each_kind_reads_back(read: Read, key: str) -> None:
    """Value, type, number of files and content are those that were logged."""
    KINDS[key].check(read, key)


def test_no_kind_is_missing() -> None:
    """The converter knows no kind that is not among those above."""
    suffixes = {f".{one}" for one in wandb.Object3D.SUPPORTED_TYPES | wandb.Molecule.SUPPORTED_TYPES}
    assert suffixes <= history._SUFFIXES.keys()
    known = {*kinds.FILE_TYPES, *media.ADDERS, *tables.ADDERS, *(base.__name__ for base in _ADDERS)} - {"Mapping"}
    assert known <= {kind.name for kind in KINDS.values()}
