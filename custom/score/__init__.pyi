from .ctc import score_folders as score_folders
