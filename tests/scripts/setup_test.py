"""scripts/setup against a pretended machine: what is installed, what can be had and who runs it are given."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

DPKG_QUERY = """#!/bin/sh
echo "dpkg-query" >> "$MACHINE/calls"
cat "$MACHINE/installed"
exit 1  # as the real one does when a package it was asked for is unknown
"""
APT_CACHE = """#!/bin/sh
for name; do :; done
grep -qx "$name" "$MACHINE/available"
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$MACHINE/calls"
[ "$1" != install ] || [ ! -e "$MACHINE/broken" ]
"""
ID = """#!/bin/sh
cat "$MACHINE/user"
"""
SUDO = """#!/bin/sh
[ "$1" = -n ] && [ -e "$MACHINE/sudo" ] || exit 1
echo "sudo" >> "$MACHINE/calls"
shift
exec "$@"
"""


class Setup(unittest.TestCase):
    def setUp(self):
        self.machine = pathlib.Path(tempfile.mkdtemp(prefix="psyne-setup-"))
        self.addCleanup(shutil.rmtree, self.machine)
        tools = {"dpkg-query": DPKG_QUERY, "apt-cache": APT_CACHE, "apt-get": APT_GET, "id": ID, "sudo": SUDO}
        (self.machine / "bin").mkdir()
        for name, text in tools.items():
            tool = self.machine / "bin" / name
            tool.write_text(text)
            tool.chmod(0o755)
        scripts = self.machine / "scripts"
        scripts.mkdir()
        shutil.copy(ROOT / "scripts" / "setup", scripts)
        (scripts / "packages.txt").write_text(
            "# a comment\n"
            "\n"
            "alpha          # the first\n"
            "new | old      # either\n"
            "tool-16 runtime-16 | tool-17 runtime-17  # both of one version\n"
            "plain\n"
        )
        (scripts / "packages-bench.txt").write_text("peer  # to compare with\n")
        self.write("calls")
        self.write("user", "1000")
        self.write("available", "alpha", "new", "old", "tool-16", "runtime-16", "tool-17", "runtime-17", "plain", "peer")

    def write(self, name, *lines):
        (self.machine / name).write_text("".join(line + "\n" for line in lines))

    def installed(self, *packages):
        self.write("installed", *(f"ii  {package}" for package in packages))

    def run_setup(self, *arguments):
        path = f"{self.machine / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [self.machine / "scripts" / "setup", *arguments],
            env={**os.environ, "MACHINE": str(self.machine), "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self):
        return (self.machine / "calls").read_text().splitlines()

    def test_is_silent_and_asks_once_when_nothing_is_missing(self):
        self.installed("alpha", "new", "tool-16", "runtime-16", "plain")
        done = self.run_setup()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.calls(), ["dpkg-query"])

    def test_any_complete_alternative_will_do(self):
        self.installed("alpha", "old", "tool-17", "runtime-17", "plain")
        self.assertEqual(self.run_setup().returncode, 0)

    def test_half_an_alternative_will_not_do(self):
        self.installed("alpha", "new", "tool-16", "runtime-17", "plain")
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("install -y --no-install-recommends runtime-16\n", done.stderr)

    def test_without_root_it_lists_what_is_missing_and_the_one_command(self):
        self.installed("new", "tool-16", "runtime-16")
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("\n  alpha                      the first\n  plain ", done.stderr)
        self.assertIn("\n  sudo apt-get install -y --no-install-recommends alpha plain\n", done.stderr)
        self.assertNotIn("new", done.stderr)
        self.assertEqual(self.calls(), ["dpkg-query"], "nothing may be tried without root")

    def test_removed_but_configured_is_missing(self):
        self.write("installed", "rc  alpha", "ii  new", "ii  tool-16", "ii  runtime-16", "ii  plain")
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("recommends alpha\n", done.stderr)

    def test_root_installs_the_first_alternative_that_this_distribution_has(self):
        self.write("user", "0")
        self.write("available", "alpha", "old", "tool-16", "tool-17", "runtime-17", "plain")
        self.installed("alpha", "plain")
        done = self.run_setup()
        self.assertEqual(done.returncode, 0, done.stderr)
        install = "apt-get install -y --no-install-recommends old tool-17 runtime-17"
        self.assertEqual(self.calls(), ["dpkg-query", "apt-get update -qq", install])

    def test_sudo_without_password_is_used(self):
        self.write("sudo")
        self.installed("new", "tool-16", "runtime-16", "plain")
        self.assertEqual(self.run_setup().returncode, 0)
        self.assertEqual(self.calls()[-2:], ["sudo", "apt-get install -y --no-install-recommends alpha"])

    def test_a_failed_installation_is_reported(self):
        self.write("user", "0")
        self.write("broken")
        self.installed("new", "tool-16", "runtime-16", "plain")
        done = self.run_setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("psyne needs: alpha", done.stderr)

    def test_further_lists_are_added_by_name(self):
        self.installed("alpha", "new", "tool-16", "runtime-16", "plain")
        done = self.run_setup("bench")
        self.assertEqual(done.returncode, 1)
        self.assertIn("  peer                       to compare with\n", done.stderr)

    def test_an_unknown_list_is_refused(self):
        done = self.run_setup("beach")
        self.assertEqual(done.returncode, 2)
        self.assertIn("packages-beach.txt", done.stderr)

    def test_another_distribution_is_told_what_is_needed_and_left_alone(self):
        tools = self.machine / "bin"
        (tools / "dpkg-query").unlink()
        for tool in ("bash", "dirname", "sed", "tr", "sort", "cut", "column", "grep", "cat"):
            if shutil.which(tool):
                (tools / tool).symlink_to(shutil.which(tool))
        done = subprocess.run(
            [shutil.which("bash"), self.machine / "scripts" / "setup"],
            env={"MACHINE": str(self.machine), "PATH": str(tools)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("neither Debian nor Ubuntu", done.stdout)
        self.assertIn("alpha", done.stdout)
        self.assertNotIn("apt-get", (self.machine / "calls").read_text())


class RealLists(unittest.TestCase):
    def test_every_line_of_the_real_lists_is_understood(self):
        for path in sorted((ROOT / "scripts").glob("packages*.txt")):
            for line in path.read_text().splitlines():
                if line and not line.startswith("#"):
                    self.assertRegex(line, r"^[a-z0-9.+\-]+( \|? ?[a-z0-9.+\-]+)*\s+# \S", f"{path.name}: {line}")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
