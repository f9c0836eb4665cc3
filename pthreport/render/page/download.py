"""The numbers themselves, packed into the page."""

import base64
import gzip

import msgspec
from markupsafe import Markup

from pthreport.document import Report, to_json


def packed_json(report: Report) -> Markup:
    """`report` as a data URI of gzipped JSON: all numbers, without the pictures' pixels.

    Without them since the page shows them already, and they would be most of its size. The gzip head
    carries no time, so that the same report gives the same bytes.
    """
    tensors = tuple(
        msgspec.structs.replace(tensor, picture=None) if tensor.picture else tensor
        for tensor in report.tensors
    )
    bare = msgspec.structs.replace(report, tensors=tensors)
    packed = gzip.compress(to_json(bare), compresslevel=9, mtime=0)
    # Markup, since a text of this length would be cut before it reaches the page.
    return Markup("data:application/gzip;base64," + base64.b64encode(packed).decode("ascii"))
