"""One line that says how far a bench is, while somebody looks."""

import shutil
import sys
import time


class Progress:
    def __init__(self, total, stream=sys.stderr):
        self._total = total
        self._stream = stream
        self._done = 0
        self._start = time.monotonic()
        self._shown = stream.isatty()

    def step(self, what):
        """The next of `total` steps begins."""
        self._done += 1
        if not self._shown:
            return
        elapsed = time.monotonic() - self._start
        line = f"[{self._done}/{self._total}, {elapsed:.0f} s] {what}"
        self._stream.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])
        self._stream.flush()

    def say(self, what):
        """A line that stays."""
        self.clear()
        self._stream.write(what + "\n")
        self._stream.flush()

    def clear(self):
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
