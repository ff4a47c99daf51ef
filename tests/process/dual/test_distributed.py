"""In dual mode every rank is a separate run in wandb, and with PLUTO_RUN_ID all of them are one in Pluto."""

from tests.process.dual.conftest import Stage


def test_the_ranks_of_a_job_are_one_run_in_pluto(stage: Stage) -> None:
    """Two wandb runs, one Pluto run that ends once, and keys of rank 1 apart."""
    done = stage.run(
        """
        import os, subprocess, sys
        if "RANK" not in os.environ:
            job = {**os.environ, "WORLD_SIZE": "2", "PLUTO_RUN_ID": "shared"}
            ranks = [subprocess.Popen([sys.executable, __file__], env={**job, "RANK": str(rank)}) for rank in range(2)]
            sys.exit(max(rank.wait() for rank in ranks))
        import time, wandb
        rank = int(os.environ["RANK"])
        run = wandb.init()
        for step in range(50):
            run.log({"loss": rank * 100 + step})
        assert dict(run.summary)["loss"] == rank * 100 + 49
        if rank:
            time.sleep(1)
            run.log({"late": 1})
        print("as", run.id)
        """,
        TMPDIR=str(stage.folder),
    )
    ids = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("as ")}
    assert len(ids) == 2
    assert {file.stem for file in stage.folder.glob("wandb/offline-run-*/run-*.wandb")} == {f"run-{id}" for id in ids}
    run = stage.server.ended(stage.project)
    assert [one["to"] for one in run["statusHistory"]] == ["RUNNING", "COMPLETED"]
    assert stage.arrived("loss") == {step: step for step in range(50)}
    assert stage.arrived("rank1/loss") == {step: 100 + step for step in range(50)}
    assert stage.arrived("rank1/late") == {50: 1}
