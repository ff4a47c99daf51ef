"""The ranks of a distributed job that share PLUTO_RUN_ID are one run on the server."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.server_state import Server
from tests.process.faults.conftest import ROUNDS

RANKS = 2 if ROUNDS == 1 else 8
ROWS = 200
TRAIN = """
    import os, sys, time
    import torch, torch.distributed as dist
    import wandb

    dist.init_process_group("gloo")
    rank = dist.get_rank()
    run = wandb.init(config={"world": dist.get_world_size()}, tags=[f"of{rank}"])
    for step in range(ROWS):
        total = torch.tensor([float(rank)])
        dist.all_reduce(total)
        run.log({"loss": rank * 1000 + step, f"speed_rank{rank}": step, "text": f"{rank}:{step}"}, step=step)
    run.log({"plot": wandb.plot.bar(wandb.Table(["x", "y"], [[rank, 2]]), "x", "y")})
    run.summary["best"] = rank
    print("printed by", rank)
    order = os.environ["ORDER"]
    if order == "first" and rank != 0:  # rank 0 is done long before the others
        time.sleep(2)
        run.log({"late": rank}, step=ROWS)
    if order == "last" and rank == 0:
        time.sleep(2)
    began = time.monotonic()
    run.finish(int(os.environ["CODE"]) if rank == 0 else 0)
    print(f"rank {rank} finished in {time.monotonic() - began:.1f} s as {run.id}", file=sys.stderr)
    assert run.resumed is False  # another rank that has made the run on the server is not an earlier part of it
    dist.destroy_process_group()
"""


@pytest.mark.parametrize(("order", "code", "state"), [("first", 3, "FAILED"), ("last", 0, "COMPLETED")])
def test_the_ranks_of_a_job_are_one_run(
    environment: dict[str, str], server: Server, project: str, tmp_path: Path, order: str, code: int, state: str
) -> None:
    """All rows arrive under separate names, the run ends once, as rank 0 says, and no rank waits for another."""
    done = torchrun(environment, tmp_path, PLUTO_RUN_ID="shared", ORDER=order, CODE=str(code))
    run = server.ended(project)
    assert events(run) == [state], done.stderr
    steps = range(ROWS)
    for rank in range(RANKS):
        name = f"rank{rank}/loss" if rank else "loss"
        found = [(row["step"], row["value"]) for row in server.metrics(project, run["id"], name)]
        assert found == [(step, rank * 1000 + step) for step in steps], name
        own = server.metrics(project, run["id"], f"speed_rank{rank}")
        assert [row["step"] for row in own] == list(steps)
        if order == "first" and rank:
            assert len(server.metrics(project, run["id"], f"rank{rank}/late")) == 1
    assert set(run["tags"]) == {f"of{rank}" for rank in range(RANKS)}
    about = run["config"]["wandb"]
    assert run["config"]["world"] == RANKS
    assert about["summary"]["best"] == 0 and about["summary"]["rank1/best"] == 1
    assert about["summary"]["_step"] == ROWS - 1
    assert {one["key"] for one in about["custom_charts"]} == {"plot", *(f"rank{r}/plot" for r in range(1, RANKS))}
    output = [one["message"] for one in server.get("/api/runs/logs", projectName=project, runId=run["id"])["logs"]]
    assert all(output.count(f"[rank{rank}] printed by {rank}") == 1 for rank in range(RANKS))
    spent = {
        int(rank): float(seconds) for rank, seconds in re.findall(r"rank (\d+) finished in ([0-9.]+)", done.stderr)
    }
    assert len(spent) == RANKS and len(set(re.findall(r" s as (\w+)", done.stderr))) == RANKS
    assert max(spent.values()) < 30
    assert [file.name for file in Path(environment["TMPDIR"]).glob("wandb-compat-*/ranks-*/*")] == ["ended"]


def test_a_late_rank_does_not_leave_the_run_open(
    environment: dict[str, str], server: Server, project: str, tmp_path: Path
) -> None:
    """A rank that begins when rank 0 has ended the run adds its rows, and the run ends again with rank 0's state."""
    text = "import wandb, time, os\nrun = wandb.init()\nrun.log({'a': 1})\n"
    job = {**environment, "WORLD_SIZE": "3", "PLUTO_RUN_ID": "shared", "TMPDIR": str(tmp_path)}

    def rank(number: int, more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", text + more], cwd=tmp_path, env={**job, "RANK": str(number)})

    assert rank(0, "run.finish(5)").wait() == 0
    assert server.ended(project)["status"] == "FAILED"
    assert rank(1, "").wait() == 0
    run = server.ended(project)
    assert run["status"] == "FAILED"
    assert [len(server.metrics(project, run["id"], name)) for name in ("a", "rank1/a")] == [1, 1]


def test_without_a_shared_id_each_rank_is_a_run(
    environment: dict[str, str], server: Server, project: str, tmp_path: Path
) -> None:
    """As with wandb: two ranks that call `init` are two runs, with plain names."""
    text = "import wandb\nwandb.init().log({'loss': 1})"
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", text],
            cwd=tmp_path,
            env={**environment, "RANK": str(rank), "WORLD_SIZE": "2", "TMPDIR": str(tmp_path)},
        )
        for rank in range(2)
    ]
    assert [rank.wait() for rank in ranks] == [0, 0]
    runs = server.get("/api/runs/list", projectName=project)["runs"]
    assert [run["status"] for run in runs] == ["COMPLETED"] * 2
    assert all(len(server.metrics(project, run["id"], "loss")) == 1 for run in runs)


def torchrun(environment: dict[str, str], folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the script in every rank and return how the job ended."""
    (folder / "train.py").write_text(textwrap.dedent(TRAIN).replace("ROWS", str(ROWS)))
    temporary = folder / "tmp"
    temporary.mkdir()
    environment.update(TMPDIR=str(temporary), OMP_NUM_THREADS="1", WANDB_COMPAT_LINGER="30")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={RANKS}", "train.py"]
    done = subprocess.run(
        command, cwd=folder, env={**environment, **changes}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done


def events(run: dict[str, Any]) -> list[str]:
    """Return the final states that the run has been in, in order."""
    return [one["to"] for one in run["statusHistory"] if one["to"] != "RUNNING"]
