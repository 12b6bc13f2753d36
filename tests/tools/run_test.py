"""`psyne run` starts the ranks of a job, tells each who it is, and leaves nobody behind."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PSYNE = sys.argv.pop()


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Run(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="psyne-tools-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PSYNE_")},
            "AT": str(self.directory),
        }

    def start(self, *arguments, **environment):
        job = subprocess.Popen(
            [PSYNE, "run", *arguments], env=self.environment | environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.addCleanup(job.communicate)
        self.addCleanup(job.kill)
        return job

    def run_job(self, *arguments, stdin=None, **environment):
        job = self.start(*arguments, **environment)
        job.stdout_text, job.stderr_text = job.communicate(stdin, timeout=40)
        return job

    def wait_for(self, condition):
        for _ in range(2000):
            if condition():
                return
            time.sleep(0.01)
        self.fail("it never came")

    def wait_for_files(self, *names):
        self.wait_for(lambda: all((self.directory / name).exists() for name in names))

    def pids(self, count):
        """Of ranks that wrote theirs into files."""
        self.wait_for_files(*(f"pid{rank}" for rank in range(count)))
        self.wait_for(lambda: all((self.directory / f"pid{rank}").read_text().strip() for rank in range(count)))
        return [int((self.directory / f"pid{rank}").read_text()) for rank in range(count)]

    def test_each_rank_is_told_who_it_is(self):
        told = 'echo "$PSYNE_RANK $PSYNE_SIZE $PSYNE_LOCAL_RANK $PSYNE_LOCAL_SIZE $PSYNE_JOB $PSYNE_TOKEN"'
        job = self.run_job("-n", "3", "--", "sh", "-c", told)
        self.assertEqual(job.returncode, 0, job.stderr_text)
        lines = sorted(line.split(" ") for line in job.stdout_text.splitlines())
        self.assertEqual([line[:4] for line in lines], [[str(rank), "3", str(rank), "3"] for rank in range(3)])
        self.assertEqual(len({tuple(line[4:]) for line in lines}), 1, "one job, one token")
        self.assertGreaterEqual(len(lines[0][4]), 16)
        self.assertGreaterEqual(len(lines[0][5]), 32)
        other = self.run_job("-n", "1", "sh", "-c", told).stdout_text.split()
        self.assertNotEqual(other[4:], lines[0][4:], "the next job has others")

    def test_a_token_and_a_place_of_the_users_own_are_kept_but_not_in_a_job_inside_of_a_job(self):
        told = 'echo "$PSYNE_TOKEN $PSYNE_STORE"'
        own = {"PSYNE_TOKEN": "mine", "PSYNE_STORE": "tcp://127.0.0.1:5000"}
        self.assertEqual(self.run_job("-n", "1", "sh", "-c", told, **own).stdout_text, "mine tcp://127.0.0.1:5000\n")
        inner = self.run_job("-n", "1", PSYNE, "run", "-n", "2", "sh", "-c", f"{told}; echo $PSYNE_SIZE", **own)
        self.assertEqual(inner.stdout_text.split(), ["mine", "2", "mine", "2"])

    def test_options_of_the_program_are_its_own(self):
        for dashes in [], ["--"]:
            job = self.run_job("-n", "1", *dashes, "echo", "-n", "--label", "--help", "a b")
            self.assertEqual(job.stdout_text, "--label --help a b", job.stderr_text)

    def test_lines_begin_with_their_rank_where_that_is_asked_for(self):
        say = 'printf "out $PSYNE_RANK\\nlast $PSYNE_RANK"; echo "err $PSYNE_RANK" >&2'
        job = self.run_job("-n", "11", "--label", "--", "sh", "-c", say)
        self.assertEqual(job.returncode, 0, job.stderr_text)
        expected = [f"[{rank:2}] {word} {rank}" for rank in range(11) for word in ("out", "last")]
        self.assertEqual(sorted(job.stdout_text.splitlines()), sorted(expected))
        self.assertEqual(sorted(job.stderr_text.splitlines()), sorted(f"[{rank:2}] err {rank}" for rank in range(11)))
        for options in [], ["--no-label"]:
            plain = self.run_job("-n", "2", *options, "echo", "same")
            self.assertEqual(plain.stdout_text, "same\nsame\n", "what is no terminal gets what was written")

    def test_labelled_lines_are_whole_however_they_were_written(self):
        program = (
            "import os, sys, time\n"
            "for i in range(200):\n"
            "    for piece in (f'line {i} ', 'x' * 500, '\\n'):\n"
            "        os.write(1, piece.encode())\n"
            "os.write(1, b'y' * 200000)\n"
        )
        job = self.run_job("-n", "4", "--label", sys.executable, "-c", program)
        lines = job.stdout_text.splitlines()
        for rank in range(4):
            own = [line[4:] for line in lines if line.startswith(f"[{rank}] ")]
            self.assertEqual(own[:200], [f"line {i} " + "x" * 500 for i in range(200)])
            self.assertEqual("".join(own[200:]), "y" * 200000)

    def test_rank_0_has_the_input_and_the_others_none(self):
        job = self.run_job("-n", "3", "--label", "--", "sh", "-c", 'echo "got $(cat)"', stdin="typed\n")
        self.assertEqual(sorted(job.stdout_text.splitlines()), ["[0] got typed", "[1] got ", "[2] got "])

    def test_the_exit_status_is_that_of_the_rank_that_failed_and_the_others_are_ended(self):
        job = self.run_job("-n", "3", "--", "sh", "-c", '[ $PSYNE_RANK = 1 ] && exit 7; exec sleep 30')
        self.assertEqual(job.returncode, 7)
        self.assertRegex(job.stderr_text, r"rank 1 \(pid \d+\) exited with code 7\. The other ranks are ended\.")
        self.assertEqual(job.stderr_text.count("psyne run:"), 1, "those that it ended are not blamed")

    def test_a_rank_that_is_killed_by_a_signal_is_a_failure_by_that_signal(self):
        job = self.run_job("-n", "2", "--", "sh", "-c", '[ $PSYNE_RANK = 0 ] && kill -SEGV $$; exec sleep 30')
        self.assertEqual(job.returncode, 128 + signal.SIGSEGV)
        self.assertIn("was killed by signal 11 (Segmentation fault)", job.stderr_text)

    def test_ranks_that_end_well_at_different_times_are_no_failure(self):
        job = self.run_job("-n", "3", "--", "sh", "-c", "sleep 0.$PSYNE_RANK")
        self.assertEqual((job.returncode, job.stderr_text), (0, ""))

    def test_who_does_not_end_when_told_is_killed(self):
        stubborn = (
            'if [ $PSYNE_RANK = 0 ]; then while [ ! -e $AT/ready ]; do sleep 0.01; done; exit 3; fi; '
            'trap "touch $AT/told" TERM; touch $AT/ready; while :; do sleep 0.1; done'
        )
        begin = time.monotonic()
        job = self.run_job("-n", "2", "--", "sh", "-c", stubborn)
        self.assertEqual(job.returncode, 3)
        self.assertTrue((self.directory / "told").exists(), "it was asked first")
        self.assertGreaterEqual(time.monotonic() - begin, 4.9)

    def test_signals_are_passed_on_and_ranks_take_their_time(self):
        for number in signal.SIGTERM, signal.SIGINT:
            shutil.rmtree(self.directory)
            self.directory.mkdir()
            patient = (
                f'trap "sleep 0.$PSYNE_RANK; echo saved; exit 0" {number.name[3:]}; '
                'echo $$ > $AT/pid$PSYNE_RANK; while :; do sleep 0.05; done'
            )
            job = self.start("-n", "3", "--", "sh", "-c", patient)
            self.pids(3)
            job.send_signal(number)
            out, err = job.communicate(timeout=30)
            self.assertEqual((out, err, job.returncode), ("saved\n" * 3, "", 0))

    def test_a_signal_that_ends_the_ranks_is_the_status(self):
        job = self.start("-n", "2", "--", "sh", "-c", "echo $$ > $AT/pid$PSYNE_RANK; exec sleep 30")
        self.pids(2)
        job.send_signal(signal.SIGTERM)
        self.assertEqual(job.wait(30), 128 + signal.SIGTERM)

    def test_no_rank_outlives_a_launcher_that_is_killed(self):
        job = self.start("-n", "4", "--", "sh", "-c", 'trap "" TERM HUP INT; echo $$ > $AT/pid$PSYNE_RANK; while :; do :; done')
        ranks = self.pids(4)
        self.assertTrue(all(alive(rank) for rank in ranks))
        job.kill()
        self.wait_for(lambda: not any(alive(rank) for rank in ranks))

    def test_a_program_that_cannot_be_started_is_a_clear_error(self):
        job = self.run_job("-n", "2", "--", "no-such-program")
        self.assertEqual(job.returncode, 127)
        self.assertIn("cannot start no-such-program", job.stderr_text)
        self.assertIn("./no-such-program", job.stderr_text)
        plain = self.directory / "plain"
        plain.write_text("no program")
        job = self.run_job("-n", "2", str(plain))
        self.assertEqual(job.returncode, 126)
        self.assertIn("chmod +x", job.stderr_text)

    def test_calls_that_make_no_sense_say_what_is_missing(self):
        for arguments, word in (["true"], "--ranks"), (["-n", "2"], "program is missing"), (["-n", "0", "true"], "--ranks"):
            job = self.run_job(*arguments)
            self.assertNotEqual(job.returncode, 0)
            self.assertIn(word, job.stderr_text)
        help_text = self.run_job("--help").stdout_text
        self.assertIn("Example: psyne run -n 4", help_text)


if __name__ == "__main__":
    unittest.main()
