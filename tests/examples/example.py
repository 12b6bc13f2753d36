"""Runs an example without what the environment says to psyne."""

import os
import subprocess


def printed(program):
    """All that it prints, once it has ended well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PSYNE_")}
    done = subprocess.run([program], env=environment, capture_output=True, timeout=100, encoding="utf-8")
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
