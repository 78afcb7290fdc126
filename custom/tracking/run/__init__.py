"""The run: from movies to tracks, scores, pictures and a report."""
