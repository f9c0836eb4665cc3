"""Parts of a layer's matrix with a spectrum of their own: fused projections, heads, gates."""

from pthreport.measure.spectrum.matrices import Section

GATES = {
    "lstm": ("input gate", "forget gate", "cell gate", "output gate"),
    "gru": ("reset gate", "update gate", "new gate"),
}
"""Rows of torch's recurrent weights, in order (torch.nn.LSTM and torch.nn.GRU)."""

BY_HEAD = frozenset({"query_key_value"})
"""Names under which query, key and value alternate head by head (GPT-NeoX, BLOOM, Falcon): cut in
three they would be cut wrongly."""


def gate_sections(kind: str, units: int, inputs: int) -> tuple[Section, ...]:
    """The gates of a recurrent layer's weight of `units` rows; none for other kinds."""
    names = GATES.get(kind, ())
    if not names or units % len(names):
        return ()
    each = units // len(names)
    return tuple(Section(name, (i * each, (i + 1) * each), (0, inputs)) for i, name in enumerate(names))


def projection_sections(
    projection: str,
    name: str,
    units: int,
    inputs: int,
    heads: int | None = None,
    kv_heads: int | None = None,
) -> tuple[Section, ...]:
    """The parts of an attention's projection of `units` rows and `inputs` columns.

    `projection` is what it projects to in the words of `pthreport.anatomy.kinds.PROJECTIONS`, `name`
    the layer's last name. Query, key and value (or key and value) are told apart where the shape
    leaves no doubt: three of `inputs` rows each, or as many as `heads` and `kv_heads` (the config's)
    ask for. Where heads are known, each is a part: rows, or columns of the output projection.
    """
    kv_heads = kv_heads if kv_heads is not None else heads
    roles = [role for role in ("query", "key", "value") if role in projection]
    if projection == "output":
        return _heads("output", (0, units), inputs, heads, across=True)
    if not roles or name in BY_HEAD:
        return ()
    counts = [heads if role == "query" else kv_heads for role in roles]
    known = [count for count in counts if count]
    if len(known) == len(counts):
        each, rest = divmod(units, sum(known))
        if rest:
            return ()
        sizes = [count * each for count in known]
    elif len(roles) == 1:
        sizes = [units]
    elif units == len(roles) * inputs:
        sizes = [inputs] * len(roles)
    else:
        return ()
    found: list[Section] = []
    start = 0
    for role, size, count in zip(roles, sizes, counts, strict=True):
        rows = (start, start + size)
        if len(roles) > 1:
            found.append(Section(role, rows, (0, inputs)))
        found.extend(_heads(role, rows, inputs, count, across=False))
        start += size
    return tuple(found)


def _heads(
    role: str, rows: tuple[int, int], inputs: int, count: int | None, *, across: bool
) -> tuple[Section, ...]:
    size = inputs if across else rows[1] - rows[0]
    if not count or count < 2 or size % count:
        return ()
    each = size // count
    return tuple(
        Section(
            f"{role}, head {head}",
            rows if across else (rows[0] + head * each, rows[0] + (head + 1) * each),
            (head * each, (head + 1) * each) if across else (0, inputs),
            "scalars",
        )
        for head in range(count)
    )
