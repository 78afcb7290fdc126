"""The tracking run: from movies to tracks, tables, pictures, reports and scores."""
