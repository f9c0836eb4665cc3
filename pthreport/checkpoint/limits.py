"""How much a file may ask of the reader.

Every limit is far above what real checkpoints need and low enough that no file, however made, holds
the reader for more than some ten seconds or a gibibyte. Wherever the file's size bounds a number
too, the smaller of the two counts.
"""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """The budgets of one reading.

    `opcodes`: pickle instructions of one pickle. `objects`: containers, tensors and calls that one
    pickle may build. `memo`: memo entries of one pickle. `string_bytes`: one string or byte string.
    `integer_bytes`: one integer. `derived_bytes`: bytes that calls make out of other values, beyond
    the pickle's own size. `line_bytes`: one text line of protocol 0 (a number, a name).
    `depth`: how deep the tree is walked. `nodes`: values the walk visits. `path_characters` and
    `key_characters`: length of a path, and of one key in it, before it is shortened.
    `rank`: dimensions of a tensor (numpy has 64). `tensors`: tensors of one file.
    `imports`: imports that are listed, of at most `names` different ones. `header_bytes`: a safetensors header (the format allows 100
    MB; 150,000 tensors need 16 MiB). `members`: entries of a zip directory. `inflated_bytes`: what
    the compressed members of one file may expand to, and `inflated_ratio`: the same, as a multiple
    of the file's size (deflate cannot exceed 1,032). `trailing_bytes`: how far a zip's end record is
    searched from the end, and how much of a trailing region is searched for hidden pickles.
    `nested_files`: torch files inside the pickle that are opened, and `nested_depth`: within each other.
    """

    opcodes: int = 20_000_000
    objects: int = 4_000_000
    memo: int = 6_000_000
    string_bytes: int = 256 * MIB
    integer_bytes: int = 64 * KIB
    derived_bytes: int = 16 * MIB
    line_bytes: int = 64 * KIB
    depth: int = 1_000
    nodes: int = 2_000_000
    path_characters: int = 1_000
    key_characters: int = 400
    rank: int = 64
    tensors: int = 400_000
    imports: int = 1_000
    names: int = 200_000
    header_bytes: int = 16 * MIB
    members: int = 500_000
    inflated_bytes: int = 64 * GIB
    inflated_ratio: int = 1_100
    trailing_bytes: int = 4 * MIB
    nested_files: int = 1_000
    nested_depth: int = 8
