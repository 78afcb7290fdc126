"""Build the site from the files of the repository, in place, so that links work in both."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PATTERNS = (
    "*.md",
    "LICENSE",
    "benchmarks/*.md",
    "bundles/*/docs/*",
    "docs/**/*.md",
    "docs/javascripts/*.js",
    "docs/pictures/*",
    "docs/stylesheets/*.css",
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace MkDocs' own list, which contains only `docs/` and resolves links relative to it."""
    root = Path(config.config_file_path).parent
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    for path in sorted({path for pattern in PATTERNS for path in root.glob(pattern)}):
        name = path.relative_to(root).as_posix()
        files.append(File(name, str(root), config.site_dir, config.use_directory_urls))
    return files
