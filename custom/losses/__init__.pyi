from .annotated import AnnotatedDiceCELoss as AnnotatedDiceCELoss
from .classes import ClassDiceCELoss as ClassDiceCELoss
from .weighted import PixelWeightedCrossEntropy as PixelWeightedCrossEntropy
from .weighted import PixelWeightedDiceCE as PixelWeightedDiceCE
