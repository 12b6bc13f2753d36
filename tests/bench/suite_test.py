"""The file of musts: what it may say, and that ours says what was promised."""

import unittest

from specimens import NEAR, ROOT, row, suite

from comparison.pace import FULL, QUICK
from comparison.suite import Links, Subscribers, SuiteError, Threads, load_suites


class Suites(unittest.TestCase):
    def test_two_rows_of_one_measurement_are_measured_once(self):
        both = suite(row(), row(against="limit", must=None), row(size=16))
        self.assertEqual(both.cells(), [("latency", 8), ("latency", 16)])
        self.assertEqual(len(both.rows_of(("latency", 8))), 2)

    def test_nobody_unknown_is_compared_with(self):
        with self.assertRaisesRegex(SuiteError, "C, which is no peer"):
            suite(row(against="C"))

    def test_a_direction_is_lower_or_higher(self):
        with self.assertRaisesRegex(SuiteError, "lower or higher"):
            suite(row(better="faster"))

    def test_who_is_compared_with_the_limit_names_one(self):
        with self.assertRaisesRegex(SuiteError, "names none"):
            suite(row(against="limit", limit=None))

    def test_a_row_may_ask_for_its_own_time_and_gets_less_of_it_in_a_hurry(self):
        rows = suite(row(milliseconds=2000)).rows
        self.assertEqual(FULL.milliseconds_of(rows), 2000)
        self.assertLess(QUICK.milliseconds_of(rows), 1000)
        self.assertEqual(QUICK.milliseconds_of(suite(row()).rows), QUICK.milliseconds)

    def test_sizes_count_bytes_or_threads(self):
        self.assertNotIsInstance(suite(row()).rows[0].size, Threads)
        self.assertIsInstance(suite(row(size=2), sizes="threads").rows[0].size, Threads)
        self.assertEqual(suite(row(size=2), sizes="threads").cells(), [("latency", 2)])

    def test_a_row_may_count_something_else_than_its_suite(self):
        links, bytes_ = suite(row(size=1000, sizes="links"), row()).rows
        self.assertIsInstance(links.size, Links)
        self.assertIsInstance(suite(row(size=8), sizes="subscribers").rows[0].size, Subscribers)
        self.assertEqual((links.cell, type(bytes_.size)), (("latency", 1000), int))

    def test_the_best_may_be_that_of_some_peers_who_are_all_known(self):
        some = suite(row(against=["B", "A"])).rows[0]
        self.assertEqual((some.against, some.among), ("best", ("B", "A")))
        self.assertEqual(suite(row()).rows[0].among, ())
        with self.assertRaisesRegex(SuiteError, "C, which is no peer"):
            suite(row(against=["A", "C"]))

    def test_what_is_absolute_is_measured_of_psyne_alone_unless_peers_are_to_be_seen(self):
        absolute = {"against": "absolute", "limit": None}
        self.assertFalse(suite(row()).rows[0].alone)
        self.assertTrue(suite(row(**absolute)).rows[0].alone)
        self.assertFalse(suite(row(**absolute, alone=False)).rows[0].alone)

    def test_the_pace_is_the_promised_one(self):
        self.assertGreaterEqual(FULL.rounds, 7)
        self.assertLess(FULL.repeats_until_seconds, 12 * 60)
        self.assertEqual(QUICK.rounds, 3)


class Limits(unittest.TestCase):
    def test_a_limit_is_in_the_rows_unit(self):
        one = lambda **words: NEAR.of(suite(row(**words)).rows[0])  # noqa: E731
        self.assertEqual(one(), 60)
        self.assertEqual(one(limit="flag and back"), 120)
        self.assertEqual(one(limit="copy", size=4000), 100)  # 4000 B at 40 B/ns
        self.assertEqual(one(limit="copy", unit="GB/s"), 40)
        self.assertIsNone(one(limit=None))


class OurSuites(unittest.TestCase):
    def setUp(self):
        self.suites = load_suites(ROOT / "bench" / "musts.json")

    def musts(self, name):
        return {(r.label, r.size): (r.better, r.against, r.must) for r in self.suites[name].rows if r.must is not None}

    def test_the_musts_of_ipc(self):
        kib, mib = 1024, 1024 * 1024
        self.assertEqual(
            self.musts("ipc"),
            {
                ("latency", 8): ("lower", "best", 0.9),
                ("latency", 256): ("lower", "best", 0.9),
                ("latency", 4 * kib): ("lower", "best", 1.0),
                ("latency", 64 * kib): ("lower", "best", 0.9),
                ("latency", mib): ("lower", "best", 0.9),
                ("stream", 64 * kib): ("higher", "best", 1.3),
                ("stream", mib): ("higher", "best", 1.3),
                ("in place", mib): ("higher", "best", 1.5),
                ("messages", 8): ("higher", "best", 3.0),
                ("idle cpu", 8): ("lower", "absolute", 0.2),
                ("memory", 8): ("lower", "absolute", 64.0),
            },
        )

    def test_the_musts_of_tcp(self):
        kib, mib = 1024, 1024 * 1024
        self.assertEqual(
            self.musts("tcp"),
            {
                ("latency", 8): ("lower", "best", 1.0),
                ("latency over raw socket", 8): ("lower", "raw socket", 1.15),
                ("blocking latency", 8): ("lower", "raw socket", 1.1),
                ("latency", 64 * kib): ("lower", "best", 1.0),
                ("latency", mib): ("lower", "best", 1.0),
                ("stream", 64 * kib): ("higher", "best", 1.0),
                ("stream", mib): ("higher", "best", 1.0),
                ("tls stream", mib): ("higher", "OpenSSL", 0.9),
                ("messages", 64): ("higher", "ZeroMQ", 3.0),
                ("idle links memory", 1000): ("lower", "absolute", 64.0),
                ("idle links cpu", 1000): ("lower", "absolute", 0.0),
            },
        )

    def test_over_tcp_a_raw_socket_counts_among_the_best_save_for_the_shortest_latency(self):
        among = {(r.label, r.size): r.among for r in self.suites["tcp"].rows if r.against == "best"}
        self.assertEqual(among.pop(("latency", 8)), ("UCX", "Open MPI", "libfabric"))
        self.assertEqual(set(among.values()), {()})
        self.assertIn("raw socket", [peer.name for peer in self.suites["tcp"].peers])

    def test_programs_that_serve_two_suites_are_told_which(self):
        self.assertEqual([self.suites[name].over for name in ("ipc", "tcp")], ["ipc", "tcp"])
        self.assertIsNone(self.suites["pool"].over)

    def test_the_musts_of_ring(self):
        self.assertEqual(
            self.musts("ring"),
            {
                ("spsc", 8): ("higher", "bare ring", 0.85),
                ("spsc round trip", 8): ("lower", "bare ring", 1.2),
                ("mpsc", 8): ("higher", "best", 1.0),
                ("mpsc batch 16", 8): ("higher", "best", 1.0),
                ("mpmc", 8): ("higher", "best", 1.0),
                ("mpmc batch 16", 8): ("higher", "best", 1.0),
            },
        )

    def test_the_musts_of_pool(self):
        fork_join = {(work, threads): ("lower", "oneTBB", 0.7) for work in ("fib", "skynet", "nqueens") for threads in (1, 2)}
        jobs = {(work, threads): ("lower", "oneTBB", 0.7) for work in ("post", "submit") for threads in (1, 2)}
        loops = {(work, threads): ("lower", "best", 1.0) for work in ("tiny items", "uneven items", "sort") for threads in (1, 2)}
        self.assertEqual(
            self.musts("pool"),
            {
                **fork_join,
                **jobs,
                **loops,
                ("matrix multiply", 1): ("lower", "oneTBB", 1.0),
                ("matrix multiply", 2): ("lower", "oneTBB", 1.0),
                ("reduce", 1): ("lower", "best", 1.05),
                ("reduce", 2): ("lower", "best", 1.05),
                ("burst after idle", 2): ("lower", "best", 1.2),
                ("idle wakes", 2): ("lower", "absolute", 0.0),
                ("memory", 2): ("lower", "oneTBB", 1.0),
            },
        )

    def test_the_musts_of_collectives(self):
        kib, mib = 1024, 1024 * 1024
        musts = {cell: must for cell, (_, _, must) in self.musts("collectives").items()}
        self.assertEqual([musts["all_reduce 2", size] for size in (8, 4 * kib, 64 * kib, mib, 64 * mib)], [1.0, 0.5, 0.7, 0.6, 0.5])
        self.assertEqual([musts["all_reduce 4", size] for size in (8, mib, 64 * mib)], [1.0, 0.7, 0.6])
        self.assertEqual({must for (work, _), must in musts.items() if not work.startswith("all_reduce ") or "tcp" in work}, {1.1})
        means = self.suites["collectives"].means
        self.assertEqual({mean.must for mean in means}, {0.8})
        others = {work for work, _ in musts} - {"all_reduce 2", "all_reduce 4"}
        self.assertEqual({work for mean in means for work in mean.works}, others)

    def test_the_musts_of_patterns(self):
        self.assertEqual(
            self.musts("patterns"),
            {
                ("publish ipc", 8): ("higher", "best", 3.0),
                ("publish tcp", 8): ("higher", "best", 3.0),
                ("ask ipc", 8): ("lower", "best", 0.05),
                ("ask ipc asleep", 8): ("lower", "best", 0.5),
                ("ask tcp", 8): ("lower", "best", 0.2),
                ("ask tcp asleep", 8): ("lower", "best", 0.85),
            },
        )

    def test_only_where_all_run_the_same_code_noise_is_allowed_for(self):
        noisy = {(r.label, r.size): r.noise for known in self.suites.values() for r in known.rows if r.noise}
        self.assertEqual(noisy, {(w, n): 0.03 for w in ("uneven items", "matrix multiply") for n in (1, 2)})

    def test_every_peer_names_its_package(self):
        listed = "".join((ROOT / "scripts" / name).read_text() for name in ("packages.txt", "packages-bench.txt"))
        for known in self.suites.values():
            for peer in known.peers:
                for package in peer.package.split():
                    self.assertIn(package, listed, peer.name)


if __name__ == "__main__":
    unittest.main()
