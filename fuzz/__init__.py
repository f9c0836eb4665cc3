"""Coverage-guided fuzzing of the reader (development only)."""
