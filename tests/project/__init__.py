"""Tests of the project itself: how it is packaged and how its rooms lie."""
