from ._commands import ctc as ctc
from ._commands import masks as masks
from ._commands import membrane as membrane
from ._sequences import score_folders as score_folders
