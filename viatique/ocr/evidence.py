"""A header reading as a file, so that identities can be decided again without the scan.

Holds what a person wrote, so it is personal data: it lives in the store and is erased with the
copy.
"""

import io
import json
import zipfile

import numpy as np

from viatique.models import FieldName, FieldReading, FieldState, HeaderReading, Rect

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Fixed time of zip entries: the same reading gives the same bytes."""
HEADER = "reading.json"


def to_bytes(reading: HeaderReading) -> bytes:
    """The reading as a zip of one JSON description and one array a field; always the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, HEADER, json.dumps(_description(reading)).encode())
        for field in reading.fields:
            array = io.BytesIO()
            np.save(array, field.log_probs.astype(np.float16), allow_pickle=False)
            _write(archive, f"{field.name}.npy", array.getvalue())
    return buffer.getvalue()


def from_bytes(data: bytes) -> HeaderReading:
    """The reading that ``to_bytes`` stored; log-posteriors come back with 3 significant digits."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        description = json.loads(archive.read(HEADER))
        arrays = {
            item["name"]: np.load(
                io.BytesIO(archive.read(f"{item['name']}.npy")), allow_pickle=False
            )
            for item in description["fields"]
        }
    fields = tuple(
        FieldReading(
            name=FieldName(item["name"]),
            state=FieldState(item["state"]),
            log_probs=arrays[item["name"]].astype(np.float32),
            text=item["text"],
            zone=Rect(**item["zone"]) if item["zone"] else None,
        )
        for item in description["fields"]
    )
    return HeaderReading(fields=fields, turn=description["turn"], engine=description["engine"])


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)


def _description(reading: HeaderReading) -> dict[str, object]:
    return {
        "turn": reading.turn,
        "engine": reading.engine,
        "fields": [
            {
                "name": field.name,
                "state": field.state,
                "text": field.text,
                "zone": None
                if field.zone is None
                else {
                    "x0": field.zone.x0,
                    "y0": field.zone.y0,
                    "x1": field.zone.x1,
                    "y1": field.zone.y1,
                },
            }
            for field in reading.fields
        ],
    }
