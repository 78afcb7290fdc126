"""What goes wrong, and how is a file written whole? Errors, files, locks, progress, options, tables."""
