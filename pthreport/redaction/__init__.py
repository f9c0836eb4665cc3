"""Secrets and private texts: found in a tree or a report, and replaced before anything else reads them."""
