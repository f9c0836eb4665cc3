"""The sentences, states and choices that a report opens with, made from facts and findings."""
