"""How do pictures and plots become a single HTML page that works offline?"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
