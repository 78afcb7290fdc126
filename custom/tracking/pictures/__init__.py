"""Pictures of tracks: movies, lineage trees, comparisons with the truth, and their report."""
