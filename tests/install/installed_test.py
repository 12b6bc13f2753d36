"""What an installation holds, and what it shows:   installed_test.py static|shared PREFIX"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KIND, PREFIX = sys.argv[1], pathlib.Path(sys.argv[2])


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def the_one(pattern):
    (found,) = PREFIX.rglob(pattern)
    return found


class Installed(unittest.TestCase):
    def test_every_public_header_is_there_and_no_other(self):
        expected = {pathlib.Path("psyne.hpp")}
        for folder in ("core", "transports", "pool", "patterns", "collectives"):
            expected |= {pathlib.Path("psyne") / header.relative_to(ROOT) for header in (ROOT / folder).rglob("*.hpp")}
        include = PREFIX / "include"
        self.assertEqual({path.relative_to(include) for path in include.rglob("*") if path.is_file()}, expected)

    def test_headers_are_files_and_no_links_into_the_sources(self):
        self.assertEqual([path for path in PREFIX.rglob("*.hpp") if path.is_symlink()], [])

    def test_no_package_file_names_the_place_it_was_made_at(self):
        for path in [*PREFIX.rglob("*.cmake"), *PREFIX.rglob("*.pc")]:
            text = path.read_text()
            self.assertNotIn(str(ROOT), text, path)
            self.assertNotIn(str(PREFIX.parent), text, path)

    def test_the_library_is_of_the_kind_asked_for(self):
        libraries = {path.name for path in PREFIX.rglob("libpsyne*")}
        if KIND == "static":
            self.assertEqual(libraries, {"libpsyne.a"})
        else:
            self.assertIn("libpsyne.so", libraries)
            self.assertNotIn("libpsyne.a", libraries)


@unittest.skipUnless(KIND == "shared", "a static library is not linked yet")
class SharedLibrary(unittest.TestCase):
    def test_shows_names_of_psyne_and_nothing_else(self):
        names = [line.split()[-1] for line in lines_of("nm", "-D", "--defined-only", the_one("libpsyne.so"))]
        ours = re.compile(r"_Z(GV|TH|TW|T[VTIS])?Z?NK?[RO]?5psyne.*@@psyne_0$|psyne_0(@@psyne_0)?$")
        self.assertEqual([name for name in names if not ours.match(name)], [])
        self.assertIn("_ZNK5psyne2v05Error4textB5cxx11Ev@@psyne_0", names)

    def test_carries_its_version_in_its_name(self):
        dynamic = "\n".join(lines_of("readelf", "-d", the_one("libpsyne.so")))
        self.assertRegex(dynamic, r"SONAME.*\[libpsyne\.so\.\d+\]")

    def test_calls_its_own_functions_directly(self):
        relocations = lines_of("readelf", "--relocs", "--wide", the_one("libpsyne.so"))
        through_table = [line for line in relocations if "JUMP_SLO" in line]
        self.assertTrue(through_table, "readelf shows no jump slots at all")
        self.assertEqual([line for line in through_table if re.search(r" _ZNK?[RO]?5psyne", line)], [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
