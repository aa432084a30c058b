"""Takes out of a PDF what may start something: scripts, actions, attached files, forms.

A copy is to be looked at. What cannot be shown of a scan has no place in it, least of all in a
final PDF that goes home with a pupil.
"""

import re
from collections.abc import Iterator

import pymupdf

ACTIVE_KEYS = (
    "A", "AA", "AcroForm", "AF", "Annots", "Collection", "EF", "EmbeddedFiles", "JavaScript", "JS",
    "Metadata", "Names", "OpenAction", "OPI", "PieceInfo", "RF", "RichMediaContent", "URI", "XFA",
)  # fmt: skip
"""Entries of dictionaries that hold or start something (ISO 32000-1, 7.7.2, 12.5, 12.6, 12.7)."""
ACTIVE_NAME = re.compile(
    r"/(AA|AcroForm|AF|Annots|EF|EmbeddedFiles?|Filespec|GoToE|GoToR|ImportData|JavaScript|JS|Launch"
    r"|Metadata|OpenAction|OPI|PieceInfo|Rendition|RichMedia\w*|SubmitForm|URI|XFA)(?![\w.#-])"
)
ACTIVE = re.compile(rf"{ACTIVE_NAME.pattern}|/({'|'.join(ACTIVE_KEYS)})(?![\w.#-])")
INERT = "/Inert"


def make_inert(document: pymupdf.Document) -> None:
    """Removes active entries, and renames those deep inside an object; nothing shown changes."""
    for xref in range(1, document.xref_length()):
        if not ACTIVE.search(document.xref_object(xref, compressed=True)):
            continue
        for key in set(ACTIVE_KEYS).intersection(document.xref_get_keys(xref)):
            document.xref_set_key(xref, key, "null")
        text = document.xref_object(xref, compressed=True)
        if ACTIVE_NAME.search(text):
            document.update_object(xref, ACTIVE_NAME.sub(INERT, text))


def active_names(document: pymupdf.Document) -> Iterator[str]:
    """Names in the objects of a document that stand for something active."""
    for xref in range(1, document.xref_length()):
        yield from ACTIVE_NAME.findall(document.xref_object(xref, compressed=True))
