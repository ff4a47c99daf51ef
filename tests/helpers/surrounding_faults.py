"""A training script in dual mode that brings about what goes wrong around it; run by test_isolation.py.

Arguments: what goes wrong, one after the other, each for a separate run. Prints what the training sees.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import wandb

real_popen, real_mkdir, real_open, executable = subprocess.Popen.__init__, os.mkdir, os.open, sys.executable


def no_memory(self, args, *rest, **more):
    if "wandb_compat.uploader" in args:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    return real_popen(self, args, *rest, **more)


def read_only(real):
    def refusing(path, *rest, **more):
        if "/pluto" in str(path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, *rest, **more)

    return refusing


def account(run):
    """Return what the uploader says of a run, once it has reached the server."""
    path = Path(run.settings.sync_dir, "pluto", "journal", "uploader.json")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if path.exists() and (findings := json.loads(path.read_text(encoding="utf-8"))).get("run"):
            return findings
        time.sleep(0.05)
    raise SystemExit("no uploader")


def cancel(run):
    body = {"runId": account(run)["run"], "status": "CANCELLED", "statusMetadata": None, "statusUpdated": None}
    headers = {"Authorization": f"Bearer {os.environ['PLUTO_API_KEY']}", "Content-Type": "application/json"}
    address = os.environ["PLUTO_URL_API"] + "/api/runs/status/update"
    urllib.request.urlopen(urllib.request.Request(address, json.dumps(body).encode(), headers)).close()
    until = time.monotonic() + 60
    while not account(run).get("cancelled") and time.monotonic() < until:
        time.sleep(0.05)


def wait_for_fault(fault, where):
    """Wait until a fault of all requests has hit one: a short run may be over before its uploader has sent any."""
    until = time.monotonic() + 60
    while not where and time.monotonic() < until:
        with urllib.request.urlopen(f"{os.environ['PLUTO_URL_API']}/met/{fault}") as answer:
            if int(answer.read()):
                return
        time.sleep(0.05)


def before(what):
    """Bring about what has to be there when the run begins."""
    if what == "no executable":
        sys.executable = "/nowhere/python"
    elif what == "no memory":
        subprocess.Popen.__init__ = no_memory
    elif what == "read-only":
        os.mkdir, os.open = read_only(real_mkdir), read_only(real_open)
    elif what.startswith("fault "):
        _, fault, where = what.split(" ")
        urllib.request.urlopen(f"{os.environ['PLUTO_URL_API']}/fault/{fault}/{where}").close()


def during(what, run):
    """Bring about what comes in the middle of a run."""
    if what == "uploader killed":
        os.kill(account(run)["pid"], signal.SIGKILL)
    elif what == "cancelled":
        cancel(run)
    elif what.startswith("fault "):
        wait_for_fault(*what.split(" ")[1:])
    elif what == "disk full":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def after(what):
    """Make everything well again."""
    sys.executable, subprocess.Popen.__init__, os.mkdir, os.open = executable, real_popen, real_mkdir, real_open
    if what == "disk full":
        import resource

        most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


for number, what in enumerate(sys.argv[1:]):
    before(what)
    run = wandb.init(id=f"run{number}", config={"lr": 0.1}, settings=wandb.Settings(x_disable_stats=True))
    for step in range(300):
        returned = run.log({"loss": 1 / (step + 1), "text": "word", **{f"key{i}": step for i in range(10)}})
        if step == 100:
            during(what, run)
        assert returned is None
    print("trained", run.step, dict(run.config), run.summary["loss"])
    run.finish()
    after(what)
wandb.teardown()
sys.exit(3)
