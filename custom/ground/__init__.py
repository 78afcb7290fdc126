"""How are files written safely, and what did the user type? Files, locks, tables, progress bars, command line."""
