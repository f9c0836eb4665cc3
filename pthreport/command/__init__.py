"""The command line: arguments to calls, an exit code back."""
