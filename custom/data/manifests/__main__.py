"""Prints the JSON schema of manifests: ``python -m custom.data.manifests > data_manifests/schema.json``."""

import json

from ._models import json_schema

print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
