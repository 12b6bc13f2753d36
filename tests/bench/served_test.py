"""A bench program that is asked for one measurement after the other, and everything it may do wrong."""

import tempfile
import time
import unittest
from pathlib import Path

from specimens import program, serving

from comparison.served import ProgramFailed, Served, value_of


class ServedProgram(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)

    def served(self, body, seconds=30):
        started = Served([program(self.folder / "program", body)], seconds)
        self.addCleanup(started.close)
        return started

    def test_it_answers_one_measurement_after_the_other(self):
        with Served([serving(self.folder / "program", "int(size) * 2")]) as started:
            self.assertEqual(started.measure("latency", 8, 1, "ns"), 16)
            self.assertEqual(started.measure("in place", 64, 1, "GB/s"), 128)

    def test_it_is_told_to_serve(self):
        started = self.served("import sys; sys.exit(' '.join(sys.argv[1:]))")
        with self.assertRaisesRegex(ProgramFailed, "--serve"):
            started.measure("latency", 8, 1, "ns")

    def test_one_that_ends_is_reported_with_its_last_words(self):
        started = self.served("import sys; input(); print('first'); sys.exit('no shared memory')")
        with self.assertRaisesRegex(ProgramFailed, "it said 'first'"):
            started.measure("latency", 8, 1, "ns")
        with self.assertRaisesRegex(ProgramFailed, "no shared memory"):
            started.measure("latency", 8, 1, "ns")

    def test_one_that_dies_without_a_word_is_reported_with_its_status(self):
        started = self.served("import os; input(); os._exit(7)")
        with self.assertRaisesRegex(ProgramFailed, "status 7"):
            started.measure("latency", 8, 1, "ns")

    def test_one_that_says_nothing_is_given_up(self):
        started = self.served("import time; time.sleep(600)", seconds=0.2)
        with self.assertRaisesRegex(ProgramFailed, "too long"):
            started.measure("latency", 8, 1, "ns")

    def test_an_answer_in_pieces_is_one_answer(self):
        started = self.served(
            """\
            import sys, time
            input()
            for piece in ('{"work": "latency", "size"', ': 8, "unit": "ns", "val', 'ue": 5}\\n'):
                sys.stdout.write(piece); sys.stdout.flush(); time.sleep(0.05)
            time.sleep(600)
            """
        )
        self.assertEqual(started.measure("latency", 8, 1, "ns"), 5)

    def test_closing_kills_what_the_program_started(self):
        started = self.served(
            f"""\
            import os, time
            child = os.fork()
            if child:
                open({str(self.folder / 'child')!r} + '.new', 'w').write(str(child))
                os.rename({str(self.folder / 'child')!r} + '.new', {str(self.folder / 'child')!r})
                os._exit(0)
            time.sleep(600)
            """
        )
        self.assertTrue(eventually((self.folder / "child").exists))
        child = int((self.folder / "child").read_text())
        started.close()
        self.assertTrue(eventually(lambda: gone(child)))


class ValueOf(unittest.TestCase):
    LINE = '{"work": "latency", "size": 8, "unit": "ns", "value": 93.5}'

    def test_the_value(self):
        self.assertEqual(value_of(self.LINE, "latency", 8, "ns"), 93.5)

    def test_null_is_no_value(self):
        self.assertIsNone(value_of(self.LINE.replace("93.5", "null"), "latency", 8, "ns"))

    def test_another_measurement_or_unit_is_refused(self):
        for asked in (("stream", 8, "ns"), ("latency", 16, "ns"), ("latency", 8, "us")):
            with self.assertRaisesRegex(ProgramFailed, "asked for"):
                value_of(self.LINE, *asked)

    def test_anything_else_is_refused(self):
        for line in ("", "93.5", "[]", "{}", '{"work": "latency", "size": 8, "unit": "ns", "value": "fast"}', "null"):
            with self.assertRaises(ProgramFailed):
                value_of(line, "latency", 8, "ns")


def gone(process):
    """Nobody has this number any more, or only a dead one that its parent has not looked after."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def eventually(true, seconds=20):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


if __name__ == "__main__":
    unittest.main()
