"""The machine: cores, GPUs, free memory."""

import glob
import os
import platform
import sys
from pathlib import Path

import psutil

__all__ = ["available", "cores", "machine_name", "peak_memory_mb"]


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory_mb() -> float:
    """Return the peak memory of this process, in megabytes (10^6 bytes); nan on Windows."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def machine_name() -> str:
    """Return the processor, its number of cores and the GPUs, as one line of text."""
    cpu = _facts(Path("/proc/cpuinfo"))
    bfloat16 = " with bfloat16" if "_bf16" in cpu.get("flags", "") else ""
    model = cpu.get("model name", platform.machine()) + bfloat16
    gpus = sorted(glob.glob("/proc/driver/nvidia/gpus/*/information"))
    return ", ".join([model, f"{cores()} cores", *(_facts(Path(gpu))["Model"] for gpu in gpus)])


def _facts(path: Path) -> dict[str, str]:
    """Parse a file of lines "name : value"; return {} if it does not exist."""
    lines = path.read_text().splitlines() if path.is_file() else []
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def available() -> int:
    """Return the free memory of this machine, in bytes."""
    return int(psutil.virtual_memory().available)
