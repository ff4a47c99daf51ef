"""Threads, forked and spawned processes log to one run; nothing is lost, torn or mixed up, and no process hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.native_runs import recorded
from tests.helpers.server_state import Script, Server
from tests.process.faults.conftest import ROUNDS
from wandb_compat.spool import journal

STORMS = 9 * ROUNDS


def points(server: Server, project: str, name: str) -> list[tuple[int, float]]:
    """Return step and value of every row of a metric of the project's only run."""
    run = server.ended(project)
    return [(row["step"], row["value"]) for row in server.metrics(project, run["id"], name)]


def test_many_threads(script: Script, server: Server, project: str) -> None:
    """Rows of many threads all arrive, those of each in its order, and each row has its own step."""
    script(
        """
        import threading, wandb
        run = wandb.init()
        def log(number):
            for value in range(500):
                run.log({f"thread{number}": value})
        threads = [threading.Thread(target=log, args=(number,)) for number in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert run.step == 8000
        """
    )
    steps: list[float] = []
    for number in range(16):
        found = points(server, project, f"thread{number}")
        assert [value for _, value in found] == list(range(500))
        steps += [step for step, _ in found]
    assert sorted(steps) == list(range(8000))


def test_workers_of_a_data_loader(script: Script, server: Server, project: str) -> None:
    """A dataset that logs does so from forked and from spawned workers of PyTorch, beside the training loop."""
    script(
        """
        import torch, wandb
        from torch.utils.data import DataLoader, Dataset

        class Numbers(Dataset):
            def __init__(self, run, kind):
                self.run, self.kind = run, kind
            def __len__(self):
                return 60
            def __getitem__(self, index):
                worker = torch.utils.data.get_worker_info().id
                self.run.log({f"{self.kind}{worker}": index}, step=index)
                return index

        if __name__ == "__main__":
            run = wandb.init()
            for kind in ("fork", "spawn"):
                loader = DataLoader(Numbers(run, kind), batch_size=4, num_workers=2, multiprocessing_context=kind)
                for number, batch in enumerate(loader):
                    run.log({kind: int(batch.sum())})
        """
    )
    for kind in ("fork", "spawn"):
        assert [value for _, value in points(server, project, kind)] == [16 * n + 6 for n in range(15)]
        indexes = sorted(points(server, project, f"{kind}0") + points(server, project, f"{kind}1"))
        assert indexes == [(index, index) for index in range(60)]
    assert server.ended(project)["status"] == "COMPLETED"


def test_spawned_processes_attach(script: Script, server: Server, project: str) -> None:
    """By a pickled run, `wandb.attach` and `wandb._attach`: rows, media, config and summary reach the one run."""
    script(
        """
        import multiprocessing, numpy, subprocess, sys, wandb

        def by_pickle(run, number):
            assert wandb.run is run and run.project and dict(run.config)["lr"] == 0.1
            for value in range(200):
                run.log({f"pickle{number}": value}, step=value)
            run.summary[f"of{number}"] = number
            run.config.update({f"config{number}": number})
            run.finish(1)  # ends this process's part and not the run

        def by_id(attach_id, attach):
            run = getattr(wandb, attach)(attach_id)
            assert run.id == "attached-to" and run.step > 0
            wandb.log({attach: 1, "image": wandb.Image(numpy.eye(2))})
            sys.exit(3)

        if __name__ == "__main__":
            run = wandb.init(id="attached-to", config={"lr": 0.1})
            run.log({"parent": 0})
            import time; time.sleep(0.2)
            spawn = multiprocessing.get_context("spawn")
            workers = [spawn.Process(target=by_pickle, args=(run, number)) for number in range(2)]
            workers += [spawn.Process(target=by_id, args=(run._attach_id, "_attach"))]
            workers += [spawn.Process(target=by_id, args=("attached-to", "attach"))]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
            assert [worker.exitcode for worker in workers] == [0, 0, 3, 3]
            run.log({"parent": 1})
            run.finish()
            try:
                code = "import sys, wandb; wandb.attach(sys.argv[1])"
                subprocess.run([sys.executable, "-c", code, "attached-to"], check=True, capture_output=True, text=True)
            except subprocess.CalledProcessError as error:
                assert "No process of this user" in error.stderr, error.stderr
            else:
                raise AssertionError("a run that has ended was attached to")
        """
    )
    run = server.ended(project)
    for number in range(2):
        assert points(server, project, f"pickle{number}") == [(value, value) for value in range(200)]
        assert run["config"][f"config{number}"] == number
        assert run["config"]["wandb"]["summary"][f"of{number}"] == number
    assert [value for _, value in points(server, project, "parent")] == [0, 1]
    assert len(points(server, project, "attach")) == len(points(server, project, "_attach")) == 1
    # What a process has logged is in the summary, however it ends.
    assert {"pickle0", "attach"} <= run["config"]["wandb"]["summary"].keys()
    files = server.get("/api/runs/files", projectName=project, runId=run["id"])["files"]
    assert [file["logName"] for file in files].count("image") == 2
    assert run["status"] == "COMPLETED"


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(5)", "run.finish(1); os._exit(0)"])
def test_forks_in_a_storm_of_rows(script: Script, tmp_path: Path, end: str) -> None:
    """However a thread logs while another one forks, no child hangs, no row is lost or torn, and the run goes on."""
    storms = STORMS // 3 if "sys.exit" in end else STORMS  # an interpreter takes its time to end
    script(
        f"""
        import os, sys, threading, time, wandb
        run = wandb.init(mode="offline")
        over = threading.Event()
        written = [0, 0]
        def storm(number):
            while not over.is_set():
                run.log({{f"storm{{number}}": written[number], "text": "x" * 100}})
                written[number] += 1
        threads = [threading.Thread(target=storm, args=(number,)) for number in range(2)]
        for thread in threads: thread.start()
        for round in range({storms}):
            child = os.fork()
            if not child:
                for value in range(20):
                    run.log({{f"child{{round}}": value}})
                {end}
            deadline = time.monotonic() + 60
            while os.waitpid(child, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(child, 9)
                    raise SystemExit(f"child of round {{round}} hangs")
                time.sleep(0.002)
        over.set()
        for thread in threads: thread.join()
        run.config["written"] = written
        """,
        seconds=120 + 5 * storms,
    )
    run = recorded(tmp_path / "work")
    (written,) = [one["values"]["written"] for one in run.all("config") if "written" in one["values"]]
    assert run.one("exit")["state"] == "completed"
    for number in range(2):
        values = [row["data"][f"storm{number}"] for row in run.all("row") if f"storm{number}" in row["data"]]
        assert values == list(range(written[number]))
    for round in range(storms):
        values = [row["data"][f"child{round}"] for row in run.all("row") if f"child{round}" in row["data"]]
        assert values == list(range(20)), round
    for file in journal.files(run.home):
        content = file.read_bytes()
        assert content.count(b"\n") == len(list(journal.scan(content))), f"{file} holds a torn record"


def test_children_of_a_run_online(script: Script, server: Server, project: str) -> None:
    """Forked children that end before, with and after one another, by any way, leave the run RUNNING until its end."""
    script(
        f"""
        import os, sys, time, wandb
        run = wandb.init()
        run.log({{"parent": 0}})
        children = []
        for round in range({10 * ROUNDS}):
            if not (child := os.fork()):
                for value in range(50):
                    run.log({{f"child{{round}}": value}}, step=value)
                if round % 3 == 0:
                    run.finish(1)
                if round % 3 == 1:
                    os._exit(9)
                sys.exit(7)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        time.sleep(1)
        run.log({{"parent": 1}})
        """
    )
    for round in range(10 * ROUNDS):
        assert points(server, project, f"child{round}") == [(value, value) for value in range(50)]
    run = server.ended(project)
    assert [one["to"] for one in run["statusHistory"]] == ["RUNNING", "COMPLETED"]
