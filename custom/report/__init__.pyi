from ._evaluation import report_evaluation as report_evaluation
from ._inference import report_inference as report_inference
from ._split import split_of as split_of
from ._training import report_training as report_training
