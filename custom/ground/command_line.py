"""The command line of this process as the user typed it: options, paths, config files, the command to resume.

MONAI parses the values of options as Python, which changes some of them; this module reads ``sys.argv`` itself. It does
so only under MONAI's own command: the arguments of another program are not those of a bundle. MONAI is imported when it
is used, so that `joined` costs nothing.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import InputError
from .names import as_given, in_home

# ---------------------------------------------------------------------------------------------------- values of options


def typed(option: str, value: Any) -> str:
    """Return the value of ``--option`` exactly as it was typed.

    MONAI's command line parses values as Python: it turns ``2024_05`` into the number 202405 and drops everything from
    the ``#`` on in ``run#2``. Quotes that mark a value as text are removed here as well. A value from elsewhere is
    returned as text, with ``#`` where MONAI's parser has written ``::``.

    Args:
        option: id of the option in the config.
        value: its value in the config.

    Examples:
        >>> typed("output_dir", "'2024_05'"), typed("output_dir", "run::2")  # not typed
        ('2024_05', 'run#2')
    """
    text = _without_separator(value) if _not_typed(option, value) else typed_options()[option]
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _not_typed(option: str, value: Any) -> bool:
    """Return whether a value does not come from the command line, but from Python, a file or an expression."""
    text = typed_options().get(option)
    return text is None or _without_separator(_parsed(text)) != _without_separator(value)


def _parsed(text: str) -> Any:
    """Return what MONAI's command line makes of the value of an option."""
    from fire.parser import DefaultParseValue

    return DefaultParseValue(text)


def _without_separator(value: Any) -> str:
    from monai.bundle import ReferenceResolver

    return str(value).replace(ReferenceResolver.sep, "#")  # MONAI's parser writes :: for every #


def paths(option: str, value: Any) -> list[Path]:
    """Return the path or the list of paths of an option as absolute paths; links keep the names that were given.

    Args:
        option: id of the option in the config.
        value: its value in the config: a path or a list of paths; ``~`` is the home folder.
    """
    listed = isinstance(value, list) or (isinstance(value, tuple) and _not_typed(option, value))  # typed: "a,b"
    texts = [_without_separator(text) for text in value] if listed else [typed(option, value)]
    return [as_given(in_home(text)) for text in texts]


def path(option: str, value: Any) -> Path:
    """Return the path of an option as an absolute path; arguments as in `paths`.

    Raises:
        InputError: the value is a list with more or fewer than one path.

    Examples:
        >>> path("output_dir", "/data/../results").as_posix()
        '/results'
    """
    found = paths(option, value)
    if len(found) != 1:
        raise InputError(f"--{option}: found {len(found)} paths, expected one.")
    return found[0]


def options_of_file() -> dict[str, Any]:
    """Return the options in ``--args_file``, which those of the command line override; see ``monai.bundle.run``."""
    from monai.bundle import ConfigParser

    file = typed_options().get("args_file")
    return ConfigParser.load_config_file(file) if file and Path(file).is_file() else {}


def typed_options() -> dict[str, str]:
    """Return option → value for all options as they were typed; if an option is repeated, the last one counts."""
    found, arguments = {}, _arguments()
    for argument, after in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, value = argument.partition("=")
        if re.match(r"--[A-Za-z_+]", name):
            found[name[2:]] = value if equals else after
    return found


def config_files() -> list[str]:
    """Return the files of ``--config_file``, typed or in ``--args_file``: a path, or a list ``['a.yaml','b.yaml']``."""
    text = typed_options().get("config_file")
    value = options_of_file().get("config_file", "") if text is None else _parsed(text)
    return [str(file) for file in (value if isinstance(value, (list, tuple)) else [value]) if file]


def typed_ids() -> list[str]:
    """Return the config ids of all options, typed or in ``--args_file``, normalized as MONAI's parser does it."""
    from monai.bundle import ReferenceResolver

    return [ReferenceResolver.normalize_id(option) for option in (*options_of_file(), *typed_options())]


def positional_arguments() -> list[str]:
    """Return the arguments that are neither options nor values of options."""
    pairs = zip(["", *_arguments()], _arguments(), strict=False)
    return [here for last, here in pairs if not here.startswith("--") and ("=" in last or not last.startswith("--"))]


def _arguments() -> list[str]:
    """Return the arguments of MONAI's command; none if another program drives the bundle: its own are not ours."""
    return sys.argv[1:] if started_by_bundle_command() else []


# ------------------------------------------------------------------------------------------------------- whole commands


def started_by_bundle_command() -> bool:
    """Return whether this process is ``python -m monai.bundle``, not another program that uses a bundle."""
    return Path(sys.argv[0]).parts[-3:] == ("monai", "bundle", "__main__.py")


def started_by_name() -> bool:
    """Return whether this process is ``microscopy train`` or the like, in which a bundle has a name, not configs."""
    words = [word for word in sys.orig_argv[1:] if word != "-m"]
    return bool(words) and Path(words[0]).stem in ("microscopy", "custom") and words[1:2] != ["run"]


def command_line() -> str:
    """Return the command that started this process, as a line for the shell; of another program: ``from Python: …``."""
    if started_by_bundle_command():
        return joined([*_program(), *sys.argv[1:]])
    return f"from Python: {joined(['python', *sys.orig_argv[1:]])}"


def resume_command() -> str:
    """Return the command that resumes the current training run: its own command with ``--resume true``."""
    if not started_by_bundle_command():
        return "the same call with resume=True"  # started from Python
    kept = [
        here
        for last, here in zip(["", *sys.argv[1:]], sys.argv[1:], strict=False)
        if here.partition("=")[0] != "--resume" and (last != "--resume" or here.startswith("--"))
    ]
    return joined([*_program(), *kept, "--resume", "true"])


def joined(words: Iterable[str]) -> str:
    """Return words as one line for the shell; a list such as ``['a.yaml','b.yaml']`` gets double quotes.

    Examples:
        >>> joined(["python", "train.py", "--output_dir", "my run"])
        "python train.py --output_dir 'my run'"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)


def _program() -> list[str]:
    """Return the words that start MONAI's bundle command: with Python, or with torchrun on several GPUs."""
    processes = os.environ.get("LOCAL_WORLD_SIZE")
    launcher = ["python"] if processes is None else ["torchrun", "--nproc_per_node", processes]
    return [*launcher, "-m", "monai.bundle"]
