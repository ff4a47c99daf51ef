"""Files that scripts save, write into `run.dir` or log as code arrive, each under its own path."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.server_state import Script
from tests.process.artifacts.conftest import Arrived


def saved(arrived: Arrived) -> dict[str, bytes]:
    """Return what has arrived as saved files, by path."""
    return {key.removeprefix("save/"): data for key, data in arrived.files().items() if key.startswith("save/")}


def test_folders_are_kept_and_equal_names_do_not_meet(script: Script, arrived: Arrived) -> None:
    """A glob keeps the folders below `base_path`, and returns the paths in the run's folder as wandb does."""
    script("""
        import os, wandb
        for name in ("a/x.txt", "b/x.txt", "b/deep/x.txt", "b/y.bin"):
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w") as f: f.write(name)
        with wandb.init() as run:
            assert wandb.save("a/*.txt") == [os.path.join(run.dir, "a/x.txt")]
            assert os.path.islink(os.path.join(run.dir, "a/x.txt"))
            assert wandb.save("b/deep/*", base_path="b", policy="now") == [os.path.join(run.dir, "deep/x.txt")]
            assert wandb.save("b", policy="end") == [os.path.join(run.dir, "b")]
            assert run.save(os.path.abspath("b/y.bin")) == [os.path.join(run.dir, "b/y.bin")]
            assert run.save(b"a/x.txt") == run.save("a/x.txt", glob=False)
            assert run.save() is True and run.save("*.nothing") == [] and run.save("s3://b/k") == []
    """)
    assert saved(arrived) == {
        "a/x.txt": b"a/x.txt",
        "deep/x.txt": b"b/deep/x.txt",
        "b/x.txt": b"b/x.txt",
        "b/y.bin": b"b/y.bin",
        "b/deep/x.txt": b"b/deep/x.txt",
    }


def test_policies(script: Script, arrived: Arrived) -> None:
    """`now` sends what is there, `live` what is there in the end, `end` too; a file deleted at once has arrived."""
    script("""
        import os, wandb
        def write(name, text):
            with open(name, "w") as f: f.write(text)
        for name in ("now", "live", "end", "gone"): write(name, "first")
        with wandb.init() as run:
            wandb.save("now", policy="now")
            wandb.save("live")
            wandb.save("end", policy="end")
            wandb.save("gone")
            os.unlink("gone")
            for name in ("now", "live", "end"): write(name, "then more")
            write(os.path.join(run.dir, "own.txt"), "written into run.dir")
    """)
    assert saved(arrived) == {
        "now": b"first",
        "live": b"then more",
        "end": b"then more",
        "gone": b"first",
        "own.txt": b"written into run.dir",
    }


def test_a_live_file_is_sent_while_the_run_goes_on(script: Script, arrived: Arrived) -> None:
    """A change of a live file reaches the server before the run ends, also when the script is killed."""
    script(
        """
        import os, signal, time, wandb
        run = wandb.init()
        with open("log.txt", "w") as f: f.write("one")
        wandb.save("log.txt")
        time.sleep(1)
        with open("log.txt", "a") as f: f.write(" two")
        time.sleep(5)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        code=-9,
    )
    deadline = time.monotonic() + 20
    while (found := saved(arrived)) != {"log.txt": b"one two"} and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == {"log.txt": b"one two"}


def test_what_cannot_be_saved_is_said_and_the_rest_arrives(script: Script, arrived: Arrived) -> None:
    """Links in a circle, links to nothing, unreadable and special files, empty ones, odd and long names: everything
    that can be read arrives, the rest is named in a warning."""
    long = "x" * 251 + ".txt"
    done = script(f"""
        import os, wandb
        os.makedirs("d/sub")
        for name in ("日本.txt", "中国.txt", "with blank", "a..b", "empty", {long!r}):
            with open("d/" + name, "w") as f: f.write("" if name == "empty" else name)
        os.symlink(".", "d/sub/circle"); os.mkfifo("d/pipe")
        os.symlink("nowhere", "d/dangling")
        with wandb.init() as run:
            wandb.save("d/*", policy="now")
            wandb.save("d/empty")
            with open("growing", "w") as f:
                f.write("start "); f.flush()
                wandb.save("growing")
                f.write("end")
    """)
    assert "dangling" in done.stderr and "pipe is not a regular file" in done.stderr
    found = saved(arrived)
    findings = sorted(data.decode() for key, data in found.items() if key not in ("d/empty", "growing"))
    assert findings == sorted(["日本.txt", "中国.txt", "with blank", "a..b", long])
    assert (found["d/empty"], found["growing"]) == (b"", b"start end")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_unreadable_files_are_said(script: Script, arrived: Arrived) -> None:
    """A file without permission to read is named in a warning when it is saved, and refused, as with wandb, by media
    and artifacts; everything else of the script arrives."""
    done = script("""
        import os, sys
        if os.geteuid() == 0 and sys.argv[1:] != ["again"]:  # root reads everything, unless it gives that right up
            rights = "-dac_override,-dac_read_search"
            os.execvp("setpriv", ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", sys.executable,
                                  *sys.argv, "again"])
        import numpy, wandb
        from PIL import Image
        for name in ("open.txt", "closed.txt", "closed.wav", "closed.pdb"):
            with open(name, "w") as f: f.write(name)
        Image.fromarray(numpy.zeros((2, 2, 3), numpy.uint8)).save("closed.png")
        sound, molecule = wandb.Audio("closed.wav"), wandb.Molecule("closed.pdb")
        for name in ("closed.txt", "closed.wav", "closed.pdb", "closed.png"): os.chmod(name, 0)
        with wandb.init() as run:
            artifact = wandb.Artifact("art", "dataset")
            artifact.add_file("open.txt")
            for what in (lambda: wandb.Image("closed.png"), lambda: artifact.add_file("closed.txt"),
                         lambda: artifact.add_dir("."),
                         lambda: run.log({"x": sound}), lambda: run.log({"x": molecule})):
                try: what()
                except PermissionError as error: assert "closed" in str(error), error
                else: raise AssertionError(what)
            wandb.save("*.txt")
            run.log({"loss": 1})
    """)
    assert "closed.txt cannot be saved" in done.stderr
    assert saved(arrived) == {"open.txt": b"open.txt"}


def test_ignored_files_stay(script: Script, arrived: Arrived) -> None:
    """WANDB_IGNORE_GLOBS keeps files out."""
    script(
        """
        import wandb
        for name in ("a.pt", "b.txt"):
            with open(name, "w") as f: f.write(name)
        with wandb.init() as run:
            wandb.save("?.*", policy="end")
        """,
        WANDB_IGNORE_GLOBS="*.pt,c*",
    )
    assert saved(arrived).keys() == {"b.txt"}


def test_wrong_use_raises_what_wandb_raises(script: Script) -> None:
    """A policy that does not exist, a path above the base, and saving without a run."""
    script("""
        import wandb
        def refused(kind, text, *args, **kwargs):
            try: wandb.save(*args, **kwargs)
            except kind as error: assert text in str(error), error
            else: raise AssertionError(text)
        refused(wandb.Error, "You must call wandb.init() before wandb.save()", "x")
        with wandb.init() as run:
            refused(ValueError, "policies are currently supported", "x", policy="later")
            refused(ValueError, "Glob may not walk above the base path", "/etc/passwd", base_path="/usr")
            refused(ValueError, "Glob cannot be the same as the base path", "/etc", base_path="/etc")
            refused(ValueError, "Glob may not start with '*'", "/etc/*", base_path="/etc")
    """)


def test_a_saved_file_can_be_restored(script: Script, elsewhere: Callable[..., Any], tmp_path: Path) -> None:
    """`restore` brings a file back on another machine by wandb's run id, open for reading."""
    script("""
        import os, wandb
        os.mkdir("ck")
        with open("ck/最.txt", "w") as f: f.write("state")
        with wandb.init(id="run-a") as run:
            wandb.save("ck/最.txt")
    """)
    elsewhere("""
        import os, wandb
        project = os.environ["WANDB_PROJECT"]
        file = wandb.restore("ck/最.txt", run_path=f"someone/{project}/run-a")
        assert file.read() == "state" and os.path.samefile(file.name, "ck/最.txt")
        with open("ck/最.txt", "w") as f: f.write("mine")
        assert wandb.restore("ck/最.txt", run_path=f"{project}/run-a").read() == "mine"
        assert wandb.restore("ck/最.txt", run_path=f"{project}/run-a", replace=True, root="r").name == "r/ck/最.txt"
        with wandb.init(id="run-a", resume="allow") as run:
            assert wandb.restore("ck/最.txt").name == os.path.join(run.dir, "ck/最.txt")
        for call, kind in ((lambda: wandb.restore("no", f"{project}/run-a"), ValueError),
                           (lambda: wandb.restore("no", f"{project}/run-b"), wandb.CommError)):
            try: call()
            except kind: pass
            else: raise AssertionError
    """)


def test_code_is_logged(script: Script, elsewhere: Callable[..., Any], arrived: Arrived) -> None:
    """`log_code` takes what the functions choose, functions of one and two arguments alike; the default is Python.

    What git ignores is taken all the same, as wandb does.
    """
    script(
        """
        import os, subprocess, wandb
        os.makedirs("pkg/skipped"); os.makedirs("wandb", exist_ok=True)
        for name in ("pkg/a.py", "pkg/skipped/b.py", "pkg/data.csv", "requirements.txt", "wandb/x.py", "secret.py"):
            with open(name, "w") as f: f.write(name)
        subprocess.run(["git", "init", "-q"], check=True)
        with open(".gitignore", "w") as f: f.write("secret.py")
        with wandb.init() as run:
            code = run.log_code(".", name="all").wait()
            assert code.type == "code"
            chosen = run.log_code("pkg", name="chosen", include_fn=lambda path: path.endswith((".py", ".csv")),
                                  exclude_fn=lambda path, root: os.path.relpath(path, root).startswith("skipped"))
            chosen.wait()
            assert sorted(chosen.manifest.entries) == ["a.py", "data.csv"]
            assert run.log_code("pkg", include_fn=lambda path: False) is None
            assert run.log_code("pkg").name.startswith("source-")
        """,
        WANDB_SAVE_CODE="true",
    )
    elsewhere("""
        import wandb
        with wandb.init() as run:
            artifact = run.use_artifact("all:latest")
            assert sorted(artifact.manifest.entries) == [
                "pkg/a.py", "pkg/skipped/b.py", "requirements.txt", "secret.py", "train.py"
            ]
            artifact.verify(artifact.download())
    """)
    assert b"WANDB" not in saved(arrived)["code/train.py"] and b"log_code" in saved(arrived)["code/train.py"]


def test_the_folder_has_what_tools_expect(script: Script, tmp_path: Path) -> None:
    """`run.dir` holds wandb's files after a run: requirements, metadata, configuration, summary, console."""
    script(
        """
        import time, wandb
        with wandb.init(config={"a": 1}) as run:
            run.log({"x": 2})
            print("printed")
            time.sleep(1)
        """
    )
    folder = tmp_path / "work" / "wandb" / "latest-run" / "files"
    assert "requests==" in (folder / "requirements.txt").read_text()
    assert "value: 1" in (folder / "config.yaml").read_text()
    assert '"x": 2' in (folder / "wandb-summary.json").read_text()
    assert "train.py" in (folder / "wandb-metadata.json").read_text()
    assert "printed" in (folder / "output.log").read_text()


def test_changes_that_no_commit_holds(script: Script, arrived: Arrived, tmp_path: Path) -> None:
    """With `save_code` what differs from the last commit and from upstream is there, byte by byte."""
    work, upstream = tmp_path / "work", tmp_path / "upstream.git"
    who = ("-c", "user.name=n", "-c", "user.email=e@example.com")

    def git(*line: str, cwd: Path = work) -> bytes:
        return subprocess.run(["git", *who, *line], cwd=cwd, check=True, capture_output=True).stdout

    work.mkdir()
    text = "import wandb\nwandb.init().finish()\n"
    (work / "train.py").write_text(text)
    (work / "latin.txt").write_bytes(b"\xe4\n")
    (work / ".gitignore").write_text("wandb\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("clone", "-q", "--bare", str(work), str(upstream), cwd=tmp_path)
    git("remote", "add", "origin", str(upstream))
    git("fetch", "-q", "origin")
    git("branch", "-q", "--set-upstream-to=origin/main")
    git("commit", "-q", "--allow-empty", "-m", "second")
    script(text, WANDB_SAVE_CODE="true")
    assert saved(arrived).keys() == {"code/train.py"}
    (work / "latin.txt").write_bytes(b"\xf6\r\n")
    script(text, WANDB_SAVE_CODE="true")
    found = saved(arrived)
    assert found["diff.patch"] == git("diff", "HEAD") and b"+\xf6\r\n" in found["diff.patch"]
    sha = git("rev-parse", "origin/main").decode().strip()
    assert found[f"diff_{sha}.patch"] == git("diff", "origin/main")
    assert (work / "wandb" / "latest-run" / "files" / "diff.patch").read_bytes() == found["diff.patch"]
