"""What is in a PyTorch checkpoint: read without running it, measured, examined, drawn."""

__version__ = "0.1.0"
