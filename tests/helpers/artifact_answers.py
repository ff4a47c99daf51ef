"""Asks one wandb, real or ours, what its artifacts and its `save` do, and prints the answers as one JSON object."""

import http.server
import json
import os
import re
import sys
import threading
from pathlib import Path

import numpy
from PIL import Image as PILImage

import wandb
from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

Path("d/e").mkdir(parents=True)
for name, text in {
    "a.txt": "hello",
    "b.bin": "\0" * 70000,
    "d/one": "1",
    "d/e/two words": "2",
    "d/e/é": "",
    "g[1]": "",
}.items():
    Path(name).write_text(text, encoding="utf-8")
Path("d/a.wav").write_bytes(b"RIFF")
Path("d/link").symlink_to("../a.txt")
HERE = Path.cwd().as_uri()
# What makes trouble: links that lead round, nowhere and to a folder, a pipe, long and odd names, a picture.
for link, aim in {"round/in/up": "..", "self/self": "self", "lost/lost": "gone", "aside/link": "real"}.items():
    Path(link).parent.mkdir(parents=True)
    Path(link).symlink_to(aim)
for name in ("round/f", "self/f", "lost/f", "aside/real/f", "日本 語.txt", "..hidden", "l" * 255, "empty"):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).touch()
Path("o.pdb").write_text("x", encoding="utf-8")
os.mkfifo("pipe")
PIXELS = bytes(range(192))
PILImage.frombytes("RGB", (8, 8), PIXELS).save("p.png")


def image(**options):
    return wandb.Image("p.png", **options)


def table(*cells):
    return lambda a: a.add(wandb.Table(columns=["c"], data=[[cell] for cell in cells]), "t")


BOX = {"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 1, "scores": {"sure": 0.5}}
BOXES = {"found": {"box_data": [BOX], "class_labels": {1: "cat", 2: "dog"}}}
OTHER = {"found": {"box_data": [{**BOX, "class_id": 3}], "class_labels": {3: "cow"}}}


class Tagged(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("ETag", '"the-tag"')
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"abc")

    def log_message(self, *args):
        pass


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tagged)
threading.Thread(target=web.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{web.server_port}/file.bin"


def new(name="art", type="dataset", **options):
    return wandb.Artifact(name, type, **options)


def findings(artifact):
    contents = artifact.manifest.to_manifest_json()["contents"]
    kept = {
        path: {k: v for k, v in one.items() if k in ("digest", "size", "ref", "extra")}
        for path, one in contents.items()
    }
    return [artifact.digest, artifact.size, len(artifact.manifest), kept]


def built(*steps, **options):
    """Return what an artifact is after steps, each a function of it."""
    artifact = new(**options)
    results = [step(artifact) for step in steps]
    return findings(artifact), [one.path for one in results if isinstance(one, ArtifactManifestEntry)]


def write(name, text="x", **options):
    def step(artifact):
        with artifact.new_file(name, **options) as f:
            f.write(text)

    return step


def logged(artifact):
    run = wandb.init(mode="offline", project="p", id="abc")
    try:
        return run.log_artifact(artifact)
    finally:
        run.finish()


def final():
    artifact = new()
    artifact.finalize()
    return artifact


def with_ttl(ttl):
    artifact = new()
    artifact.ttl = ttl
    return artifact.ttl


def in_run(act):
    with wandb.init(mode="offline", project="p", id="abc") as run:
        result = act(run)
        return [os.path.relpath(one, run.dir) for one in result] if isinstance(result, list) else result


def alias(value):
    return in_run(lambda run: run.log_artifact(new(), aliases=value) and None)


from datetime import timedelta  # noqa: E402

CASES = {
    "empty": lambda: built(),
    "file": lambda: built(lambda a: a.add_file("a.txt")),
    "named": lambda: built(lambda a: a.add_file("a.txt", name="x/./y//z.txt")),
    "path": lambda: built(lambda a: a.add_file(Path("b.bin"))),
    "tmp": lambda: built(lambda a: a.add_file("a.txt", name="t/n.table.json", is_tmp=True)),
    "immutable": lambda: built(lambda a: a.add_file("b.bin", policy="immutable")),
    "folder": lambda: built(lambda a: a.add_dir("d")),
    "folder named": lambda: built(lambda a: a.add_dir("d", name="in")),
    "several": lambda: built(lambda a: a.add_file("b.bin"), lambda a: a.add_dir("d"), lambda a: a.add_file("a.txt")),
    "new file": lambda: built(write("n/new.txt"), write("n/bytes", b"\0\1", mode="wb")),
    "other digests": lambda: built(
        lambda a: a.add_dir("d"), lambda a: a.add_file("b.bin"), write("new"), digest_algorithm="XXH128"
    ),
    "removed": lambda: built(lambda a: a.add_dir("d"), lambda a: a.remove("e"), lambda a: a.remove("one")),
    "twice": lambda: built(lambda a: a.add_file("a.txt"), lambda a: a.add_file("a.txt")),
    "twice other": lambda: built(lambda a: a.add_file("a.txt", "x"), lambda a: a.add_file("b.bin", "x")),
    "overwritten": lambda: built(
        lambda a: a.add_file("a.txt", "x"), lambda a: a.add_file("b.bin", "x", overwrite=True)
    ),
    "merged": lambda: built(lambda a: a.add_file("a.txt", "one"), lambda a: a.add_dir("d", merge=True)),
    "new twice": lambda: built(write("a"), write("a")),
    "new again": lambda: built(write("a", "1"), write("a", "2", mode="w")),
    "reference": lambda: built(lambda a: a.add_reference(HERE + "/a.txt")[0]),
    "reference unchecked": lambda: built(lambda a: a.add_reference(HERE + "/a.txt", name="n", checksum=False)[0]),
    "reference folder": lambda: built(lambda a: a.add_reference(HERE + "/d", name="r") and None),
    "reference too many": lambda: built(lambda a: a.add_reference(HERE + "/d", max_objects=1)),
    "reference missing": lambda: built(lambda a: a.add_reference("file:///no/where")),
    "reference other": lambda: built(lambda a: a.add_reference("nfs://x/y", name="n")[0]),
    "reference other unnamed": lambda: built(lambda a: a.add_reference("nfs://x/y")),
    "reference plain": lambda: built(lambda a: a.add_reference("a.txt")),
    "reference web": lambda: built(lambda a: a.add_reference(URL)[0]),
    "reference web unchecked": lambda: built(lambda a: a.add_reference("https://h/p/f.bin", checksum=False)[0]),
    "table": lambda: built(lambda a: a.add(wandb.Table(columns=["a", "b"], data=[[1, "x"], [2.5, None]]), "t")),
    "table item": lambda: built(lambda a: a.__setitem__("t", wandb.Table(columns=["a"], data=[[True]]))),
    "html": lambda: built(lambda a: a.add(wandb.Html("<p>x</p>", inject=False), "page")),
    "audio": lambda: built(lambda a: a.add(wandb.Audio("d/a.wav"), "au")),
    "image": lambda: built(lambda a: a.add(image(caption="c"), "i")),
    "image boxes": lambda: built(lambda a: a.add(image(boxes=BOXES), "i")),
    "image twice": lambda: built(lambda a: [a.add(image(), "i"), table(image())(a)][0]),
    "classes": lambda: built(lambda a: a.add(wandb.Classes([{"id": 1, "name": "cat"}]), "c")),
    "table of images": lambda: built(table(image(), image(caption="c"), None)),
    "table of boxes": lambda: built(table(image(boxes=BOXES), image(boxes=OTHER), image())),
    "table of classes": lambda: built(table(image(classes=wandb.Classes([{"id": 1, "name": "cat"}])))),
    "table of html": lambda: built(table(wandb.Html("<p>x</p>", inject=False))),
    "table of sounds": lambda: built(table(wandb.Audio("d/a.wav"))),
    "table of molecules": lambda: built(table(wandb.Molecule("o.pdb"))),
    "table of histograms": lambda: built(table(wandb.Histogram([1, 2, 3]))),
    "table of points": lambda: built(table(wandb.Object3D(numpy.zeros((3, 3))))),
    "table of arrays": lambda: built(table(numpy.arange(3), numpy.arange(3))),
    "table of lists": lambda: built(table([1, 2], [3])),
    "folder with a circle": lambda: kind_of(lambda: built(lambda a: a.add_dir("round"))),
    "folder with a link to itself": lambda: built(lambda a: a.add_dir("self")),
    "folder with a lost link": lambda: built(lambda a: a.add_dir("lost")),
    "folder with a linked folder": lambda: built(lambda a: a.add_dir("aside")),
    "link to itself": lambda: new().add_file("self/self"),
    "lost link": lambda: new().add_file("lost/lost"),
    "pipe": lambda: new().add_file("pipe"),
    "unicode": lambda: built(lambda a: a.add_file("日本 語.txt")),
    "leading dots": lambda: built(lambda a: a.add_file("..hidden")),
    "long file": lambda: built(lambda a: a.add_file("l" * 255)),
    "long path": lambda: built(lambda a: a.add_file("empty", name="y" * 300)),
    "long missing": lambda: new().add_file("y" * 300),
    "long new": lambda: kind_of(lambda: built(write("y" * 300))),
    "dots inside": lambda: built(lambda a: a.add_file("empty", name="a/../b")),
    "dot": lambda: built(lambda a: a.add_file("empty", name=".")),
    "line break": lambda: built(lambda a: a.add_file("empty", name="a\nb")),
    "nothing": lambda: new().add_file(None),
    "empty name of a file": lambda: built(lambda a: a.add_file("empty", name="")),
    "name of 300": lambda: new("n" * 300),
    "name unicode": lambda: new("é"),
    "metadata not a number": lambda: new(metadata={"a": float("nan"), "b": [float("nan")]}).metadata,
    "metadata numpy": lambda: new(metadata={"a": numpy.float32(1.5), "b": numpy.arange(3)}).metadata,
    "missing file": lambda: new().add_file("nope"),
    "folder as file": lambda: new().add_file("d"),
    "file as folder": lambda: new().add_dir("a.txt"),
    "bad policy": lambda: new().add_file("a.txt", policy="maybe"),
    "path upwards": lambda: new().add_file("a.txt", name="../x"),
    "path absolute": lambda: new().add_file("a.txt", name="/x"),
    "path windows": lambda: new().add_file("a.txt", name="C:\\x"),
    "new upwards": lambda: built(write("../x")),
    "remove missing": lambda: new().remove("nope"),
    "local name": lambda: [built_name("a.txt"), built_name("nope")],
    "bad name": lambda: new("a b/c"),
    "empty name": lambda: new(""),
    "long name": lambda: new("x" * 129),
    "odd name": lambda: repr(new("a.b-c_d")),
    "type job": lambda: new(type="job"),
    "type reserved": lambda: new(type="wandb-x"),
    "type code": lambda: new("source-x", "code"),
    "type code free": lambda: repr(new("x", "code")),
    "metadata": lambda: new(metadata={"a": (1, 2), "b": {"c": None}}).metadata,
    "metadata none": lambda: new(metadata=None).metadata,
    "metadata list": lambda: new(metadata=[1]),
    "metadata long": lambda: new(metadata={str(i): i for i in range(101)}),
    "metadata infinite": lambda: new(metadata={"a": float("inf")}),
    "description": lambda: [new().description, new(description="d").description],
    "draft": lambda: [new().state, new().is_draft(), new().incremental, new().use_as, new().name, new().type],
    "ttl": lambda: new().ttl,
    "ttl set": lambda: str(with_ttl(timedelta(days=1))),
    "ttl none": lambda: with_ttl(None),
    "ttl zero": lambda: with_ttl(timedelta(0)),
    "ttl inherit": lambda: with_ttl(wandb.ArtifactTTL.INHERIT),
    "final add": lambda: final().add_file("a.txt"),
    "final folder": lambda: final().add_dir("d"),
    "final remove": lambda: final().remove("a"),
    "final reference": lambda: final().add_reference(HERE),
    "offline logged": lambda: [logged(new()).name, logged(new()).state, repr(logged(new()))],
    "offline wait": lambda: logged(new()).wait(),
    "add text": lambda: type_of(lambda: new().add("text", "n")),
    "add histogram": lambda: type_of(lambda: new().add(wandb.Histogram([1, 2]), "n")),
    "add graph": lambda: type_of(lambda: new().add(wandb.Graph(), "n")),
    "add bytes": lambda: type_of(lambda: new().add_file(b"a.txt")),
    "new folder": lambda: kind_of(lambda: built(write("a/"))),
    "undecodable": lambda: type_of(lambda: undecodable(new())),
    "metadata object": lambda: new(metadata={"a": Shown(), "b": {1}, "c": b"x", 4: Path("d")}).metadata,
    "metadata text": lambda: isinstance(raised(lambda: new(metadata="x")), ValueError),
    "alias slash": lambda: alias(["a/b"]),
    "alias colon": lambda: alias("a:b"),
    "bad tag": lambda: in_run(lambda run: run.log_artifact(new(), tags=["a/b"])),
    "log nothing": lambda: in_run(lambda run: run.log_artifact("nope")),
    "log number": lambda: in_run(lambda run: run.log_artifact(3)),
    "log file": lambda: in_run(lambda run: [run.log_artifact("a.txt").name][0]),
    "upsert": lambda: in_run(lambda run: run.upsert_artifact(new())),
    "finish": lambda: in_run(lambda run: run.finish_artifact(new())),
    "use": lambda: in_run(lambda run: run.use_artifact("x")),
    "use model": lambda: in_run(lambda run: run.use_model("x")),
    "link model": lambda: in_run(lambda run: run.link_model("a.txt", "a/b")),
    "log model": lambda: in_run(lambda run: run.log_model("a.txt")),
    "log code": lambda: in_run(lambda run: run.log_code("d")),
    "log code name": lambda: in_run(lambda run: run.log_code(".", include_fn=lambda p: p.endswith(".txt")).name),
    "save": lambda: in_run(lambda run: run.save("a.txt")),
    "save glob": lambda: in_run(lambda run: run.save("d/*", policy="now")),
    "save base": lambda: in_run(lambda run: run.save("d/e/*", base_path="d", policy="end")),
    "save absolute": lambda: in_run(lambda run: run.save(str(Path("d/one").absolute()))),
    "save literal": lambda: in_run(lambda run: run.save("g[1]", glob=False)),
    "save pattern": lambda: in_run(lambda run: run.save("g[1]")),
    "save nothing": lambda: in_run(lambda run: run.save("*.nothing")),
    "save cloud": lambda: in_run(lambda run: run.save("s3://b/k")),
    "save policy": lambda: in_run(lambda run: run.save("a.txt", policy="later")),
    "save above": lambda: in_run(lambda run: run.save("/etc/passwd", base_path="/usr")),
    "save base itself": lambda: in_run(lambda run: run.save("/etc", base_path="/etc")),
    "save star": lambda: in_run(lambda run: run.save("/etc/*", base_path="/etc")),
}
for member in ("version", "aliases", "tags", "entity", "project", "qualified_name", "source_version", "file_count",
               "created_at", "url", "commit_hash"):  # fmt: skip
    CASES[f"draft {member}"] = lambda member=member: getattr(new(), member)
for method, arguments in {"download": (), "wait": (), "get": ("x",), "get_entry": ("x",), "get_path": ("x",),
                          "files": (), "verify": (), "checkout": (), "file": (), "logged_by": (), "used_by": (),
                          "delete": (), "new_draft": (), "unlink": ()}.items():  # fmt: skip
    CASES[f"draft {method}()"] = lambda method=method, arguments=arguments: getattr(new(), method)(*arguments)


def built_name(path):
    artifact = new()
    artifact.add_file("a.txt", name="named")
    return artifact.get_added_local_path_name(path)


def raised(act):
    try:
        act()
    except Exception as error:
        return error


def type_of(act):
    return type(raised(act)).__name__


class Shown:
    def __repr__(self):
        return "Shown()"


def undecodable(artifact):
    """Add a file whose name is not valid text, as it may be on Linux."""
    Path("names").mkdir()
    Path(os.fsdecode(b"names/\xff")).touch()
    artifact.add_dir("names")


def kind_of(act):
    """Return the kind and number of an error whose sentence names a temporary or endless path."""
    try:
        return act()
    except OSError as error:
        return [type(error).__name__, error.errno]


answers = {}
for case, act in CASES.items():
    try:
        answer = act()
        json.dumps(answer)
    except Exception as error:
        kind = type(error)
        answer = f"raises {kind.__module__}.{kind.__qualname__}: {error}"
    answers[case] = json.loads(re.sub(r"/tmp/[^ \"']*/new/|/tmp/tmp\w+/", "TMP/", json.dumps(answer)))
    answers[case] = json.loads(json.dumps(answers[case]).replace(URL, "URL").replace(str(Path.cwd()), "HERE"))
Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")
