"""PDFs written by hand, so that what is wrong in them is wrong on purpose and nothing else is."""

import io
import zlib

import cv2
import numpy as np
from PIL import Image

from tests.unit.pdf_factories import Picture, jpeg, paper

Objects = dict[int, bytes]

SMALL = (504, 714)
"""Pixels of the pictures: an A4 page at 61 dpi, the least that can be read."""


def stream(entries: bytes, data: bytes) -> bytes:
    """A stream object with its true length."""
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(data), data)


def write(objects: Objects, *, trailer: bytes = b"") -> bytes:
    """A file of these objects whose cross-reference table is right; object 1 is the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    places: dict[int, int] = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        place = places.get(number)
        out += b"%010d 00000 n \n" % place if place else b"0000000000 00000 f \n"
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def scan_objects(pages: int = 2, *, image: bytes | None = None) -> Objects:
    """A scan: catalog 1, page tree 2, then page, contents and image for each page from 10 on."""
    kids = b" ".join(b"%d 0 R" % (10 + 3 * number) for number in range(pages))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
    }
    for number in range(pages):
        page = 10 + 3 * number
        objects[page] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Rotate 0"
            b"/Resources<</XObject<</Im0 %d 0 R>>>>/Contents %d 0 R>>" % (page + 2, page + 1)
        )
        objects[page + 1] = stream(b"", b"q 595 0 0 842 0 0 cm /Im0 Do Q")
        objects[page + 2] = image or dct_image(paper(*SMALL, number=number))
    return objects


def image_entries(width: int, height: int, filters: bytes, *, bits: int = 8) -> bytes:
    """The dictionary of a grey image."""
    return (
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
        b"/BitsPerComponent %d/Filter%s" % (width, height, bits, filters)
    )


def dct_image(picture: Picture) -> bytes:
    height, width = picture.shape
    return stream(image_entries(width, height, b"/DCTDecode"), jpeg(picture))


def flate_image(picture: Picture) -> bytes:
    height, width = picture.shape
    return stream(image_entries(width, height, b"/FlateDecode"), zlib.compress(picture.tobytes()))


def jpx_image(picture: Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG2000")
    height, width = picture.shape
    return stream(image_entries(width, height, b"/JPXDecode"), out.getvalue())


def fax(picture: Picture) -> bytes:
    """The picture in black and white, coded as CCITT group 4."""
    out = io.BytesIO()
    Image.fromarray(picture > 128).save(out, "TIFF", compression="group4")
    tiff = Image.open(out)
    (offset,), (length,) = tiff.tag_v2[273], tiff.tag_v2[279]
    return out.getvalue()[offset : offset + length]


def fax_image(picture: Picture) -> bytes:
    height, width = picture.shape
    parameters = b"/DecodeParms<</K -1/Columns %d/Rows %d>>" % (width, height)
    entries = image_entries(width, height, b"/CCITTFaxDecode", bits=1) + parameters
    return stream(entries, fax(picture))


def jbig2_image(picture: Picture) -> bytes:
    """One page with one generic region, coded as MMR (ITU-T T.88, 7.4.6)."""
    height, width = picture.shape
    region = width.to_bytes(4) + height.to_bytes(4) + bytes(8) + b"\0" + b"\1" + fax(picture)
    page = width.to_bytes(4) + height.to_bytes(4) + bytes(8) + b"\0" + b"\0\0"
    segments = b"".join(
        number.to_bytes(4) + bytes([kind, 0, 1]) + len(data).to_bytes(4) + data
        for number, (kind, data) in enumerate([(48, page), (38, region)])
    )
    return stream(image_entries(width, height, b"/JBIG2Decode", bits=1), segments)


def large_jpeg_head(width: int, height: int) -> bytes:
    """A small JPEG that says it is large."""
    data = bytearray(jpeg(np.full((8, 8), 200, np.uint8)))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(data)


def zeros_deflated(length: int, *, times: int = 1) -> bytes:
    """So many zeros, deflated so many times: a kilobyte for a gigabyte."""
    deflate = zlib.compressobj(1)
    block = bytes(1 << 20)
    data = b"".join(deflate.compress(block) for _ in range(length >> 20)) + deflate.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def progressive_jpeg(picture: Picture) -> bytes:
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    return cv2.imencode(".jpg", picture, flags)[1].tobytes()
