"""Tell the API pages which names of a package are public: the ones that its `__init__.pyi` binds."""

from __future__ import annotations

from typing import Any

import griffe


class PublicNames(griffe.Extension):
    """Give each package with names bound by `lazy_loader` the list `__all__` that it has at run time."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Go through a package once it is read with its stubs."""
        for module in (pkg, *pkg.modules.values()):
            if module.exports is None and "lazy_loader" in module.imports:
                own = module.imports.items()
                module.exports = [name for name, path in own if path.startswith(f"{module.path}.")]
