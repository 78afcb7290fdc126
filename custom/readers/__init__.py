"""One reader for every image format: the suffix chooses the library, and nothing falls back in silence.

Arrays are (H, W), or (Z, H, W) for a stack, with ``[row, column]`` as a viewer shows them.
"""

from ._channels import JPEG_NOISE
from ._formats import SUFFIXES, files_in, is_image_file
from ._image import ImageInfo
from ._reading import describe, read_image, read_labels

__all__ = ["JPEG_NOISE", "SUFFIXES", "ImageInfo", "describe", "files_in", "is_image_file", "read_image", "read_labels"]
