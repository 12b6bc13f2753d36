"""Which machine this is, and which two of its CPUs to measure on."""

import os
import platform
import time
from pathlib import Path

CPUS = Path("/sys/devices/system/cpu")


def describe():
    """Processor, CPUs and kernel, without the host's name."""
    system = f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}"
    return f"{processor()}, {len(os.sched_getaffinity(0))} CPUs, {system}"


def processor(cpuinfo=Path("/proc/cpuinfo")):
    words = {}
    for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        words.setdefault(name.strip(), value.strip())
    model = words.get("model name", "unknown processor")
    family = f" (family {words['cpu family']}, model {words['model']})" if "cpu family" in words else ""
    return model + family


def busy_share(seconds=0.3, stat=Path("/proc/stat"), sleep=time.sleep):
    """What part of the machine's CPU time others use, while nothing of ours runs."""
    before = cpu_times(stat)
    sleep(seconds)
    spent = [after - earlier for after, earlier in zip(cpu_times(stat), before)]
    idle = spent[3] + spent[4]  # and waiting for input and output
    return 1 - idle / sum(spent) if sum(spent) > 0 else 0.0


def cpu_times(stat):
    """user, nice, system, idle, iowait, irq, softirq, steal: ticks of all CPUs."""
    return [int(word) for word in stat.read_text(encoding="ascii").splitlines()[0].split()[1:9]]


def two_cpus(allowed=None, cpus=CPUS):
    """Two allowed CPUs of one package that are not threads of one core, if there are; else the first two."""
    allowed = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    if len(allowed) < 2:
        return allowed[0], allowed[0]
    first = allowed[0]
    apart = [cpu for cpu in allowed[1:] if core(cpus, cpu) != core(cpus, first)]
    near = [cpu for cpu in apart if package(cpus, cpu) == package(cpus, first)]
    return first, (near or apart or allowed[1:])[0]


def core(cpus, cpu):
    return package(cpus, cpu), read(cpus / f"cpu{cpu}" / "topology" / "core_id", str(cpu))


def package(cpus, cpu):
    return read(cpus / f"cpu{cpu}" / "topology" / "physical_package_id", "0")


def read(path, otherwise):
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return otherwise
