"""Samples CPU, memory, network, disk and NVIDIA GPUs of this machine."""

from __future__ import annotations

import time
from typing import Any

import psutil


class Machine:
    """Samples this machine, under the names that pluto-ml gives: `sys/cpu.pct.0`, `sys/mem.used`…"""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        network = psutil.net_io_counters()
        self._before = time.monotonic(), network.bytes_sent, network.bytes_recv
        psutil.cpu_percent(percpu=True)  # the first call only starts the interval that the next one measures
        self._gpus = _gpus()

    def sample(self) -> dict[str, float]:
        """Return percentages (0 to 100), bytes, bytes a second and milliwatts, by name."""
        values: dict[str, float] = {f"sys/cpu.pct.{i}": v for i, v in enumerate(psutil.cpu_percent(percpu=True))}
        memory, network = psutil.virtual_memory(), psutil.net_io_counters()
        values["sys/mem.used"] = memory.used
        if (active := getattr(memory, "active", None)) is not None:  # not on Windows
            values["sys/mem.active"] = active
        values["sys/disk.used"] = psutil.disk_usage(self._folder).used
        values["sys/net.bytes_sent"], values["sys/net.bytes_recv"] = network.bytes_sent, network.bytes_recv
        now = time.monotonic()
        then, sent, received = self._before
        if now > then:
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
    """Return the NVIDIA devices, none without their library or driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return [_Gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # no library, no driver, no device: nothing to sample
        return []
