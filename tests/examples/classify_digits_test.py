"""`classify_digits` tells the digits, says how fast, and draws who worked when on any terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

PROGRAM = sys.argv.pop()


def environment(locale):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PSYNE_", "LC_", "LANG"))}
    return kept | {"LC_ALL": locale, "PSYNE_METRICS_ENABLED": "no"}


def run(*arguments, locale="C.UTF-8", **options):
    return subprocess.run(
        [PROGRAM, *arguments], env=environment(locale), capture_output=True, timeout=50, encoding="utf-8", **options
    )


def on_terminal(columns):
    """What it writes to a terminal of that width, whose locale knows block characters."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([PROGRAM], env=environment("C.UTF-8"), stdout=theirs) as program:
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 4096):
                written += part
        except OSError:  # how Linux says that the other end has closed
            pass
        os.close(ours)
    assert program.returncode == 0
    return written.decode().replace("\r\n", "\n")


def row(text, name):
    """The two values of a line of the table."""
    (line,) = re.findall(rf"^  {name} .*$", text, re.MULTILINE)
    return [float(number) for number in re.findall(r"(?<!-)\d+\.?\d*", line)]


def bars(text):
    """[(thread, bar)] of the chart, by pass."""
    passes = {}
    title = None
    for line in text[text.index("Who worked when") :].split("\n")[1:]:
        found = re.match(r"  (one|all|   )    (main|thief \d+) +(.*)$", line)
        if found:
            title = found[1].strip() or title
            passes.setdefault(title, []).append((found[2], found[3]))
    return passes


class ClassifyDigits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.done = run()

    def test_it_tells_the_digits_however_many_work(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        one, all_workers = row(self.done.stdout, "accuracy")
        self.assertEqual(one, 98.89)  # 1,777 of 1,797: numpy says the same
        self.assertEqual(all_workers, one)

    def test_the_table_agrees_with_itself(self):
        text = self.done.stdout
        one, all_workers = row(text, "time")
        self.assertAlmostEqual(row(text, "speed-up")[1], one / all_workers, delta=0.05 * one / all_workers)
        self.assertEqual(row(text, "steals")[0], 0)
        self.assertEqual(row(text, "stolen digits")[0], 0)
        steals, share = row(text, "steals")[1], row(text, "stolen digits")[1]
        self.assertEqual(len(bars(text)["all"]) > 1, share > 0)
        if share > 0:
            self.assertGreater(steals, 0)

    def test_one_worker_has_one_row_and_the_bars_are_of_its_blocks(self):
        drawn = bars(self.done.stdout)
        self.assertEqual([thread for thread, _ in drawn["one"]], ["main"])
        self.assertEqual(drawn["all"][0][0], "main")
        for _, bar in drawn["one"] + drawn["all"]:
            self.assertRegex(bar, "^[ ░▒▓█]*[░▒▓█]$")

    def test_with_one_cpu_nothing_is_stolen(self):
        cpu = min(os.sched_getaffinity(0))
        done = run(preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("with all 1 in turns", done.stdout)
        self.assertEqual(row(done.stdout, "accuracy")[0], 98.89)

    def test_without_utf_8_it_draws_in_ascii(self):
        text = run(locale="C").stdout
        self.assertTrue(text.isascii())
        self.assertRegex(bars(text)["one"][0][1], "#")

    def test_no_line_is_longer_than_the_terminal_or_80_columns(self):
        for columns, most in [(40, 40), (61, 61), (200, 80)]:
            text = on_terminal(columns)
            for line in text.split("\n"):
                if line.startswith("  "):  # the sentences may be broken anywhere
                    self.assertLessEqual(len(line), most, line)
            longest = max(len(bar) for of_pass in bars(text).values() for _, bar in of_pass)
            self.assertGreater(longest, most / 2 - 12)
        for line in self.done.stdout.split("\n"):
            self.assertLessEqual(len(line), 80)

    def test_data_that_is_not_there_or_broken_is_an_error(self):
        done = run("/nowhere/digits.csv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot read /nowhere/digits.csv", done.stderr)
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("1,2,x\n")
            file.flush()
            self.assertEqual(run(file.name).returncode, 1)


if __name__ == "__main__":
    unittest.main()
