"""Which CPUs are measured on, and how the machine is called."""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from specimens import ROOT

from comparison.machine import busy_share, describe, processor, two_cpus


class TwoCpus(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cpus = Path(folder.name)

    def cpu(self, number, package, core):
        folder = self.cpus / f"cpu{number}" / "topology"
        folder.mkdir(parents=True)
        (folder / "physical_package_id").write_text(f"{package}\n")
        (folder / "core_id").write_text(f"{core}\n")

    def test_threads_of_one_core_are_passed_over(self):
        for number, (package, core) in enumerate([(0, 0), (0, 0), (0, 1), (0, 1)]):
            self.cpu(number, package, core)
        self.assertEqual(two_cpus({0, 1, 2, 3}, self.cpus), (0, 2))

    def test_another_package_is_passed_over_even_with_the_same_core_number(self):
        for number, (package, core) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1)]):
            self.cpu(number, package, core)
        self.assertEqual(two_cpus({0, 1, 2, 3}, self.cpus), (0, 3))
        self.assertEqual(two_cpus({0, 1, 2}, self.cpus), (0, 1))

    def test_only_allowed_ones_count(self):
        for number in range(4):
            self.cpu(number, 0, number)
        self.assertEqual(two_cpus({2, 3}, self.cpus), (2, 3))

    def test_it_takes_what_there_is(self):
        self.cpu(0, 0, 0)
        self.cpu(1, 0, 0)
        self.assertEqual(two_cpus({0, 1}, self.cpus), (0, 1))
        self.assertEqual(two_cpus({5}, self.cpus), (5, 5))
        self.assertEqual(two_cpus({3, 4}, self.cpus / "nowhere"), (3, 4))


class Busy(unittest.TestCase):
    def test_it_is_what_was_not_idle_meanwhile(self):
        with TemporaryDirectory() as folder:
            stat = Path(folder) / "stat"
            stat.write_text("cpu  100 10 20 1000 5 0 0 0 0 0\ncpu0 1 2 3 4\n")
            later = lambda _: stat.write_text("cpu  120 20 30 1050 15 0 0 0 0 0\n")  # noqa: E731
            self.assertAlmostEqual(busy_share(0, stat, later), 0.4)
            self.assertEqual(busy_share(0, stat, lambda _: None), 0)


class Name(unittest.TestCase):
    def test_the_processor_is_named_with_family_and_model(self):
        with TemporaryDirectory() as folder:
            cpuinfo = Path(folder) / "cpuinfo"
            cpuinfo.write_text("cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n\nmodel name : other\n")
            self.assertEqual(processor(cpuinfo), "AMD EPYC (family 25, model 17)")
            cpuinfo.write_text("nothing of use\n")
            self.assertEqual(processor(cpuinfo), "unknown processor")

    def test_neither_host_nor_path_is_in_the_name(self):
        import socket

        self.assertNotIn(socket.gethostname(), describe())
        self.assertNotIn(str(ROOT), describe())


if __name__ == "__main__":
    unittest.main()
