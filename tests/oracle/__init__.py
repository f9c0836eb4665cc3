"""Real loaders as judges of the reader: files made by a grammar, loaded by torch, CPython, numpy and joblib in a jail.

Whatever name a loader looks up while it loads a file must be in the reader's list of imports, unless the
reader says itself that it could not read everything; and a file whose names are all known must do nothing
but load. `python -m tests.oracle` runs as many files as one likes, the tests run a sample.
"""
