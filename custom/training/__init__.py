"""What happens while a network learns? Handlers for the trainer, and training on several GPUs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
