"""From labels of single frames to tracks with divisions."""
