from ._begin import begin as begin
from ._evaluation_run import EvaluationRun as EvaluationRun
from ._inference_run import InferenceRun as InferenceRun
from ._tracking_run import TrackingRun as TrackingRun
from ._training_run import TrainingRun as TrainingRun
from ._workflow import bundle_root as bundle_root
from ._workflow import content as content
from ._workflow import settings_digest as settings_digest
