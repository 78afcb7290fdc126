"""Tell the API pages how to read this package."""

from __future__ import annotations

import re
from typing import Any

import griffe


class HouseStyle(griffe.Extension):
    """Public names come from `__init__.pyi`, return types from signatures."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Give each package with names bound by `lazy_loader` the list `__all__` that it has at run time."""
        for module in (pkg, *pkg.modules.values()):
            if module.exports is None and "lazy_loader" in module.imports:
                own = module.imports.items()
                module.exports = [name for name, path in own if path.startswith(f"{module.path}.")]

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Mark the text below "Returns:" as description: in "float32 (H, W): …", Griffe takes the shape for a type."""
        if func.docstring:
            func.docstring.value = re.sub(r"(?m)^((?:Returns|Yields):\n +)(?=\S)", r"\1: ", func.docstring.value)
