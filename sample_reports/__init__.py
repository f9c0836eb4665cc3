"""The bundled checkpoint: how it was trained, and the reports of it."""
