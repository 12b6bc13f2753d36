"""The physical limits: a flag between the two cores, and a copy within the cache."""

from dataclasses import dataclass

PROGRAM = "psyne_bench_limits"
STEADY = 0.2  # a flag that changed by more than this part of itself means that the cores were moved

COPY_BYTES = 1 << 20


@dataclass(frozen=True)
class Limits:
    flag_ns: float  # one way
    copy_gbs: float

    def steady_until(self, later):
        """Whether the cores lie as they did: between this reading and a later one the flag changed by a fifth at most."""
        low, high = sorted((self.flag_ns, later.flag_ns))
        return high - low <= STEADY * low

    def of(self, row):
        """The limit of a row in the row's unit; nothing where none is known."""
        if row.limit == "flag":
            return self.flag_ns
        if row.limit == "flag and back":
            return 2 * self.flag_ns
        if row.limit == "copy":
            return row.size / self.copy_gbs if row.unit == "ns" else self.copy_gbs
        return None

    def middle(self, later):
        return Limits((self.flag_ns + later.flag_ns) / 2, (self.copy_gbs + later.copy_gbs) / 2)


def read_limits(program, milliseconds):
    """Measures both with a running limits program."""
    return Limits(
        flag_ns=program.measure("latency", 8, milliseconds, "ns"),
        copy_gbs=program.measure("stream", COPY_BYTES, milliseconds, "GB/s"),
    )
