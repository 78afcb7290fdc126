"""Manifests: which files are images and labels, what label values mean, and how the data are split."""
