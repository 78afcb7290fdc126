"""``microscopy run …``: the same as ``python -m monai.bundle run …``, with one sentence for a wrong start.

MONAI reads the config files before any code of a bundle runs. A missing or broken file, and a run that no config
contains, would therefore end in a traceback.
"""

from __future__ import annotations

import difflib
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import yaml

from ..data._shipped import shipped_bundles
from ..errors import InputError, show_input_errors

_USAGE = """microscopy run NAME --config_file FILE [--OPTION VALUE …]

NAME is training, evaluating, inference or tracking. `--help` after a config lists its options. Bundles:
"""


def main() -> None:
    """Check the command, then run MONAI's with the same arguments."""
    show_input_errors()
    entry = find_spec("monai.bundle.__main__")
    sys.argv[0] = str(entry and entry.origin)
    from ..ground.command_line import config_files, typed_options

    options = typed_options().get("args_file")
    if options is not None and not Path(options).is_file():
        raise InputError.about(Path(options), "nothing", "a file of options")
    files = config_files()
    if not files:
        print(_USAGE + "\n".join(f"  {folder}" for folder in shipped_bundles().values()))
        raise SystemExit(0 if "--help" in sys.argv[1:] or len(sys.argv) == 1 else 2)
    _check(files)
    runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)


def _check(files: list[str]) -> None:
    """Refuse missing or broken configs, a run that they do not contain, and options that they do not have."""
    from ..ground.command_line import options_of_file, positional_arguments, typed_options
    from ._overrides import check_command, content_of

    runs = {name for file in files for name in _runs(Path(file))}
    words = positional_arguments()
    given = [typed_options().get("run_id") or options_of_file().get("run_id")]
    name = (words[1:] or given)[0]
    if words[:1] != ["run"] or not name:
        raise InputError(f"microscopy: found {' '.join(words) or 'no command'}, expected run and what to run.")
    check_command(files, content_of(files), {})
    if name not in runs:
        near = difflib.get_close_matches(name, sorted(runs), n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise InputError(f"{name}: found a run that no config contains{hint}, expected training or inference.")


def _runs(file: Path) -> list[str]:
    """Return the ids of a config that can be run: expressions, lists of them, or copies of such a list."""
    if not file.is_file():
        raise InputError.about(
            file, "a folder" if file.is_dir() else "nothing", "a config file, such as inference.yaml"
        )
    try:
        content = yaml.safe_load(file.read_bytes())
    except yaml.YAMLError as error:
        raise InputError.about(file, f"broken YAML ({str(error).splitlines()[0]})", "a config file") from error
    if not isinstance(content, dict):
        raise InputError.about(file, f"a {type(content).__name__}", "a config file with ids and their values")
    return [name for name, value in content.items() if "$" in str(value)[:3] or str(value).startswith("%")]


if __name__ == "__main__":
    main()
