"""A run from `init` to `finish`: what it is called, where it lies, what it sends, and how it ends."""

from typing import Any

import pytest

# On disk


# Modes


# Several runs


# The end


@pytest.mark.parametrize(
    ("ending", "state", "code"),
    [
        ("", "completed", 0),
        ("raise ValueError('boom')", "failed", 1),
        ("raise KeyboardInterrupt", "terminated", 255),
        ("sys.exit(3)", "failed", 3),
        ("sys.exit()", "completed", 0),
        ("sys.exit('no')", "failed", 1),
    ],
)
def test_a_script_that_just_ends_finishes_its_run(ending: str, state: str, code: int, script: Any) -> None:
    """Without `finish`, the last rows are kept and the state follows from how the script ended."""
    ended = script(f"import wandb\nwandb.init()\nwandb.log({{'a': 1}})\n{ending}")
    assert ended.run.rows() == [(0, {"a": 1})]
    assert (ended.run.one("exit")["state"], ended.run.one("exit")["code"]) == (state, code)
    assert ("boom" in ended.err) == ("boom" in ending)


def test_leaving_a_thread_is_no_failure_of_the_script(script: Any) -> None:
    """`sys.exit(1)` in a worker thread ends the thread alone."""
    ended = script(
        """
        import threading, wandb
        wandb.init()
        thread = threading.Thread(target=lambda: sys.exit(1))
        thread.start()
        thread.join()
        """
    )
    assert ended.run.one("exit")["state"] == "completed"


def test_the_hooks_of_the_script_are_called_as_before(script: Any) -> None:
    """`sys.excepthook` and `sys.exit` that the script has set stay in effect."""
    ended = script(
        """
        def mine(kind, error, trace):
            print("mine", error)
        sys.excepthook = mine
        import wandb
        wandb.init()
        raise ValueError("boom")
        """
    )
    assert "mine boom" in ended.out
    assert ended.run.one("exit")["state"] == "failed"


def test_a_forked_child_does_not_end_the_run_of_its_parent(script: Any) -> None:
    """A child that ends by `sys.exit`, or calls `finish`, leaves the run alone; what it logs arrives."""
    ended = script(
        """
        import os, wandb
        run = wandb.init()
        run.log({"parent": 0})
        for how in ("exit", "finish"):
            child = os.fork()
            if not child:
                run.log({"child": 1}, step=5)
                if how == "finish":
                    run.finish(exit_code=1)
                sys.exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        run.log({"parent": 1})
        """
    )
    assert ended.code == 0, ended.err
    assert ended.run.one("exit")["state"] == "completed"
    assert sorted(ended.run.rows(), key=str) == [
        (0, {"parent": 0}),
        (5, {"child": 1}),
        (5, {"child": 1}),
        (5, {"parent": 1}),  # the processes count the steps together
    ]


def test_a_forked_child_begins_a_run_of_its_own(script: Any) -> None:
    """`wandb.init` in a child does not return the run of its parent, and the child's run ends with the child."""
    ended = script(
        """
        import os, wandb
        parent = wandb.init(project="parent")
        if not os.fork():
            run = wandb.init(project="child")
            assert run is not parent and wandb.run is run
            run.log({"child": 1})
            sys.exit(3)
        os.wait()
        assert wandb.run is parent
        """
    )
    assert ended.code == 0, ended.err
    homes = [path for path in (ended.folder / "wandb").iterdir() if not path.is_symlink()]
    ends = {run.one("start")["project"]: run.one("exit")["code"] for run in map(type(ended.run), homes)}
    assert ends == {"parent": 0, "child": 3}


def test_a_child_can_log_although_a_thread_was_logging_when_it_was_forked(script: Any) -> None:
    """The lock that the other thread held is not inherited locked."""
    ended = script(
        """
        import os, threading, wandb
        run = wandb.init()
        held = threading.Event()
        release = threading.Event()
        def hold():
            with run._history.lock:
                held.set()
                release.wait()
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        child = os.fork()
        if not child:
            run.log({"child": 1})
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        release.set()
        thread.join()
        assert status == 0
        """
    )
    assert ended.code == 0, ended.err
    assert (0, {"child": 1}) in ended.run.rows()


def test_no_home_directory_is_fine(script: Any) -> None:
    """A container without HOME and without a writable home logs all the same."""
    ended = script(
        "import wandb\nwandb.init().log({'a': 1})", HOME="/nonexistent", XDG_DATA_HOME="", WANDB_MODE="online"
    )
    assert ended.code == 0, ended.err
    assert ended.run.rows() == [(0, {"a": 1})]


@pytest.mark.parametrize("process", ["the run's own", "a fork"])
def test_a_signal_handler_may_log_while_its_thread_logs(script: Any, process: str) -> None:
    """A handler that interrupts `log` and logs itself does not hang, and every row of both is there once."""
    ended = script(
        f"""
        import itertools, os, signal, wandb
        run = wandb.init()
        if {process == "a fork"} and os.fork():
            os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
        alarms = itertools.count()
        signal.signal(signal.SIGALRM, lambda *_: run.log({{"alarm": next(alarms)}}))
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for value in range(20000):
            run.log({{"a": value}})
        signal.setitimer(signal.ITIMER_REAL, 0)
        """
    )
    assert ended.code == 0, ended.err
    rows = [row for _, row in ended.run.rows()]
    assert [row["a"] for row in rows if "a" in row] == list(range(20000))
    alarms = sorted(row["alarm"] for row in rows if "alarm" in row)
    assert alarms == list(range(len(alarms))) and alarms


@pytest.mark.parametrize("console", ["wrap", "redirect"])
def test_a_flood_of_lines_does_not_fill_the_memory(script: Any, console: str) -> None:
    """Who prints faster than lines can be taken in is held up for moments; every line is kept."""
    ended = script(
        """
        import psutil, wandb
        wandb.init()
        size = lambda: psutil.Process().memory_info().rss / 1024**2
        before = size()
        for number in range(60_000):
            print("line", number)
        open("grown", "w").write(str(size() - before))
        """,
        WANDB_CONSOLE=console,
    )
    assert ended.code == 0, ended.err
    kept = [line["message"] for line in ended.run.all("console") if line["message"].startswith("line")]
    assert kept == [f"line {number}" for number in range(60_000)]
    assert float((ended.folder / "grown").read_text()) < 6  # MiB


@pytest.mark.parametrize("console", ["wrap", "redirect"])
def test_where_no_thread_can_be_started(script: Any, console: str) -> None:
    """A limit on processes that is reached, which does not bind root: rows, media and files are kept all the same."""
    ended = script(
        """
        import threading
        import numpy, wandb
        def refuse(*about, **more): raise RuntimeError("can't start new thread")
        threading._start_new_thread = threading._start_joinable_thread = refuse  # the second since Python 3.13
        run = wandb.init(sync_tensorboard=True)
        for value in range(100):
            run.log({"a": value})
        run.log({"image": wandb.Image(numpy.eye(8))})
        open("kept.txt", "w").write("x")
        run.save("kept.txt", policy="live")
        print("trained")
        """,
        WANDB_CONSOLE=console,
    )
    assert ended.code == 0 and "trained" in ended.out, ended.err
    assert "Traceback" not in ended.err and ended.err.count("refuses a new thread: each row is written") == 1
    assert [row["a"] for _, row in ended.run.rows() if "a" in row] == list(range(100))
    assert {record["key"] for record in ended.run.all("file")} >= {"image", "save/kept.txt"}


# Odd values


# The key
