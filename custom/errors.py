"""The one exception for what a user can mend, and the way it is shown: as one sentence, without a traceback."""

from __future__ import annotations

import os


class InputError(Exception):
    """Something is wrong with what the user gave, and the user can mend it.

    It is built from one string, so that it survives the way out of a data loader's worker process.
    """

    @classmethod
    def about(cls, file: str | os.PathLike[str], found: str, expected: str) -> InputError:
        """Return the error in its usual form: which file, what was found there, what was expected.

        Args:
            file: the file or folder that is at fault.
            found: what it holds, for example ``"3 channels"``.
            expected: what it should hold, for example ``"a gray image"``.
        """
        return cls(f"{os.fspath(file)}: found {found}, expected {expected}.")
