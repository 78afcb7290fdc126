from . import (
    data as data,
)
from . import (
    errors as errors,
)
from . import (
    evaluation as evaluation,
)
from . import (
    ground as ground,
)
from . import (
    html as html,
)
from . import (
    images as images,
)
from . import (
    inference as inference,
)
from . import (
    instances as instances,
)
from . import (
    losses as losses,
)
from . import (
    measurements as measurements,
)
from . import (
    metrics as metrics,
)
from . import (
    networks as networks,
)
from . import (
    report as report,
)
from . import (
    review as review,
)
from . import (
    runs as runs,
)
from . import (
    samples as samples,
)
from . import (
    score as score,
)
from . import (
    sharing as sharing,
)
from . import (
    tracking as tracking,
)
from . import (
    training as training,
)
from . import (
    transforms as transforms,
)
from . import (
    weights as weights,
)
from .data.items._datalist import datalist as datalist
from .data.items._inputs import input_list as input_list
from .data.items._inputs import open_inputs as open_inputs
from .data.items._windows import in_windows as in_windows
from .data.manifests._finding import open_datasets as open_datasets
from .data.manifests._folders import open_folders as open_folders
from ._version import __version__ as __version__
from .errors import InputError as InputError
from .ground.command_line import path as path
from .ground.command_line import paths as paths
from .ground.command_line import typed as typed
from .ground.locks import claim as claim
from .ground.option_values import choice as choice
from .ground.option_values import flag as flag
from .ground.option_values import number as number
from .runs._workflow import begin as begin
from .runs._workflow import bundle_root as bundle_root
from .samples import make_samples as make_samples
from .weights._thresholds import read_threshold as read_threshold
from .weights._training_settings import find_weights as find_weights
