"""Annotations and detections of QuPath as GeoJSON (RFC 7946), in pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import InputError
from ._shape import Ring, Shape, Shapes, ring_of

_WITHOUT_AREA = ("Point", "MultiPoint", "LineString", "MultiLineString")
_TYPES = ("FeatureCollection", "Feature", "Polygon", "MultiPolygon", "GeometryCollection", *_WITHOUT_AREA)


def is_geojson(content: Any) -> bool:
    """Return whether JSON is GeoJSON, or a list of features, as QuPath also writes it.

    Examples:
        >>> is_geojson({"type": "FeatureCollection", "features": []}), is_geojson([]), is_geojson({"PixelSize": [1]})
        (True, True, False)
    """
    if isinstance(content, list):
        return all(map(is_geojson, content))
    return isinstance(content, dict) and content.get("type") in _TYPES


def read_geojson(file: Path, content: Any) -> Shapes:
    """Return the objects in GeoJSON; those of QuPath have a classification and, in stacks, a plane.

    Raises:
        InputError: an object is not valid.
    """
    shapes, skipped = [], Counter[str]()
    for number, feature in enumerate(_features(file, content), start=1):
        try:
            areas = _areas(feature["geometry"], skipped)
            if areas:
                shapes.append(Shape(str(number), _kind(feature), areas, _page(feature["geometry"])))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            expected = "a Polygon or MultiPolygon with coordinates in pixels"
            raise InputError.about(file, f"the invalid feature {number} ({error})", expected) from error
    return Shapes(file, shapes, skipped)


def _features(file: Path, content: Any) -> Sequence[dict[str, Any]]:
    if isinstance(content, list):
        return [feature for one in content for feature in _features(file, one)]
    if content["type"] == "FeatureCollection":
        features = content.get("features") or []
        if not isinstance(features, list):
            raise InputError.about(file, f"the features {features}", "a list of features")
        return features
    return [content] if content["type"] == "Feature" else [{"geometry": content}]


def _areas(geometry: Any, skipped: Counter[str]) -> list[list[Ring]]:
    """Return the polygons of a geometry, each with its outer ring and those of its holes."""
    kind = None if geometry is None else geometry["type"]
    if kind is None or kind in _WITHOUT_AREA:
        skipped["empty feature" if kind is None else "point" if "Point" in kind else "line"] += 1
        return []
    if kind == "GeometryCollection":
        return [area for one in geometry["geometries"] for area in _areas(one, skipped)]
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"type {kind!r}")
    polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    return [[ring_of(ring) for ring in polygon] for polygon in polygons if polygon]


def _kind(feature: dict[str, Any]) -> str | None:
    found = (feature.get("properties") or {}).get("classification")
    if isinstance(found, dict):
        return found.get("name") or ": ".join(found.get("names", [])) or None
    return found or None


def _page(geometry: dict[str, Any]) -> int:
    """Return the z or the time of QuPath's plane, which it omits for the first."""
    plane = geometry.get("plane") or {}
    depth, time = int(plane.get("z", 0)), int(plane.get("t", 0))
    if depth > 0 and time > 0:
        raise ValueError(f"z {depth} and time {time}, which are no page of one stack")
    return max(depth, time)
