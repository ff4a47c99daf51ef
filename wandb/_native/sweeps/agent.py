"""A sweep agent: runs a function or the sweep's program for one trial after the other."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

import wandb
from wandb import env
from wandb._native.sweeps import command
from wandb._native.sweeps.coordinator import SweepCoordinator
from wandb._native.sweeps.trial_log import Trial
from wandb.errors import UsageError
from wandb.errors.term import termerror, termlog
from wandb_compat.system.background import separate_group

POLL = 2.0  # seconds between two checks for other agents' decisions
KILL_DELAY = 30  # seconds between SIGTERM and SIGKILL for a program
FLAPPING_SECONDS, FLAPPING_FAILURES = 60, 3  # so many failures within so many seconds: the script does not work
INITIAL_FAILURES = 5


class Job(Protocol):
    """A running trial."""

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether the trial has ended."""

    def stop(self) -> None:
        """Ask the trial to end; repeated calls escalate."""

    def state(self) -> str:
        """Return wandb's state for how the trial ended."""


class FunctionJob:
    """A function in a separate thread, as in wandb: raising an exception there stops it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._failed = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="wandb-sweep-trial")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._function()
            wandb.finish()
        except BaseException as error:
            self._failed = not isinstance(error, SystemExit) or bool(error.code)
            if self._failed and not self._stopped:
                traceback.print_exc()
            wandb.finish(exit_code=1 if self._failed else 0)

    def wait(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(Exception)
            )

    def state(self) -> str:
        return "killed" if self._stopped else "failed" if self._failed else "finished"


class CommandJob:
    """A program in a separate process group, so that Ctrl-C reaches only the agent."""

    def __init__(self, words: list[str], variables: dict[str, str]) -> None:
        # No terminal input: reading it from another process group would suspend the program.
        self.process = subprocess.Popen(words, env=variables, stdin=subprocess.DEVNULL, **separate_group())
        self._asked: float | None = None

    def wait(self, seconds: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.returncode is not None

    def stop(self) -> None:
        if self._asked is None:
            self._asked = monotonic()
            self.process.terminate()
        elif monotonic() > self._asked + int(os.environ.get(env.AGENT_KILL_DELAY, KILL_DELAY)):
            self.process.kill()

    def state(self) -> str:
        return "killed" if self._asked is not None else "failed" if self.process.returncode else "finished"


class Agent:
    """Runs trials until the sweep is exhausted, the count is reached, or too many fail."""

    def __init__(
        self,
        coordinator: SweepCoordinator,
        function: Callable[[], Any] | None,
        count: int | None,
        *,
        max_consecutive_failures: int | None = None,
        forward_signals: bool = False,
        term_timeout: float | None = None,
    ) -> None:
        """Prepare an agent.

        Args:
            coordinator: source of the trials.
            function: called for each trial; by default the sweep's program runs.
            count: maximum number of trials.
            max_consecutive_failures: consecutive failures that end the agent.
            forward_signals: whether the agent forwards its signals to the program.
            term_timeout: seconds that a program has to end after such a signal.

        Raises:
            UsageError: neither a function nor a program is given.
        """
        if function is None and not (coordinator.definition.get("program") or coordinator.definition.get("command")):
            raise UsageError(
                "The sweep names no `program`: give wandb.agent() a function, or the sweep a program or a command"
            )
        self._coordinator = coordinator
        self._function = function
        self._count = count
        self._limit = max_consecutive_failures
        self._forward = forward_signals
        self._term_timeout = term_timeout
        self._began = monotonic()
        self._done = self._failed = self._in_a_row = 0
        self._base_dir = Path(os.environ.setdefault(env.DIR, str(Path.cwd())))

    def run(self) -> None:
        """Run trials one after the other."""
        waiting = False
        while self._count is None or self._done < self._count:
            trial = self._coordinator.next()
            if trial is False:
                break
            if trial is True:
                if not waiting:
                    termlog("Sweep Agent: Waiting for job.")
                waiting = True
                sleep(POLL)
                continue
            waiting = False
            assert isinstance(trial, Trial)
            try:
                state = self._try(trial)
            except KeyboardInterrupt:
                termlog("Ctrl + C detected. Stopping sweep.")
                return
            if not self._should_continue(trial, state):
                return
        termlog("Sweep Agent: Exiting.")

    def _try(self, trial: Trial) -> str:
        termlog(f"Agent Starting Run: {trial.run} with config:")
        for name, value in trial.config.items():
            termlog(f"\t{name}: {value}")
        state = "crashed"
        with self._variables(trial):
            try:
                job = self._start_job(trial)
                try:
                    self._wait(trial, job)
                finally:
                    state = job.state() if job.wait(0) else "killed"
            finally:
                self._coordinator.trial_log.end(trial.run, state)
        return state

    def _wait(self, trial: Trial, job: Job) -> None:
        """Wait for the end of a trial, which early stopping or Ctrl-C may bring about."""
        try:
            with self._forwarding(job):
                while not job.wait(POLL):
                    if self._coordinator.should_stop(trial.run):
                        termlog(f"Run {trial.run} is stopped early")
                        job.stop()
        except KeyboardInterrupt:
            self._stop_on_interrupt(job)
            raise

    def _start_job(self, trial: Trial) -> Job:
        wandb.teardown()
        if self._function is not None:
            return FunctionJob(self._function)
        definition = self._coordinator.definition
        file = self._base_dir / "wandb" / f"sweep-{self._coordinator.trial_log.sweep}" / f"config-{trial.run}.json"
        words = command.line(definition.get("command"), definition.get("program"), trial.config, file)
        termlog(f"About to run command: {' '.join(words)}")
        try:
            return CommandJob(words, dict(os.environ))
        except OSError as error:
            raise UsageError(
                f"The sweep's command cannot be run: {error}; give its `program` a path from here, or a `command`"
            ) from error

    def _stop_on_interrupt(self, job: Job) -> None:
        """End a trial after Ctrl-C: a function at once; a program when it ends, or after another Ctrl-C."""
        if isinstance(job, FunctionJob):
            job.stop()
            job.wait(KILL_DELAY)
            return
        assert isinstance(job, CommandJob)
        deadline = None if self._term_timeout is None else monotonic() + self._term_timeout
        steps: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("Waiting for runs to end. Press ctrl-c again to terminate them.", lambda: None),
            ("Terminating and syncing runs. Press ctrl-c again to kill.", job.process.terminate),
            ("Killing runs and quitting.", job.process.kill),
        )
        for message, act in steps:
            termlog(message)
            act()
            try:
                while not job.wait(POLL):
                    if deadline is not None and monotonic() > deadline:
                        job.process.kill()
                return
            except KeyboardInterrupt:
                continue

    def _should_continue(self, trial: Trial, state: str) -> bool:
        self._done += 1
        if state != "failed":
            self._in_a_row = 0
            return True
        termerror(f"Run {trial.run} errored.")
        self._failed += 1
        self._in_a_row += 1
        early = monotonic() < self._began + FLAPPING_SECONDS
        flapping = os.environ.get(env.AGENT_DISABLE_FLAPPING) != "true" and early
        initial = int(os.environ.get(env.AGENT_MAX_INITIAL_FAILURES, INITIAL_FAILURES))
        if self._limit is not None and self._in_a_row >= self._limit:
            termerror(f"Detected {self._in_a_row} consecutive failed runs, killing sweep.")
        elif flapping and self._failed >= FLAPPING_FAILURES:
            termerror(f"Detected {self._failed} failed runs in the first {FLAPPING_SECONDS} seconds, killing sweep.")
            termlog(f"To disable this check set {env.AGENT_DISABLE_FLAPPING}=true")
        elif self._failed == self._done >= initial:
            termerror(f"Detected {self._failed} failed runs in a row at start, killing sweep.")
            termlog(f"To change this value set {env.AGENT_MAX_INITIAL_FAILURES}=val")
        else:
            return True
        return False

    @contextlib.contextmanager
    def _variables(self, trial: Trial) -> Iterator[None]:
        """Set the environment variables by which wandb's agents configure a run."""
        import yaml

        sweep = self._coordinator.trial_log.sweep
        file = self._base_dir / "wandb" / f"sweep-{sweep}" / f"config-{trial.run}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        values = {name: {"value": value} for name, value in trial.config.items()}
        file.write_text(yaml.safe_dump({"wandb_version": 1, **values}), encoding="utf-8")
        values_by_name = {env.RUN_ID: trial.run, env.SWEEP_ID: sweep, env.SWEEP_PARAM_PATH: str(file)}
        if self._coordinator.project:
            values_by_name[env.PROJECT] = self._coordinator.project
        if trial.name:
            values_by_name[env.NAME] = trial.name
        before = {name: os.environ.get(name) for name in values_by_name}
        os.environ.update(values_by_name)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    @contextlib.contextmanager
    def _forwarding(self, job: Job) -> Iterator[None]:
        if not self._forward or not isinstance(job, CommandJob):
            yield
            return
        handlers: dict[int, Any] = {}

        def forward(number: int, frame: Any) -> None:
            job.process.send_signal(number)
            if callable(handlers[number]):
                handlers[number](number, frame)
            elif number != getattr(signal, "SIGCHLD", None):  # which Windows lacks
                raise KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM, *_more_signals()):
            handlers[number] = signal.signal(number, forward)
        try:
            yield
        finally:
            for caught, handler in handlers.items():
                signal.signal(caught, handler)


def _more_signals() -> list[signal.Signals]:
    names = ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]
