"""The modules that a command loads to print its help."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"ignite", "matplotlib", "monai", "pandas", "scipy", "skimage", "torch"}
"""Packages that take a large part of a second, or several seconds, to import."""

_SCRIPT = """
import runpy, sys
sys.argv = ["command", *{arguments!r}]
try:
    runpy.run_module({module!r}, run_name="__main__")
except SystemExit as ended:
    print("exit code", ended.code)
print("modules", *sys.modules)
"""


def loaded_for_help(module: str, *arguments: str) -> set[str]:
    """Return the top-level packages that ``python -m MODULE ARGUMENTS --help`` has imported at its end."""
    script = _SCRIPT.format(module=module, arguments=[*arguments, "--help"])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    exit_code, modules = done.stdout.splitlines()[-2:]
    assert exit_code == "exit code 0"
    return {name.partition(".")[0] for name in modules.split()[1:]}
