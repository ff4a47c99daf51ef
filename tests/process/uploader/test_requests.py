"""How many requests a run makes: a server with thousands of runs needs gentle clients."""

from collections import Counter

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Script, Server
from tests.process.faults.conftest import environment, project, script, server

__all__ = ["environment", "project", "script", "server"]

ROWS = 60
STEADY = f"""
    import time, wandb
    run = wandb.init(config={{"lr": 0.1}}, tags=["first"])
    for step in range({ROWS}):
        run.log({{"loss": step, "accuracy": step / 7, "note": f"note {{step}}"}})
        run.config[f"key{{step}}"] = step
        run.tags = ["first", f"tag{{step}}"]
        print("line", step)
        time.sleep(0.05)
    run.finish()
"""
IDLE = """
    import time, wandb
    run = wandb.init(settings=wandb.Settings(x_disable_stats=True))
    run.log({"loss": 1})
    time.sleep(3)
    run.finish()
"""


def counts(proxy: FaultProxy) -> Counter[str]:
    """Return how often each route was called, numbers in paths aside."""
    return Counter(call.path.partition("?")[0].rpartition("/")[2] for call in proxy.calls)


def test_a_steady_run(script: Script, proxy: FaultProxy, server: Server, project: str) -> None:
    """Rows, texts, console lines, configuration and tags of many steps share requests, and all of them arrive."""
    script(STEADY, **proxy.environment())
    found = counts(proxy)
    assert found["create"] == 1 and found["details"] == 0
    for route in ("metrics", "data", "logs"):
        assert 1 <= sum(call.method == "POST" and call.path.endswith(f"/ingest/{route}") for call in proxy.calls) <= 12
    # The keys of each type once, and those of system metrics.
    assert found["add"] <= 5, found
    updates = Counter(call.path.split("/")[-2] for call in proxy.calls if call.path.endswith("/update"))
    assert updates["config"] <= 12 and updates["tags"] <= 12 and updates["status"] == 1
    run = server.ended(project)
    assert {run["config"][f"key{step}"] for step in range(ROWS)} == set(range(ROWS))
    assert run["tags"] == ["first", f"tag{ROWS - 1}"]
    assert [row["value"] for row in server.metrics(project, run["id"], "loss")] == list(range(ROWS))


def test_an_idle_run_sends_heartbeats_only(script: Script, proxy: FaultProxy) -> None:
    """Between its first row and its end a run that logs nothing asks for nothing but to be known alive."""
    script(IDLE, WANDB_COMPAT_HEARTBEAT="0.1", **proxy.environment())
    paths = [call.path.partition("?")[0] for call in proxy.calls]
    beats = [index for index, path in enumerate(paths) if path.endswith("/trigger")]
    middle = paths[beats[len(beats) // 2] : beats[len(beats) * 3 // 4] + 1]
    assert len(middle) >= 2
    assert {path.rpartition("/")[2] for path in middle} == {"trigger"}
