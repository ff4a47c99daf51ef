"""Artifacts have versions and aliases, arrive whole, and can be had again from anywhere."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers import warm_python
from tests.helpers.environments import ROOT
from tests.helpers.server_state import Script
from tests.process.artifacts.conftest import Arrived

LOG_TWO_VERSIONS = """
    import os, wandb
    os.makedirs("deep/er")
    with open("weights.bin", "wb") as f: f.write(bytes(range(256)) * 100)
    with open("deep/er/notes.txt", "w") as f: f.write("first")
    with wandb.init() as run:
        one = wandb.Artifact("net", "model", description="a net", metadata={"epoch": 1})
        one.add_file("weights.bin")
        one.add_dir("deep", name="docs")
        run.log_artifact(one, aliases=["best", "first"])
        with open("deep/er/notes.txt", "w") as f: f.write("second")
        two = wandb.Artifact("net", "model", metadata={"epoch": 2})
        two.add_file("weights.bin")
        two.add_dir("deep", name="docs")
        run.log_artifact(two, aliases=["best"], tags=["good"])
        assert two.wait() is two and one.wait() is one
        assert (one.version, two.version) == ("v0", "v1"), (one.version, two.version)
        assert (one.name, one.state, one.is_draft()) == ("net:v0", "COMMITTED", False)
        assert two.qualified_name.endswith("/net:v1") and two.source_version == "v1"
"""


def test_files_arrive_under_their_paths(script: Script, arrived: Arrived) -> None:
    """Each file lies under `artifacts/NAME/PATH`, byte for byte, beside a manifest with true paths and digests."""
    script(LOG_TWO_VERSIONS)
    files = arrived.files()
    assert files["artifacts/net/weights.bin"] == bytes(range(256)) * 100
    assert files["artifacts/net/docs/er/notes.txt"] in (b"first", b"second")
    manifest = json.loads(files["artifacts/net/manifest"])
    assert manifest["contents"].keys() == {"weights.bin", "docs/er/notes.txt"}
    assert manifest["artifact"]["type"] == "model"
    assert arrived.key_types()["artifacts/net/weights.bin"] == "ARTIFACT"


def test_every_version_can_be_had_on_another_machine(script: Script, elsewhere: Callable[..., Any]) -> None:
    """`latest`, an alias and a number lead to the right version, with bytes, metadata, tags and aliases."""
    script(LOG_TWO_VERSIONS)
    elsewhere("""
        import os, wandb
        from pathlib import Path
        run = wandb.init()
        for name, version, text in [("net:latest", "v1", "second"), ("net", "v1", "second"), ("net:v0", "v0", "first"),
                                    ("net:best", "v1", "second"), ("net:first", "v0", "first")]:
            artifact = run.use_artifact(name, type="model")
            folder = artifact.download()
            assert folder == os.path.abspath(f"artifacts/net:{version}"), folder
            assert artifact.version == version
            assert Path(folder, "docs/er/notes.txt").read_text() == text, name
            assert Path(folder, "weights.bin").read_bytes() == bytes(range(256)) * 100
            artifact.verify()
        assert run.use_artifact("net:v0").metadata == {"epoch": 1}
        assert run.use_artifact("net:v0").description == "a net"
        assert set(run.use_artifact("net:v0").aliases) == {"first"}
        assert set(run.use_artifact("net:v1").aliases) == {"best", "latest"}
        assert run.use_artifact("net:v1").tags == ["good"]
        part = run.use_artifact("net:v1").download("part", path_prefix="docs/")
        assert os.listdir(part) == ["docs"]
        assert run.use_artifact("net:v1").get_entry("weights.bin").download("single") == "single/weights.bin"
        assert [file.name for file in run.use_artifact("net").files(["weights.bin"])] == ["weights.bin"]
        Path("part/stray.txt").write_text("x")
        artifact = run.use_artifact("net:v1")
        try: artifact.verify("part")
        except ValueError as error: assert "not a member" in str(error)
        else: raise AssertionError
        artifact.checkout("part")
        assert not Path("part/stray.txt").exists() and Path("part/weights.bin").exists()
        artifact.verify("part")
        Path("part/weights.bin").write_bytes(b"broken")
        try: artifact.verify("part")
        except ValueError as error: assert "Digest mismatch" in str(error)
        else: raise AssertionError
        for bad in ("net:v7", "nothing"):
            try: run.use_artifact(bad)
            except wandb.CommError as error: assert bad in str(error)
            else: raise AssertionError
        try: run.use_artifact("net", type="dataset")
        except ValueError as error: assert "does not match type" in str(error)
        else: raise AssertionError
        run.finish()
    """)


def test_equal_content_makes_no_new_version(script: Script) -> None:
    """Logging the same content again gives the same version; its aliases move, in the same run and in another."""
    script("""
        import wandb
        def made(text):
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("a.txt") as f: f.write(text)
            return artifact
        with wandb.init() as run:
            assert run.log_artifact(made("1")).wait().version == "v0"
            assert run.log_artifact(made("2")).wait().version == "v1"
            again = run.log_artifact(made("1"), aliases=["again"]).wait()
            assert again.version == "v0" and set(again.aliases) == {"again", "latest"}
        with wandb.init() as run:
            assert run.log_artifact(made("2")).wait().version == "v1"
            assert run.use_artifact("data:again").version == "v0"
            assert run.log_artifact(made("3")).wait().version == "v2"
    """)


def test_two_runs_at_once_get_two_versions(
    environment: dict[str, str], tmp_path: Path, elsewhere: Callable[..., Any]
) -> None:
    """Four processes that log one name at the same moment all succeed, and each content gets its own version."""
    (tmp_path / "race.py").write_text(
        "import sys, time, wandb\n"
        "from pathlib import Path\n"
        "with wandb.init() as run:\n"
        "    artifact = wandb.Artifact('raced', 'dataset')\n"
        "    with artifact.new_file('who.txt') as f: f.write(sys.argv[1])\n"
        "    Path(sys.argv[1]).touch()\n"
        "    while len(list(Path().glob('[0-3]'))) < 4: time.sleep(0.01)\n"
        "    print('GOT', run.log_artifact(artifact).wait().version)\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "race.py", str(number)],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    got = {}
    for number, racer in enumerate(racers):
        out, _ = racer.communicate(timeout=120)
        assert racer.returncode == 0
        got[number] = out.partition("GOT ")[2].strip()
    assert sorted(got.values()) == ["v0", "v1", "v2", "v3"]
    elsewhere(f"""
        import wandb
        from pathlib import Path
        with wandb.init() as run:
            for number, version in {got!r}.items():
                folder = run.use_artifact(f"raced:{{version}}").download()
                assert Path(folder, "who.txt").read_text() == str(number)
    """)


def test_content_is_sent_once_by_a_run(script: Script, tmp_path: Path) -> None:
    """A second version sends only what is new under its path."""
    script(LOG_TWO_VERSIONS)
    from wandb_compat.spool import journal

    (head,) = (tmp_path / "work" / "wandb" / "latest-run").glob("run-*.wandb")
    sent = [
        sorted(file["caption"] for file in json.loads(entry.document)["files"])
        for piece, _ in journal.read(head)
        for entry in piece
        if entry.kind == b"artifact"
    ]
    assert sent == [["docs/er/notes.txt", "weights.bin"], ["docs/er/notes.txt"]]


def test_what_a_user_does_to_a_file_after_adding_it_does_not_matter(
    script: Script, elsewhere: Callable[..., Any]
) -> None:
    """A file that is changed or deleted after `add_file` arrives as it was, also when logging comes later."""
    script("""
        import os, wandb
        artifact = wandb.Artifact("kept", "dataset")
        with open("a", "w") as f: f.write("as it was")
        artifact.add_file("a")
        with open("a", "w") as f: f.write("changed later")
        with open("b", "w") as f: f.write("to be deleted")
        artifact.add_file("b", policy="immutable")
        run = wandb.init()
        run.log_artifact(artifact)
        os.unlink("b")
        run.finish()
        artifact.wait().verify(artifact.download("back"))
    """)
    elsewhere("""
        import wandb
        from pathlib import Path
        with wandb.init() as run:
            folder = Path(run.use_artifact("kept:latest").download())
        assert (folder / "a").read_text() == "as it was" and (folder / "b").read_text() == "to be deleted"
    """)


def test_an_offline_artifact_is_published_by_sync(script: Script, environment: dict[str, str], tmp_path: Path) -> None:
    """Offline `wait` and `use_artifact` raise what wandb raises; `wandb-compat sync` gives the artifact its version."""
    script(
        """
        import wandb
        from wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError
        run = wandb.init()
        artifact = wandb.Artifact("off", "dataset")
        with artifact.new_file("a.txt") as f: f.write("offline")
        assert run.log_artifact(artifact) is artifact
        for call in (artifact.wait, lambda: artifact.version, artifact.download):
            try: call()
            except ArtifactNotLoggedError as error: assert "while in offline mode" in str(error)
            else: raise AssertionError
        try: run.use_artifact("off")
        except TypeError as error: assert str(error) == "Cannot use artifact when in offline mode."
        else: raise AssertionError
        run.finish()
        """,
        WANDB_MODE="offline",
    )
    folder = (tmp_path / "work" / "wandb" / "latest-run").resolve()
    warm_python.run(
        [sys.executable, "-m", "wandb_compat", "sync", str(folder)], env=environment, check=True, timeout=60, cwd=ROOT
    )
    assert list((folder / "journal" / "staged").iterdir()) == []
    script("""
        import wandb
        from pathlib import Path
        with wandb.init() as run:
            assert Path(run.use_artifact("off:v0").download(), "a.txt").read_text() == "offline"
    """)


def test_a_name_keeps_its_type(script: Script) -> None:
    """The second type of one name is refused where the version is waited for; other artifacts go on."""
    script("""
        import wandb
        with wandb.init() as run:
            artifact = wandb.Artifact("typed", "dataset")
            run.log_artifact(artifact).wait()
            try: run.log_artifact(wandb.Artifact("typed", "model")).wait()
            except ValueError as error: assert "already exists with type 'dataset'" in str(error)
            else: raise AssertionError
            assert run.log_artifact(wandb.Artifact("other", "model")).wait().version == "v0"
    """)


def test_waiting_is_bounded(script: Script) -> None:
    """Without a server `wait(timeout)` ends with an error that says what is wrong and what to do."""
    done = script(
        """
        import wandb
        from wandb.sdk.artifacts.exceptions import WaitTimeoutError
        run = wandb.init()
        artifact = run.log_artifact(wandb.Artifact("lost", "dataset"))
        try: artifact.wait(timeout=1)
        except WaitTimeoutError as error: print("ERROR", error)
        run.finish()
        """,
        PLUTO_URL_APP="http://127.0.0.1:9",
        PLUTO_URL_API="http://127.0.0.1:9",
        PLUTO_URL_INGEST="http://127.0.0.1:9",
        PLUTO_URL_PY="http://127.0.0.1:9",
    )
    assert "is not on the Pluto server after" in done.stdout and "wandb-compat sync" in done.stdout


def test_versions_can_be_built_on_others(script: Script) -> None:
    """Incremental artifacts, drafts of a version, and parts that several runs log become one version each."""
    script("""
        import wandb
        def made(**files):
            def add(artifact):
                for name, text in files.items():
                    with artifact.new_file(name, mode="w") as f: f.write(text)
                return artifact
            return add
        with wandb.init(group="g") as run:
            run.log_artifact(made(a="1", b="2")(wandb.Artifact("grown", "dataset"))).wait()
            more = made(b="3", c="4")(wandb.Artifact("grown", "dataset", incremental=True))
            run.log_artifact(more).wait()
            assert more.version == "v1" and sorted(more.manifest.entries) == ["a", "b", "c"]
            assert more.digest == run.use_artifact("grown:v1").manifest.digest()
            draft = run.use_artifact("grown:v1").new_draft()
            draft.remove("a")
            made(d="5")(draft)
            assert run.log_artifact(draft).wait().version == "v2"
            folder = run.use_artifact("grown:latest").download()
            import os
            found = {name: open(f"{folder}/{name}").read() for name in os.listdir(folder)}
            assert found == {"b": "3", "c": "4", "d": "5"}
            part = run.upsert_artifact(made(x="1")(wandb.Artifact("shared", "dataset")))
            part.wait()
            try: run.use_artifact("shared")
            except wandb.CommError: pass
            else: raise AssertionError
        with wandb.init(group="g") as run:
            whole = run.finish_artifact(made(y="2")(wandb.Artifact("shared", "dataset"))).wait()
            assert (whole.version, sorted(whole.manifest.entries)) == ("v0", ["x", "y"])
            whole.verify(whole.download())
        with wandb.init() as run:
            try: run.upsert_artifact(wandb.Artifact("shared", "dataset"))
            except TypeError as error: assert "in a group or distributed_id" in str(error)
            else: raise AssertionError
    """)


def test_changes_of_a_logged_artifact_reach_the_server(script: Script) -> None:
    """Aliases, tags, description and metadata can be changed afterwards with `save`."""
    script("""
        import wandb
        with wandb.init() as run:
            artifact = wandb.Artifact("edited", "dataset", metadata={"a": 1})
            run.log_artifact(artifact, aliases=["old", "kept"]).wait()
            artifact.aliases.remove("old")
            artifact.aliases.append("new")
            artifact.tags = ["t"]
            artifact.metadata["b"] = 2
            artifact.description = "described"
            artifact.save()
            found = run.use_artifact("edited:new")
            assert set(found.aliases) == {"latest", "kept", "new"}, found.aliases
            assert (found.tags, found.metadata, found.description) == (["t"], {"a": 1, "b": 2}, "described")
        artifact = wandb.Artifact("unsaved", "dataset")
        artifact.save()
        assert artifact.wait().version == "v0"
    """)


def test_models_and_links(script: Script) -> None:
    """`log_model`, `use_model` and `link_model` work by name; a link has its own versions and aliases."""
    script("""
        import os, wandb
        with open("m.pt", "w") as f: f.write("weights")
        with wandb.init() as run:
            assert wandb.log_model("m.pt", name="net") is None
            assert open(run.use_model("net:latest")).read() == "weights"
            link = wandb.link_model("m.pt", "champion", name="net", aliases=["prod"]).wait()
            assert (link.name, link.is_link, link.source_name) == ("champion:v0", True, "net:v0")
            assert open(wandb.use_model("champion:prod")).read() == "weights"
            artifact = run.link_artifact(run.use_artifact("net:v0"), "second").wait()
            assert artifact.name == "second:v0" and artifact.type == "model"
            run.log_artifact(wandb.Artifact("set", "dataset")).wait()
            try: run.use_model("set:v0")
            except AssertionError as error: assert "only use this method for 'model'" in str(error)
            else: raise SystemExit(1)
            try: run.link_model("m.pt", "a/b")
            except AssertionError as error: assert "Do not append the entity" in str(error)
            else: raise SystemExit(1)
    """)


def test_paths_of_every_kind_arrive(script: Script, elsewhere: Callable[..., Any]) -> None:
    """Names in other scripts, with blanks, of 255 characters, alike but for what Pluto keeps, empty files, and what
    links lead to: all arrives under its own path."""
    script("""
        import os, wandb
        names = ["日本.txt", "中国.txt", "with blank.txt", "x" * 251 + ".txt", "..hidden", "a..b.txt", "empty"]
        names += ["sub/日/語.bin"]
        os.makedirs("d/sub/日")
        for name in names:
            with open(f"d/{name}", "w") as f: f.write("" if name == "empty" else name)
        os.symlink("sub", "d/linked")
        with wandb.init() as run:
            artifact = wandb.Artifact("odd", "dataset")
            artifact.add_dir("d")
            for name in names: assert name in artifact.manifest.entries, name
            run.log_artifact(artifact).wait()
    """)
    elsewhere("""
        import wandb
        from pathlib import Path
        with wandb.init() as run:
            artifact = run.use_artifact("odd:latest")
            folder = artifact.download()
            artifact.verify()
            for path in artifact.manifest.entries:
                text = path.replace("linked/", "sub/")
                assert Path(folder, path).read_text() == ("" if path == "empty" else text)
            assert "linked/日/語.bin" in artifact.manifest.entries
    """)


def test_an_artifact_can_be_of_a_path(script: Script) -> None:
    """`log_artifact` makes an artifact of a file, a folder or a reference, and refuses the rest as wandb does."""
    script("""
        import os, wandb
        os.mkdir("d")
        for name in ("d/a", "f.txt"):
            with open(name, "w") as f: f.write(name)
        with wandb.init(id="abc") as run:
            one = wandb.log_artifact("f.txt").wait()
            assert (one.name, one.type) == ("run-abc-f.txt:v0", "unspecified")
            assert wandb.log_artifact("d", name="folder", type="dataset", aliases="x").wait().aliases == ["x", "latest"]
            ref = run.log_artifact("file://" + os.path.abspath("f.txt"), name="ref").wait()
            assert open(ref.file("back")).read() == "f.txt"
            for bad, error in (("nope", ValueError), (3, TypeError)):
                try: run.log_artifact(bad)
                except error: pass
                else: raise AssertionError
    """)


def test_values_come_back_from_an_artifact(script: Script, elsewhere: Callable[..., Any]) -> None:
    """A table that was added is a table again in another process; for one that was only logged, the error says
    how to add it."""
    script("""
        import wandb
        with wandb.init() as run:
            artifact = wandb.Artifact("tables", "dataset")
            artifact.add(wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]), "t")
            run.log_artifact(artifact).wait()
            run.log({"shown": wandb.Table(columns=["a"], data=[[1]])})
            try: run.use_artifact(f"run-{run.id}-shown:v0")
            except wandb.CommError as error: assert "artifact.add(table, name)" in str(error)
            else: raise AssertionError
            try: wandb.Artifact("more", "dataset").add("text", "t")
            except TypeError: pass
            else: raise AssertionError
    """)
    elsewhere("""
        import wandb
        with wandb.init() as run:
            artifact = run.use_artifact("tables:latest")
            table = artifact.get("t")
            assert (table.columns, table.data) == (["a", "b"], [[1, "x"], [2, "y"]])
            assert artifact.get("none") is None and artifact["t"].data == table.data
    """)
