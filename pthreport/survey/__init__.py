"""What needs several tensors at once, or a tensor and its place in the model."""
