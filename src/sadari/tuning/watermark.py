"""Memory as the system counts it: held, free, the most since a moment, and a limit to it."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import torch

PEAK_RESIDENT = "5"  # proc(5): what to write to clear_refs to begin again


class Watermark:
    """Counts from when it is made: what a GPU's tensors took, or, on a CPU, the whole process with
    its libraries, which is what the machine had to hold."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            # Where the system does not let it, the peak is that of the process's whole life.
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text(PEAK_RESIDENT)

    @property
    def bytes(self) -> int:
        """The peak so far."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return _status("VmHWM") or _lifelong()


def resident_bytes() -> int:
    """What this process holds now."""
    return _status("VmRSS") or _lifelong()


def free_bytes(device: torch.device) -> int | None:
    """What `device` could still give; None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return _kibibytes(Path("/proc/meminfo"), "MemAvailable")


def limit_memory(bytes: int) -> None:
    """Let this process have no more from now on: of its data on a CPU (setrlimit(2)), of the GPU's
    memory where there is one. What asks for more is told that memory ran out."""
    if torch.cuda.is_available():
        whole = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, bytes / whole))
    else:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (bytes, most))


def _status(name: str) -> int | None:
    return _kibibytes(Path("/proc/self/status"), name)


def _kibibytes(path: Path, name: str) -> int | None:
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None


def _lifelong() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
