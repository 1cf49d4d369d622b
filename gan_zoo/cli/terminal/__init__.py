"""What the command line prints: tables plain enough for a log, or data for scripts. No torch."""
