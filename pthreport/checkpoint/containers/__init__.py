"""The containers that checkpoints come in: one module each, one row of `table.CONTAINERS` each."""
