"""scripts/check-layers: each forbidden arrow is found where it stands, each allowed one is left alone."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Layers(unittest.TestCase):
    def setUp(self):
        self.tree = pathlib.Path(tempfile.mkdtemp(prefix="psyne-layers-"))
        self.addCleanup(shutil.rmtree, self.tree)

    def check(self, **sources):
        for name, text in sources.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "check-layers", self.tree], capture_output=True, text=True, timeout=60
        )
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout.split("\n")[:-1]

    def test_arrows_down_and_within_a_layer_are_allowed(self):
        self.assertEqual(
            self.check(**{
                "core/ring/ring.hpp": "#include <psyne/core/atomics/atomics.hpp>\n#include <tl/expected.hpp>\n",
                "transports/ipc/ipc.cpp": "#include <psyne/core/ring/ring.hpp>\n#include <psyne/transports/ipc/ipc.hpp>\n",
                "collectives/run.cpp": "#include <psyne/transports/ipc/ipc.hpp>\n",
                "tools/info.cpp": "#include <psyne/transports/ipc/ipc.hpp>\n#include <psyne.hpp>\n",
                "tests/core/log_test.cpp": "#include <spdlog/spdlog.h>\n",
            }),
            [],
        )

    def test_an_arrow_up_is_named_with_its_place(self):
        found = self.check(**{"core/ring/ring.hpp": "\n  #  include  <psyne/transports/ipc/ipc.hpp>\n"})
        self.assertEqual(found, ["  core/ring/ring.hpp:2: core must not know transports: psyne/transports/ipc/ipc.hpp"])

    def test_pool_knows_core_alone(self):
        found = self.check(**{"pool/deep/worker.cpp": '#include "psyne/transports/ipc/ipc.hpp"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn("pool must not know transports", found[0])

    def test_patterns_know_core_alone(self):
        for other in ("pool/job/job.hpp", "transports/ipc/ipc.hpp"):
            found = self.check(**{"patterns/request/ask.hpp": f"#include <psyne/{other}>\n"})
            self.assertEqual(len(found), 1)
            self.assertIn(f"patterns must not know {other.split('/')[0]}", found[0])

    def test_the_library_does_not_include_the_header_for_users(self):
        self.assertIn("psyne.hpp is for users", self.check(**{"core/log/log.cpp": "#include <psyne.hpp>\n"})[0])

    def test_a_dependency_may_stand_in_a_source_but_not_in_a_header(self):
        self.assertEqual(self.check(**{"core/log/log.cpp": "#include <spdlog/spdlog.h>\n"}), [])
        found = self.check(**{"core/log/log.hpp": "#include <spdlog/spdlog.h>\n#include <hwloc.h>\n"})
        self.assertEqual(len(found), 2)
        self.assertIn("core/log/log.hpp:1: a public header must not include a dependency's: spdlog/spdlog.h", found[0])

    def test_this_repository_keeps_its_layers(self):
        done = subprocess.run([ROOT / "scripts" / "check-layers"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
