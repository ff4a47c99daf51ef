"""The uploader's pulse: heartbeats to the server and samples of the machine, which are rows like any other."""

from __future__ import annotations

import threading
import time
from typing import Any

import psutil

from wandb_compat.spool import records
from wandb_compat.spool.journal import Journal
from wandb_compat.uploader.session import Session
from wandb_compat.wire.errors import WireError

STOP_TIMEOUT = 2.0  # seconds that the last beat may take once the run is over


class Machine:
    """Samples what the trainer's machine does, under the names that pluto-ml gives: `sys/cpu.pct.0`, `sys/mem.used`…"""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._before: tuple[float, int, int] | None = None
        psutil.cpu_percent(percpu=True)  # the first call only sets the mark that later ones measure from
        self._gpus = _gpus()

    def sample(self) -> dict[str, float]:
        """Return percentages (0 to 100), bytes, bytes a second and milliwatts, by name."""
        values: dict[str, float] = {f"sys/cpu.pct.{i}": v for i, v in enumerate(psutil.cpu_percent(percpu=True))}
        memory, network = psutil.virtual_memory(), psutil.net_io_counters()
        values["sys/mem.used"] = memory.used
        if hasattr(memory, "active"):
            values["sys/mem.active"] = memory.active
        values["sys/disk.used"] = psutil.disk_usage(self._folder).used
        values["sys/net.bytes_sent"], values["sys/net.bytes_recv"] = network.bytes_sent, network.bytes_recv
        now = time.monotonic()
        if self._before is not None and now > self._before[0]:
            then, sent, received = self._before
            values["sys/net.bytes_sent.rate"] = (network.bytes_sent - sent) / (now - then)
            values["sys/net.bytes_recv.rate"] = (network.bytes_recv - received) / (now - then)
        self._before = (now, network.bytes_sent, network.bytes_recv)
        for gpu in self._gpus:
            values.update(gpu.sample())
        return values


class _Gpu:
    def __init__(self, nvml: Any, index: int) -> None:
        self._nvml = nvml
        self._handle = nvml.nvmlDeviceGetHandleByIndex(index)
        name = nvml.nvmlDeviceGetName(self._handle)
        name = name.decode() if isinstance(name, bytes) else name
        self._prefix = f"sys/gpu.{index}.{name.lower().replace(' ', '_').replace('-', '_')}"

    def sample(self) -> dict[str, float]:
        nvml, handle, prefix = self._nvml, self._handle, self._prefix
        load = nvml.nvmlDeviceGetUtilizationRates(handle)
        return {
            f"{prefix}.utilization": load.gpu,
            f"{prefix}.memory.used": nvml.nvmlDeviceGetMemoryInfo(handle).used,
            f"{prefix}.memory.utilization": load.memory,
            f"{prefix}.power": nvml.nvmlDeviceGetPowerUsage(handle),
        }


def _gpus() -> list[_Gpu]:
    """Return the NVIDIA devices, if their library is installed and finds any."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return [_Gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # no library, no driver, no device: nothing to sample
        return []


class Pulse(threading.Thread):
    """Beats every `interval` seconds until stopped; a beat that fails is no trouble, the next one will do."""

    def __init__(self, session: Session, samples: Journal | None, interval: float) -> None:
        super().__init__(name="pulse", daemon=True)
        self._session = session
        self._client = session.another_client(awaited=False)
        self._samples = samples
        self._interval = interval
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until `stop`."""
        machine = Machine(str(self._session.run_dir)) if self._samples is not None else None
        told: set[str] = set()
        while not self._stopped.wait(self._interval):
            if machine is not None and self._samples is not None:
                try:
                    self._sample(machine, self._samples, told)
                except OSError:  # a full disk: the samples are what can best be spared
                    pass
            self.beat()

    def _sample(self, machine: Machine, samples: Journal, told: set[str]) -> None:
        now = int(time.time() * 1000)
        values = machine.sample()
        if rank := self._session.start.rank:  # of another machine than rank 0's
            values = {name.replace("sys/", f"sys/rank{rank}/", 1): value for name, value in values.items()}
        # Counted from the run's start, so that an uploader that takes over goes on and overwrites nothing.
        step = max(0, int((now - self._session.start.time) / 1000 / self._interval))
        fresh: list[records.Record] = [records.Key(name, "METRIC") for name in values if name not in told]
        told.update(values)
        samples.append([records.encode(one) for one in [*fresh, records.Row(now, step, values)]])

    def beat(self) -> None:
        """Send one heartbeat and hear whether somebody has cancelled the run."""
        if self._session.state.run is None:
            return
        try:
            status = self._client.heartbeat(self._session.run)
        except WireError:
            return
        if status == "CANCELLED":
            self._session.account(cancelled=True)

    def stop(self) -> None:
        """End the thread and close its journal file; a heartbeat without an answer is not waited for."""
        self._stopped.set()
        self.join(STOP_TIMEOUT)
        if self._samples is not None:
            self._samples.close()
