"""Linking: from the labels of single frames to tracks with divisions."""
