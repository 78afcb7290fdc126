"""Pictures of tracks: overlays, movies, lineage trees, comparisons with the truth, and the report page."""
