"""What a PDF may do to who opens it: each attack a file, made anew from the same parts."""
# ruff: noqa: E501  # an attack a line

import zlib
from collections.abc import Callable

import pymupdf

from tests.hostile.pdf_writer import (
    SMALL,
    Objects,
    dct_image,
    fax_image,
    flate_image,
    image_entries,
    jbig2_image,
    jpx_image,
    large_jpeg_head,
    progressive_jpeg,
    scan_objects,
    stream,
    write,
    zeros_deflated,
)
from tests.unit.pdf_factories import paper, scan

PICTURE = paper(*SMALL)
FIRST = 10
"""Object number of the first page; its contents and image follow it."""


def changed(**entries: bytes) -> Objects:
    """A scan whose first page has these entries besides or instead of its own."""
    objects = scan_objects()
    page = objects[FIRST][:-2]
    for key, value in entries.items():
        name = b"/" + key.encode()
        if name in page:
            start = page.index(name)
            end = page.find(b"/", start + 1)
            page = page[:start] + (page[end:] if end > 0 else b"")
        page += b"%s %s" % (name, value)
    objects[FIRST] = page + b">>"
    return objects


def with_image(image: bytes) -> bytes:
    return write(scan_objects(image=image))


def with_contents(data: bytes, **others: bytes) -> bytes:
    objects = scan_objects()
    objects[FIRST + 1] = stream(b"", data)
    objects |= {int(name[1:]): body for name, body in others.items()}
    return write(objects)


def with_catalog(entries: bytes, **others: bytes) -> bytes:
    objects = scan_objects()
    objects[1] = objects[1][:-2] + entries + b">>"
    objects |= {int(name[1:]): body for name, body in others.items()}
    return write(objects)


def many_pages(count: int) -> bytes:
    """So many pages that share their contents and their picture."""
    objects = scan_objects(1)
    numbers = range(100, 100 + count)
    objects |= dict.fromkeys(numbers, objects[FIRST])
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects[2] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    return write(objects)


def laughing_forms(depth: int = 9, width: int = 10) -> bytes:
    """Forms that show ten forms that show ten forms: a picture of 10^9 rectangles."""
    objects = scan_objects()
    for level in range(depth):
        form = b"/F %d 0 R" % (101 + level) if level < depth - 1 else b""
        resources = b"/Resources<</XObject<<%s>>>>" % form
        calls = b"/F Do " * width if form else b"0 0 9 9 re f "
        entries = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]" + resources
        objects[100 + level] = stream(entries, calls)
    objects[FIRST] = objects[FIRST].replace(b"/Im0 12 0 R", b"/Im0 12 0 R/F 100 0 R")
    objects[FIRST + 1] = stream(b"", b"q 595 0 0 842 0 0 cm /Im0 Do Q /F Do")
    return write(objects)


def form_that_shows_itself() -> bytes:
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</Im0 12 0 R>>>>"
    return with_contents(b"/Im0 Do", o12=stream(form, b"/Im0 Do"))


def incremental() -> bytes:
    """A scan with two later versions of its first page appended."""
    data = scan(2)
    for turn in (90, 180):
        with pymupdf.open(stream=data) as document:
            document[0].set_rotation(turn)
            data = document.tobytes(garbage=0)
    tail = data.rindex(b"startxref")
    again = b"%d 0 obj\n<</Type/Page>>\nendobj\nxref\n0 0\ntrailer\n<</Size 1/Prev %s>>\n" % (
        999, data[tail + 10 :].split()[0],
    )  # fmt: skip
    return data + again + b"startxref\n%d\n%%%%EOF\n" % (data.rindex(b"%%EOF") + 6)


def encrypted(password: str, method: int) -> bytes:
    with pymupdf.open(stream=scan(2)) as document:
        return document.tobytes(encryption=method, user_pw=password, owner_pw="owner")


def active() -> bytes:
    """Everything in one file that may start something: scripts, files, links, forms."""
    script = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
    objects = scan_objects()
    objects[1] = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction %s/AA<</WC %s>>/AcroForm<</Fields[60 0 R]/XFA 63 0 R>>"
        b"/Names<</JavaScript<</Names[(a) %s]>>/EmbeddedFiles<</Names[(b) 61 0 R]>>>>"
        b"/URI<</Base(http://example.invalid/)>>/AF[61 0 R]>>" % (script, script, script)
    )
    objects[FIRST] = objects[FIRST][:-2] + (
        b"/AA<</O %s>>/AF[61 0 R]/Annots[60 0 R 64 0 R 65 0 R 66 0 R 67 0 R]"
        b"/PieceInfo<</X<</Private %s>>>>>>" % (script, script)
    )
    objects[12] = objects[12].replace(
        b"/Type/XObject", b"/Type/XObject/OPI<</2.0<</F(x)>>>>/AF[61 0 R]/Metadata 63 0 R", 1
    )
    objects |= {
        60: b"<</Type/Annot/Subtype/Widget/FT/Tx/T(f)/Rect[0 0 9 9]/AA<</K %s>>>>" % script,
        61: b"<</Type/Filespec/F(x.exe)/EF<</F 62 0 R>>>>",
        62: stream(b"/Type/EmbeddedFile", b"MZ"),
        63: stream(b"/Type/Metadata/Subtype/XML", b"<xdp/>"),
        64: b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://example.invalid)>>>>",
        65: b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(x.exe)>>>>",
        66: b"<</Type/Annot/Subtype/FileAttachment/FS 61 0 R/Rect[0 0 9 9]>>",
        67: b"<</Type/Annot/Subtype/RichMedia/Rect[0 0 9 9]/RichMediaContent<</Assets<</Names[(b) 61 0 R]>>>>>>",
    }  # fmt: skip
    return write(objects)


def _loop_in_tree() -> bytes:
    objects = scan_objects()
    objects[2] = b"<</Type/Pages/Kids[10 0 R 3 0 R]/Count 9>>"
    objects[3] = b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 8>>"
    return write(objects)


def _length_of_itself() -> bytes:
    objects = scan_objects()
    objects[FIRST + 1] = b"<</Length 11 0 R>>\nstream\nq Q\nendstream"
    return write(objects)


def _nested(depth: int) -> bytes:
    return changed(Weird=b"[" * depth + b"]" * depth)[FIRST]


def _deep_array() -> bytes:
    objects = scan_objects()
    objects[FIRST] = _nested(100_000)
    return write(objects)


def _loop_of_versions() -> bytes:
    data = write(scan_objects())
    start = data.rindex(b"startxref")
    place = data[start + 10 :].split()[0]
    return data[:start].replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev " + place) + data[start:]


def _image(width: int, height: int, data: bytes, filters: bytes, *, bits: int = 8) -> bytes:
    return with_image(stream(image_entries(width, height, filters, bits=bits), data))


def _box(box: bytes, **others: bytes) -> bytes:
    return write(changed(MediaBox=box, **others))


Attack = Callable[[], bytes]

SOUND: dict[str, Attack] = {
    "jpeg": lambda: with_image(dct_image(PICTURE)),
    "flate": lambda: with_image(flate_image(PICTURE)),
    "jpeg2000": lambda: with_image(jpx_image(PICTURE)),
    "ccitt": lambda: with_image(fax_image(PICTURE)),
    "jbig2": lambda: with_image(jbig2_image(PICTURE)),
    "progressive": lambda: _image(*SMALL, progressive_jpeg(PICTURE), b"/DCTDecode"),
    "by pymupdf": lambda: scan(2, width=SMALL[0], height=SMALL[1]),
    "object streams": lambda: pymupdf.open(stream=scan(2)).tobytes(use_objstms=1, deflate=True),
    "owner only": lambda: encrypted("", pymupdf.PDF_ENCRYPT_AES_256),
    "active": active,
}
"""Files that are what they seem."""

ATTACKS: dict[str, Attack] = {
    "encrypted": lambda: encrypted("secret", pymupdf.PDF_ENCRYPT_AES_256),
    "encrypted rc4": lambda: encrypted("secret", pymupdf.PDF_ENCRYPT_RC4_128),
    "incremental": incremental,
    "versions in a loop": _loop_of_versions,
    "10,000 pages": lambda: many_pages(10_000),
    "count lies": lambda: write(scan_objects() | {2: b"<</Type/Pages/Kids[10 0 R]/Count 99999999>>"}),
    "count is negative": lambda: write(scan_objects() | {2: b"<</Type/Pages/Kids[10 0 R]/Count -5>>"}),
    "jpeg lies": lambda: _image(100, 100, large_jpeg_head(65500, 65500), b"/DCTDecode"),
    "bits bomb": lambda: _image(200000, 200000, b"\0" * 99, b"/CCITTFaxDecode", bits=1),
    "jbig2 bomb": lambda: _image(100000, 100000, b"\0\0\0\0\x30\0\1\0\0\0\x13\0\1\x86\xa0\0\1\x86\xa0" + bytes(11), b"/JBIG2Decode", bits=1),
    "huge box": lambda: _box(b"[0 0 10000000 10000000]"),
    "wide box": lambda: _box(b"[0 0 14400000 842]"),
    "flat box": lambda: _box(b"[0 0 595 0.0001]"),
    "empty box": lambda: _box(b"[0 0 0 0]"),
    "backward box": lambda: _box(b"[595 842 0 0]"),
    "endless box": lambda: _box(b"[0 0 1e308 1e308]"),
    "box of names": lambda: _box(b"[/a /b /c /d]"),
    "box in itself": lambda: _box(b"10 0 R"),
    "crop beside": lambda: _box(b"[0 0 595 842]", CropBox=b"[5000 5000 6000 6000]"),
    "user unit": lambda: _box(b"[0 0 595 842]", UserUnit=b"75000"),
    "rotate 45": lambda: write(changed(Rotate=b"45")),
    "rotate huge": lambda: write(changed(Rotate=b"2147483647")),
    "rotate minus 90": lambda: write(changed(Rotate=b"-90")),
    "rotate text": lambda: write(changed(Rotate=b"(up)")),
    "tree in a loop": _loop_in_tree,
    "length of itself": _length_of_itself,
    "page in itself": lambda: write(scan_objects() | {10: b"10 0 R"}),
    "deep array": _deep_array,
    "contents in a loop": lambda: write(changed(Contents=b"[10 0 R 11 0 R 11 0 R]")),
    "form in itself": form_that_shows_itself,
    "pattern in itself": lambda: with_contents(
        b"/Pattern cs /P scn 0 0 595 842 re f",
        o12=stream(b"/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 .01 .01]/XStep .01/YStep .01/Resources<</Pattern<</P 12 0 R>>>>", b"/Pattern cs /P scn 0 0 1 1 re f"),
        o10=scan_objects()[10].replace(b"/XObject", b"/Pattern<</P 12 0 R>>/XObject"),
    ),
    "reference beyond the end": lambda: with_image(dct_image(PICTURE).replace(b"/Type/XObject", b"/Type/XObject/Far 99 0 R", 1)),
    "deep states": lambda: with_contents(b"q " * 200_000),
    "mask in itself": lambda: write(scan_objects() | {12: dct_image(PICTURE).replace(b"/Type/XObject", b"/Type/XObject/SMask 12 0 R", 1)}),
    "no contents": lambda: write(changed(Contents=b"null")),
    "javascript on opening": lambda: with_catalog(b"/OpenAction<</S/JavaScript/JS(while\\(1\\);)>>"),
    "form of all": lambda: with_catalog(b"/AcroForm<</Fields[12 0 R 10 0 R 1 0 R]>>"),
    "no trailer": lambda: write(scan_objects()).replace(b"/Root 1 0 R", b""),
    "no pages": lambda: write(scan_objects() | {2: b"<</Type/Pages/Kids[]/Count 0>>"}),
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(4000) + b"%%EOF startxref",
    "a web page": lambda: b"<html>%PDF-1.7" + bytes(999) + b"startxref 0 %%EOF",
}  # fmt: skip
"""Files made to do harm, or written by something broken."""

SLOW: dict[str, Attack] = {
    "jpeg of 65500": lambda: _image(65500, 65500, large_jpeg_head(65500, 65500), b"/DCTDecode"),
    "flate bomb": lambda: _image(30000, 30000, zeros_deflated(900 << 20), b"/FlateDecode"),
    "flate of flate": lambda: _image(
        60000, 60000, zeros_deflated(1800 << 20, times=2), b"[/FlateDecode/FlateDecode]"
    ),
    "runlength bomb": lambda: _image(30000, 30000, zlib.compress(b"\x81\0" * 7_000_000), b"[/FlateDecode/RunLengthDecode]"),
    "contents bomb": lambda: write(scan_objects() | {11: stream(b"/Filter/FlateDecode", zeros_deflated(1500 << 20))}),
    "contents of numbers": lambda: write(scan_objects() | {11: stream(b"/Filter/FlateDecode", zlib.compress(b"0 0 9 9 re f " * 5_000_000))}),
    "contents 100,000 times": lambda: write(changed(Contents=b"[" + b"11 0 R " * 100_000 + b"]")),
    "laughing forms": laughing_forms,
    "tiny pattern": lambda: with_contents(
        b"/Pattern cs /P scn 0 0 595 842 re f",
        o50=stream(b"/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 .1 .1]/XStep .0001/YStep .0001/Resources<<>>", b"0 0 1 1 re f"),
        o10=scan_objects()[10].replace(b"/XObject", b"/Pattern<</P 50 0 R>>/XObject"),
    ),
}  # fmt: skip
"""Attacks that last until the process is killed, or fill the memory: for the campaign."""
