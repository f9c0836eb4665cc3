"""Whole processes side by side: this tool, what people use today, and the floors below both."""
