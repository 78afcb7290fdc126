"""Manifests: what is an image, what is a label, which splits there are."""
