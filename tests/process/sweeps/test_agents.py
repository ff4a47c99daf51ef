"""Agents: functions and programs, several at once, stopped, killed and started again."""

import json
import os
import signal
import socket
import time
from pathlib import Path

from tests.conftest import Running
from tests.helpers.server_state import Server
from tests.process.sweeps.conftest import Script, Start
from wandb._native.sweeps.trial_log import Trial, TrialLog

TRAIN = """
    import wandb
    def train():
        with wandb.init(project="elsewhere") as run:
            print("TRIED", run.config.x, run.config.opt["lr"], run.sweep_id, run.project, flush=True)
            run.log({"loss": run.config.x * run.config.opt["lr"]})
"""
GRID = {
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"x": {"values": [1, 2]}, "opt": {"parameters": {"lr": {"values": [0.5, 0.25]}}}},
}


def trials(sweep: str) -> list[Trial]:
    """Return the trials of a sweep, which this process can read too."""
    return TrialLog(sweep).trials()


def test_a_function_is_called_with_every_combination(run: Script, sweeps: Path) -> None:
    """The configuration is in `wandb.config`; the sweep has the results; a second agent has nothing to do."""
    output = run(
        script=f"""{TRAIN}
    id = wandb.sweep({GRID}, project="grids")
    wandb.agent(id, train)
    wandb.agent(id, train)
    run = wandb.init(project="own")
    print("AFTER", run.project, run.sweep_id, id)
    """
    )
    (sweep,) = [line.split()[-1] for line in output.splitlines() if line.startswith("AFTER own None")]
    tried = [line.split()[1:] for line in output.splitlines() if line.startswith("TRIED")]
    assert tried == [[x, lr, sweep, "grids"] for lr in ("0.5", "0.25") for x in ("1", "2")]
    assert "Ignoring project 'elsewhere' when running a sweep." in output
    assert [(one.state, one.value) for one in trials(sweep)] == [("finished", v) for v in (0.5, 1.0, 0.25, 0.5)]


def test_runs_carry_their_sweep(run: Script, online: dict[str, str], pluto_server: Running) -> None:
    """On the server each run has the tag, and the whole definition where `pluto migrate` puts it."""
    output = run(
        script=f"""{TRAIN}
    id = wandb.sweep({GRID}, project="swept-runs")
    wandb.agent(id, train, count=2)
    print("ID", id)
    """,
        **online,
    )
    sweep = output.split("ID ")[-1].split()[0]
    server = Server(pluto_server.url, pluto_server.key)
    listed = server.get("/api/runs/list", projectName="swept-runs")["runs"]
    assert len(listed) == 2
    for one in listed:
        details = server.get(f"/api/runs/details/{one['id']}", projectName="swept-runs")
        assert f"sweep:{sweep}" in details["tags"]
        about = details["config"]["wandb"]["sweep"]
        assert about.pop("agent")["host"] == socket.gethostname()
        assert about == {"id": sweep, "config": GRID}


def test_four_agents_share_a_grid(run: Script, start: Start, sweeps: Path) -> None:
    """Each of twelve combinations is tried by one of them, once."""
    definition = {"method": "grid", "parameters": {"x": {"values": list(range(12))}}}
    sweep = run(script=f"import wandb; wandb.sweep({definition}, project='shared')").split()[-1]
    (sweeps.parent.parent / "train.py").write_text(
        "import sys, time, wandb\n"
        "def train():\n"
        "    wandb.init().log({'seen': 1})\n"
        "    time.sleep(0.1)\n"
        "wandb.agent(sys.argv[1], train)\n"
    )
    agents = [start("train.py", sweep) for _ in range(4)]
    for agent in agents:
        stdout, stderr = agent.communicate(timeout=120)
        assert agent.returncode == 0, stdout + stderr
    assert sorted(one.config["x"] for one in trials(sweep)) == list(range(12))
    assert {one.state for one in trials(sweep)} == {"finished"}
    assert len({one.pid for one in trials(sweep)}) > 1


def test_a_killed_agents_trial_is_tried_again(run: Script, start: Start, sweeps: Path) -> None:
    """SIGKILL in the middle of a trial: the next agent tries that combination in a new run, and finishes the sweep."""
    definition = {"method": "grid", "parameters": {"x": {"values": [1, 2]}}}
    sweep = run(script=f"import wandb; wandb.sweep({definition}, project='killed')").split()[-1]
    first = start("-c", f"import time, wandb\nwandb.agent({sweep!r}, lambda: (wandb.init(), time.sleep(600)))")
    while not trials(sweep):
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    first.communicate()
    run(script=f"import wandb\nwandb.agent({sweep!r}, lambda: wandb.init().finish())")
    assert [(one.config["x"], one.state) for one in trials(sweep)] == [
        (1, "crashed"),
        (1, "finished"),
        (2, "finished"),
    ]


def test_a_program_gets_arguments(run: Script, tmp_path: Path, sweeps: Path) -> None:
    """`wandb sweep FILE`, then the `wandb agent` line that it prints: every macro is filled in."""
    (tmp_path / "prog.py").write_text(
        "import json, os, sys, wandb\n"
        "run = wandb.init()\n"
        "print('GOT', json.dumps([sys.argv[1:], dict(run.config), os.environ['WANDB_RUN_ID'] == run.id]), flush=True)\n"
    )
    command = [
        *("${env}", "A=1", "${interpreter}", "${program}", "${args}", "${args_no_hyphens}", "${args_no_boolean_flags}"),
        *("${args_no_equals}", "${args_json}", "${args_json_file}", "${args_append_hydra}", "${args_override_hydra}"),
        *("${envvar:WHO}-x", 3),
    ]
    definition = {
        "method": "random",
        "program": "prog.py",
        "project": "programs",
        "run_cap": 1,
        "command": command,
        "parameters": {"lr": {"value": 0.1}, "on": {"value": True}, "off": {"value": False}},
    }
    (tmp_path / "sweep.yaml").write_text(json.dumps(definition))  # JSON is YAML too
    output = run("-m", "wandb", "sweep", "sweep.yaml")
    line = output.strip().splitlines()[-1].partition("with: python ")[2].split()
    assert line[:3] == ["-m", "wandb", "agent"] and line[3].startswith("programs/")
    out = run(*line, WHO="me")
    (got,) = [json.loads(one[4:]) for one in out.splitlines() if one.startswith("GOT ")]
    words, config, same = got
    json_file = Path(words.pop(15))
    assert json.loads(json_file.read_text(encoding="utf-8")) == {"lr": 0.1, "off": False, "on": True}
    assert words == [
        *("--lr=0.1", "--off=False", "--on=True"),
        *("lr=0.1", "off=False", "on=True"),
        *("--lr=0.1", "--on"),
        *("--lr", "0.1", "--off", "False", "--on", "True"),
        '{"lr": 0.1, "off": false, "on": true}',
        *("+lr=0.1", "+off=False", "+on=True"),
        *("++lr=0.1", "++off=False", "++on=True"),
        *("me-x", "3"),
    ]
    assert config == {"lr": 0.1, "off": False, "on": True} and same


def test_failures_end_an_agent(run: Script, sweeps: Path) -> None:
    """Three failures within a minute end it, fewer do not; the runs are failed and the traceback is shown."""
    definition = {"method": "grid", "parameters": {"x": {"values": list(range(9))}}}
    output = run(
        script=f"""
        import wandb
        def train():
            wandb.init()
            raise RuntimeError("no good")
        id = wandb.sweep({definition}, project="failing")
        wandb.agent(id, train)
        wandb.agent(id, train, max_consecutive_failed_runs=1)
        print("ID", id)
        """
    )
    sweep = output.split("ID ")[-1].split()[0]
    assert [one.state for one in trials(sweep)] == ["failed"] * 4
    assert "Detected 3 failed runs in the first 60 seconds, killing sweep." in output
    assert "Detected 1 consecutive failed runs, killing sweep." in output
    assert output.count("RuntimeError: no good") >= 4


def test_ctrl_c_ends_the_agent_and_its_function(run: Script, start: Start, sweeps: Path) -> None:
    """The function gets an exception, its run fails, the agent returns, and the script goes on."""
    definition = {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    sweep = run(script=f"import wandb; wandb.sweep({definition}, project='stopped')").split()[-1]
    text = (
        "import time, wandb\n"
        "def train():\n"
        "    wandb.init()\n"
        "    for _ in range(1200): time.sleep(0.05)\n"
        f"wandb.agent({sweep!r}, train)\n"
        "print('ON')\n"
    )
    agent = start("-c", text)
    while not trials(sweep):
        assert agent.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    os.kill(agent.pid, signal.SIGINT)
    stdout, stderr = agent.communicate(timeout=60)
    assert "Ctrl + C detected" in stderr and stdout.endswith("ON\n") and agent.returncode == 0
    assert [one.state for one in trials(sweep)] == ["killed"]


def test_a_sweep_is_stopped_from_elsewhere(run: Script, start: Start, sweeps: Path) -> None:
    """`wandb sweep --cancel` ends the trial that is running and the agent with it."""
    definition = {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}}
    sweep = run(script=f"import wandb; wandb.sweep({definition}, project='cancelled')").split()[-1]
    agent = start("-c", f"import time, wandb\nwandb.agent({sweep!r}, lambda: [time.sleep(0.05) for _ in range(1200)])")
    while not trials(sweep):
        assert agent.poll() is None
        time.sleep(0.05)
    run("-m", "wandb", "sweep", "--cancel", sweep)
    _, stderr = agent.communicate(timeout=60)
    assert agent.returncode == 0 and "stopped early" in stderr
    assert [one.state for one in trials(sweep)] == ["killed"]
    assert "Sweep nonesuch not found" in run("-m", "wandb", "sweep", "--stop", "nonesuch", code=1)


def test_a_controller_schedules_trials(run: Script, sweeps: Path) -> None:
    """A user function chooses the trials; agents wait for it, and end when it is done."""
    output = run(
        script="""
        import threading, wandb
        from wandb.wandb_controller import SweepRun
        asked = []
        def choose(definition, runs):
            asked.append(len(runs))
            return SweepRun({"x": {"value": len(runs) * 10}}) if len(runs) < 2 else None
        tuner = wandb.controller()
        tuner.configure_search(choose)
        tuner.configure_parameter("x", min=0, max=100)
        tuner.configure_metric("loss", "minimize")
        id = tuner.create()
        agent = threading.Thread(target=wandb.agent, args=(id, lambda: print("TRIED", wandb.init().config.x)))
        agent.start()
        while not tuner.done():
            tuner.step()
        agent.join()
        tuner.print_status()
        """
    )
    assert [line for line in output.splitlines() if line.startswith("TRIED")] == ["TRIED 0", "TRIED 10"]
    assert "Sweep: " in output and "Finished: 2" in output


def test_a_sweep_lists_its_agents(run: Script, online: dict[str, str]) -> None:
    """`Sweep.agents` follows from the runs: who has started which; an unknown agent is an error."""
    output = run(
        script=f"""{TRAIN}
    id = wandb.sweep({GRID}, project="listed-agents")
    wandb.agent(id, train, count=1)
    wandb.agent(id, train, count=2)
    sweep = wandb.Api().sweep(f"listed-agents/{{id}}")
    first, second = sweep.agents()
    print("FOUND", first.total_runs, second.total_runs, first.state, first.host)
    print("RUNS", len(first.runs()), [run.config["x"] for run in second.runs()])
    print("SAME", sweep.agent(second.id).created_at == second.created_at)
    try:
        sweep.agent("unknown")
    except ValueError as error:
        print(error)
    """,
        **online,
    )
    assert f"FOUND 1 2 FINISHED {socket.gethostname()}" in output
    assert "RUNS 1 [2, 1]" in output and "SAME True" in output
    assert "Could not find agent 'unknown'" in output


def test_enqueue_run_is_tried_next(run: Script, online: dict[str, str]) -> None:
    """`Sweep.enqueue_run` is what the next agent tries, under the name that was given; elsewhere it is refused."""
    output = run(
        script=f"""{TRAIN}
    import os
    id = wandb.sweep({GRID}, project="enqueued")
    wandb.agent(id, train, count=1)
    sweep = wandb.Api().sweep(f"enqueued/{{id}}")
    queued = sweep.enqueue_run({{"x": 9, "opt": {{"lr": 3}}}}, display_name="mine")
    wandb.agent(id, train, count=1)
    run = wandb.Api().run(f"enqueued/{{queued}}")
    print("QUEUED", run.name, run.config["x"], run.summary["loss"], run.sweep_name == id)
    os.environ["PLUTO_DIR"] = "elsewhere"
    try:
        sweep.enqueue_run({{"x": 1}})
    except wandb.errors.UnsupportedError as error:
        print(error)
    """,
        **online,
    )
    assert "QUEUED mine 9 27 True" in output
    assert "set PLUTO_DIR to the directory" in output
