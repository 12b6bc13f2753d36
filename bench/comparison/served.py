"""A bench program that stays and is asked for one measurement after the other."""

import json
import os
import select
import signal
import subprocess
import tempfile
import time


class ProgramFailed(Exception):
    """The program ended, said something else than a measurement, or took too long."""


class Served:
    """`command --serve`: a line "WORK BYTES MILLISECONDS" in, one JSON object out. Its processes are one group, which is
    killed when the program is closed, so that none outlives a bench."""

    def __init__(self, command, seconds=30.0):
        self._seconds = seconds
        self._errors = tempfile.TemporaryFile()
        self._read = b""
        self._process = subprocess.Popen(
            [*command, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def measure(self, work, size, milliseconds, unit):
        """The value, in the unit that is expected; nothing when there is no such work there. Raises ProgramFailed."""
        try:
            self._process.stdin.write(f"{work} {size} {milliseconds}\n".encode())
            self._process.stdin.flush()
        except OSError:
            raise ProgramFailed(self._last_words()) from None
        return value_of(self._line(time.monotonic() + self._seconds + milliseconds / 1000), work, size, unit)

    def close(self):
        if self._process is None:
            return
        for end in (self._process.stdin, self._process.stdout):
            try:
                end.close()
            except OSError:
                pass
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self._errors.close()
        self._process = None

    def _line(self, deadline):
        output = self._process.stdout.fileno()
        while b"\n" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                raise ProgramFailed("it took too long")
            more = os.read(output, 65536)
            if not more:
                raise ProgramFailed(self._last_words())
            self._read += more
        line, self._read = self._read.split(b"\n", 1)
        return line.decode(errors="replace")

    def _last_words(self):
        """What it wrote to its standard error last, once it has ended."""
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {self._process.poll()}"


def value_of(line, work, size, unit):
    """The value of one line of JSON, which must be of this measurement and in this unit; nothing for null."""
    try:
        words = json.loads(line)
        said = (words["work"], words["size"], words["unit"])
        value = None if words["value"] is None else float(words["value"])
    except (ValueError, KeyError, TypeError):
        raise ProgramFailed(f"it said {line!r}") from None
    if said != (work, size, unit):
        raise ProgramFailed(f"asked for {work} {size} in {unit}, it said {line!r}")
    return value
