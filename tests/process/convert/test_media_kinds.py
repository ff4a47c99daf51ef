"""Every other kind of media arrives as the nearest thing that Pluto has, with nothing lost."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy
import pluto.query
import pytest
from PIL import Image, ImageSequence

import wandb
from tests.helpers import warm_python
from tests.process.convert.conftest import Log, Seen
from wandb_compat.convert import video

RNG = numpy.random.default_rng(0)


def frames(*shape: int) -> Any:
    """Return a video of large flat areas, which every codec keeps."""
    film = numpy.zeros(shape, numpy.uint8)
    film[..., shape[-1] // 2 :] = 200
    film[..., 1::2, :, :, :][..., : shape[-1] // 2] = 90
    return film


def decoded(content: bytes, path: Path) -> Any:
    """Return the frames of a film."""
    import imageio_ffmpeg

    path.write_bytes(content)
    reader = imageio_ffmpeg.read_frames(str(path))
    size = next(reader)["source_size"]
    return numpy.stack([numpy.frombuffer(one, numpy.uint8).reshape(size[1], size[0], 3) for one in reader])


@pytest.mark.parametrize("kind", ["mp4", "webm", "ogg"])
def test_an_array_becomes_a_video(log: Log, tmp_path: Path, kind: str) -> None:
    """Frames, size and brightness are those of the array; an odd edge is repeated once."""
    film = frames(6, 3, 32, 47)
    seen = log({"film": wandb.Video(film, fps=5, format=kind, caption="c")})
    file = seen.file("film")
    assert (seen.types["film"], file.type, file.caption) == ("VIDEO", kind, "c")
    summary = seen.summary["film"]
    assert (summary["_type"], summary["format"], summary["width"], summary["height"]) == ("video-file", kind, 47, 32)
    found = decoded(file.content, tmp_path / f"film.{kind}")
    assert found.shape == (6, 32, 48, 3)
    assert abs(found[:, :, :47].transpose(0, 3, 1, 2).astype(int) - film).mean() < 12


def test_a_gif_needs_only_pillow(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frames are the array's; a batch is a grid; other formats name what is missing."""
    monkeypatch.setattr(video, "find_spec", lambda name: None)
    with pytest.raises(wandb.Error, match=r'pip install "wandb-compat\[media\]"'):
        wandb.Video(frames(2, 3, 8, 8), format="mp4")
    batch = numpy.stack([numpy.full((2, 1, 4, 4), 60 * index, numpy.uint8) for index in range(3)])
    batch[:, 1] += 30
    seen = log({"gif": wandb.Video(batch, fps=10, format="gif")})
    gif = Image.open(io.BytesIO(seen.file("gif").content))
    assert gif.info["duration"] == 100
    shown = [numpy.asarray(one.convert("L")) for one in ImageSequence.Iterator(gif)]
    assert len(shown) == 2
    for time, frame in enumerate(shown):
        assert frame.shape == (4, 16)
        assert [frame[0, column] for column in (0, 4, 8, 12)] == [*(60 * one + 30 * time for one in range(3)), 0]


def test_video_files_are_uploaded_unchanged(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path or BytesIO is not encoded anew; `fps` has no effect, and a warning explains that."""
    (tmp_path / "a.MP4").write_bytes(b"film")
    seen = log(
        {
            "path": wandb.Video(str(tmp_path / "a.MP4"), fps=3),
            "bytes": wandb.Video(io.BytesIO(b"more"), format="webm"),
            "list": [wandb.Video(io.BytesIO(bytes([n])), format="gif", caption=str(n)) for n in range(3)],
        }
    )
    assert seen.file("path").content == b"film" and seen.file("path").type == "mp4"
    assert seen.file("bytes").content == b"more"
    assert [(one.content, one.caption) for one in seen.files("list")] == [(bytes([n]), str(n)) for n in range(3)]
    assert "`fps` argument does not affect" in capsys.readouterr().err


def test_audio_arrives_sample_by_sample(log: Log, tmp_path: Path) -> None:
    """Floats, integers, stereo and lists become WAV files with the given rate; files stay as they are."""
    import soundfile

    wave = numpy.sin(numpy.arange(800) / 10)
    stereo = RNG.integers(-32768, 32767, (400, 2), dtype=numpy.int16)
    (tmp_path / "s.flac").write_bytes(b"flac")
    samples = wave.copy()
    sound = wandb.Audio(samples, sample_rate=8000, caption="beep")
    samples[:] = 0
    seen = log(
        {
            "mono": sound,
            "stereo": wandb.Audio(stereo, sample_rate=44100),
            "list": wandb.Audio([0.0, 0.5], sample_rate=100),
            "file": wandb.Audio(tmp_path / "s.flac"),
        }
    )
    read = {
        key: soundfile.read(io.BytesIO(seen.file(key).content), dtype="int16") for key in ("mono", "stereo", "list")
    }
    assert read["mono"][1] == 8000 and abs(read["mono"][0] / 32768 - wave).max() < 1e-4
    assert read["stereo"][1] == 44100 and (read["stereo"][0] == stereo).all()
    assert read["list"][0].tolist() == [0, 16384]
    assert seen.file("file").content == b"flac" and seen.file("mono").caption == "beep"
    assert set(seen.types.values()) == {"AUDIO"} and seen.summary["mono"]["duration"] == 0.1


def test_histograms_arrive_as_documents(log: Log) -> None:
    """Counts and range are those of numpy; lists of histograms get a key each."""
    data = RNG.normal(size=1000)
    counts, edges = numpy.histogram(data, bins=10)
    seen = log(
        {
            "drawn": wandb.Histogram(data, num_bins=10),
            "given": wandb.Histogram(np_histogram=(counts, edges)),
            "several": [wandb.Histogram([1, 2]), wandb.Histogram([3, 4, 4])],
        }
    )
    for key in ("drawn", "given"):
        kind, document = seen.document(key)
        assert kind == "HISTOGRAM" and document["freq"] == counts.tolist() and document["shape"] == "uniform"
        assert document["bins"] == {"min": edges[0], "max": edges[-1], "num": 10}
    assert sum(seen.document("several/1")[1]["freq"]) == 3
    assert seen.summary["given"]["values"] == counts.tolist() and seen.summary["given"]["bins"] == edges.tolist()
    assert seen.types["drawn"] == "HISTOGRAM"


def test_uneven_bins_keep_their_edges(log: Log) -> None:
    """Pluto draws bins of equal width; the edges as they are stand beside them."""
    _, document = log({"h": wandb.Histogram(np_histogram=([3, 1], [0, 1, 10]))}).document("h")
    assert document["edges"] == [0, 1, 10] and document["freq"] == [3, 1]


def test_html_arrives_as_files(log: Log, tmp_path: Path) -> None:
    """Text, a file and an open file are HTML files, with wandb's style sheet unless it is refused."""
    (tmp_path / "page.html").write_text("<html><p>ü</p></html>")
    seen = log(
        {
            "text": wandb.Html("<b>x</b>"),
            "bare": wandb.Html("<b>x</b>", inject=False),
            "file": wandb.Html(str(tmp_path / "page.html"), inject=False),
            "open": wandb.Html(io.StringIO("<head></head>")),
            "name": wandb.Html(str(tmp_path / "page.html"), inject=False, data_is_not_path=True),
        }
    )
    assert seen.file("text").content.endswith(b'normalize.css" /><b>x</b>')
    assert seen.file("bare").content == b"<b>x</b>"
    assert seen.file("file").content.decode() == "<html><p>ü</p></html>"
    assert seen.file("open").content.startswith(b'<head><base target="_blank">')
    assert seen.file("name").content.decode() == str(tmp_path / "page.html")
    assert {file.type for file in seen.files()} == {"html"} and set(seen.types.values()) == {"ARTIFACT"}


def test_3d_objects_arrive_as_files(log: Log, tmp_path: Path) -> None:
    """Clouds and scenes are JSON with the very numbers, meshes the file itself; stray arguments are accepted."""
    points = RNG.random((5, 6))
    (tmp_path / "m.obj").write_text("v 0 0 0")
    box = wandb.box3d(center=(1, 2, 3), size=(2, 2, 2), orientation=(1, 0, 0, 0), color=(1, 0, 0), label="b", score=0.5)
    vector = {"start": [0, 0, 0], "end": [1, 1, 1]}
    seen = log(
        {
            "cloud": wandb.Object3D(points, scene="x", axis=1),
            "scene": wandb.Object3D.from_point_cloud(points[:, :3].tolist(), [box], [vector]),
            "dict": wandb.Object3D({"type": "lidar/beta", "points": points, "boxes": numpy.array([box])}),
            "numpy": wandb.Object3D.from_numpy(points[:, :4]),
            "mesh": wandb.Object3D(str(tmp_path / "m.obj"), caption="c"),
            "open": wandb.Object3D.from_file(io.StringIO("v 1 1 1"), "obj"),
            "several": [wandb.Object3D(points), wandb.Object3D(points[:1])],
        }
    )
    read = {key: json.loads(seen.file(key).content) for key in ("cloud", "scene", "dict", "numpy")}
    assert read["cloud"] == points.tolist() and read["numpy"] == points[:, :4].tolist()
    assert read["scene"]["points"] == points[:, :3].tolist() and read["scene"]["vectors"] == [vector]
    assert read["scene"]["boxes"][0]["corners"][0] == [0, 1, 2] and read["scene"]["boxes"][0]["corners"][7] == [2, 3, 4]
    assert read["dict"]["boxes"] == read["scene"]["boxes"] and read["dict"]["type"] == "lidar/beta"
    assert seen.file("mesh").content == b"v 0 0 0" and seen.file("open").content == b"v 1 1 1"
    assert [len(json.loads(one.content)) for one in seen.files("several")] == [5, 1]
    assert seen.file("cloud").name.endswith(".pts.json")


def test_molecules_arrive_as_files(log: Log, tmp_path: Path) -> None:
    """A file or an open file arrives with its suffix."""
    (tmp_path / "m.pdb").write_text("ATOM")
    seen = log(
        {
            "file": wandb.Molecule(tmp_path / "m.pdb", caption="water"),
            "open": wandb.Molecule(io.StringIO("X"), file_type="mol2"),
        }
    )
    assert seen.file("file").content == b"ATOM" and seen.file("file").caption == "water"
    assert seen.file("open").content == b"X" and seen.file("open").type == "mol2"


def test_figures_of_other_libraries_arrive(log: Log) -> None:
    """Figures of matplotlib are drawn, those of plotly and bokeh arrive as files that these read back."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import plotly.graph_objects as go
    import plotly.io
    from bokeh.document import Document
    from bokeh.plotting import figure as bokeh_figure
    from matplotlib.figure import Figure

    plt.plot([1, 3, 2])
    plot = go.Figure(go.Scatter(x=[1, 2], y=numpy.array([3.5, 4.5])))
    photo = Figure()
    photo.subplots().imshow([[0, 1], [2, 3]])
    with pytest.raises(ValueError, match="containing images"):
        wandb.Plotly(photo)
    boke = bokeh_figure(title="bokeh")
    boke.line([1, 2], [3, 4])
    seen = log(
        {
            "pyplot": plt,
            "figure": plt.gcf(),
            "axes": plt.gca(),
            "plotly": plot,
            "Plotly": wandb.Plotly(plot),
            "of matplotlib": wandb.Plotly(plt.gcf()),
            "bokeh": boke,
            "Bokeh": wandb.data_types.Bokeh(boke),
            "photo": photo,
            "figures": [plt.gcf(), plt.gcf()],
        }
    )
    plt.close()
    for key in ("pyplot", "figure", "axes", "photo"):
        assert seen.file(key).pixels().shape[:2] == (480, 640) and seen.types[key] == "IMAGE"
    assert len(seen.files("figures")) == 2
    for key in ("plotly", "Plotly"):
        read = plotly.io.from_json(seen.file(key).content.decode())
        assert list(read.data[0].y) == [3.5, 4.5] and read.data[0].type == "scatter"
    assert list(plotly.io.from_json(seen.file("of matplotlib").content.decode()).data[0].y) == [1, 3, 2]
    for key in ("bokeh", "Bokeh"):
        (root,) = Document.from_json(json.loads(seen.file(key).content)).roots
        assert root.title.text == "bokeh"
    assert boke.document is None


def test_graphs_arrive_as_documents(log: Log) -> None:
    """Nodes with what is known of them, edges, and both directions to walk them."""
    graph = wandb.Graph()
    start, end = graph.add_node(id=0, name="in", size=[2, 3]), graph.add_node(wandb.data_types.Node(id=1))
    graph.add_edge(start, end)
    seen = log({"graph": graph})
    kind, document = seen.document("graph")
    assert kind == "GRAPH" and document["nodes"]["0"] == {"id": 0, "name": "in", "size": [2, 3]}
    assert document["edges"]["0 -> 1"]["to"] == "1" and document["successors"] == {"0": ["1"], "1": []}
    assert document["predecessors"] == {"0": [], "1": ["0"]}


def test_plutos_own_client_reads_media(log: Log, pluto_server: Any, tmp_path: Path) -> None:
    """`pluto.query` lists and downloads what was logged."""
    pixels = RNG.integers(0, 256, (3, 3, 3), dtype=numpy.uint8)
    seen = log({"group/image": wandb.Image(pixels, caption="c")}, {"group/image": wandb.Image(pixels[:1])})
    client = pluto.query.Client(api_token=pluto_server.key, host=pluto_server.url)
    files = client.get_files(seen.project, seen.id, "group/image")
    assert [(one["step"], one["caption"]) for one in files] == [(0, "c"), (1, None)]
    path = client.download_file(seen.project, seen.id, "group/image", tmp_path / "down.png")
    assert (numpy.asarray(Image.open(path)) == pixels).all()


def test_lists_and_dicts_of_media(log: Log) -> None:
    """Media of several kinds in one list all arrive, in order, tables too; a disabled run takes them as well.

    What wandb refuses in a list, media beside anything else, raises its TypeError.
    """
    image, table = wandb.Image(numpy.zeros((2, 2))), wandb.Table(columns=["a"], data=[[1]])

    def tries() -> None:
        for wrong in ([image, 1], [1, image], [image, None], [image, "x"], [[image], [image]], [{"a": image}]):
            with pytest.raises(TypeError, match="Image is not JSON serializable"):
                wandb.log({"wrong": wrong})
        with pytest.raises(TypeError, match="Image is not JSON serializable"):
            wandb.log({"wrong": (one for one in [image])})

    seen = log(
        {
            "mixed": [wandb.Html("a", inject=False), image, wandb.Html("b", inject=False)],
            "further": [image, table, wandb.Histogram([1, 2])],
            "dict": {"deep": {"tuple": (image, image)}},
            "empty": [],
        },
        after=tries,
    )
    assert [file.type for file in seen.files("mixed")] == ["html", "png", "html"]
    assert seen.file("further/0").type == "png" and seen.document("further/1")[1]["table"] == [[1]]
    assert seen.document("further/2")[0] == "HISTOGRAM" and len(seen.files("dict.deep.tuple")) == 2
    assert [one["_type"] for one in seen.summary["further"]] == ["image-file", "table-file", "histogram"]
    assert seen.summary["empty"] == []
    with wandb.init(mode="disabled") as run:
        run.log({"image": wandb.Image(numpy.zeros((2, 2)))})


def test_media_in_the_summary_arrive(log: Log) -> None:
    """`run.summary[key] = wandb.Image(...)` sends the image, and the summary tells of it."""
    pixels = RNG.integers(0, 256, (3, 3), dtype=numpy.uint8)

    def best() -> None:
        assert wandb.run is not None
        wandb.run.summary["best"] = wandb.Image(pixels, caption="c")
        wandb.run.summary.update({"histogram": wandb.Histogram([1, 2]), "accuracy": 0.5})

    seen = log({"loss": 1}, after=best)
    assert (seen.file("best").pixels() == pixels).all() and seen.document("histogram")[0] == "HISTOGRAM"
    summary = seen.details["config"]["wandb"]["summary"]
    assert summary["best"]["_type"] == "image-file" and summary["best"]["path"] == seen.file("best").name
    assert summary["histogram"]["values"][0] == 1 and summary["accuracy"] == 0.5


def test_media_of_an_offline_run_are_sent_by_sync(
    log: Log, pluto_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait in the run folder, whatever becomes of the user's files, and arrive with `wandb-compat sync`."""
    pixels = RNG.integers(0, 256, (3, 3), dtype=numpy.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    with wandb.init(mode="offline", project="media-offline") as run:
        run.log({"array": wandb.Image(pixels), "path": wandb.Image(str(tmp_path / "photo.png"))})
    (tmp_path / "photo.png").unlink()
    done = warm_python.run([sys.executable, "-m", "wandb_compat", "sync", run.sync_dir], timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = Seen(pluto_server, "media-offline", run)
    assert all((seen.file(key).pixels() == pixels).all() for key in ("array", "path"))
    assert not list(Path(run.sync_dir).glob("journal/staged/*"))
