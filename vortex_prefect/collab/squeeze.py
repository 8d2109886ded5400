"""Documents without the values that were overwritten long ago.

Yjs keeps of each value that ever stood under a key of a map at least its id, and the id that it was set in the place
of; a thousand nodes that were moved fifty thousand times are a hundred thousand of those. Of what was done before a
*horizon*, a state vector, this keeps of each key the value that was there in the end (or that it was deleted), as the
first that ever was. The others become collected structs, which merge.

**Whoever gets edits of such a document must have nothing of its history, or all of it up to the horizon** (`horizon`).
What is kept has lost its predecessor, and who has an older value and gets the kept one as a first one would take the
two for set at once: of one client's values A, B, C under a key, who has A and gets B as a first value puts it left of
A, C between the two, and then finds A deleted and nothing there. Who has all up to the horizon gets nothing that was
changed, and sets values in the place of such as are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from vortex_prefect.collab.encoding import DELETED, GC, IN_MAP, Reader
from vortex_prefect.collab.history import History, NoDocumentError, Part
from vortex_prefect.collab.keys import Keys
from vortex_prefect.collab.protocol import number

_KIND = 0x1F


def squeeze(update: bytes, horizon: Mapping[int, int] | None = None) -> bytes:
    """A document without dead values of its maps from before the horizon.

    Args:
        update: a whole document, as `Doc.get_update()` gives it.
        horizon: client → clock from which on all is left as it is: a state vector that the document once had; null for
            the one that it has.

    Returns:
        A document that says the same, with the same state vector and the same deletions. The very bytes that were given
        where it holds anything that is not understood, or nothing to leave out.
    """
    try:
        history = History(update)
        keys = Keys(history, horizon)
        return _written(history, keys) if keys.tips or keys.dead else update
    except NoDocumentError:
        return update


def _written(history: History, keys: Keys) -> bytes:
    reader = Reader(history.data)
    found = bytearray(number(reader.number()))
    for client, parts in history.parts.items():
        count, structs = _structs(history, keys, parts)
        found += number(count) + number(client) + b"\x00" + structs
    return bytes(found + history.data[history.deletions :])


def _structs(history: History, keys: Keys, parts: list[Part]) -> tuple[int, bytearray]:
    """What is left of one client's parts: how many, and their bytes."""
    data, tips, dead = history.data, keys.tips, keys.dead
    found = bytearray()
    count = gone = 0
    for part in parts:
        last = part.last
        if part.collected or last in dead:
            gone += last - part.first + 1
            continue
        tip = tips.get(last)
        if tip is not None:
            gone += last - part.first
        if gone:
            found += _collected(gone)
            count += 1
            gone = 0
        found += data[part.start : part.end] if tip is None else _as_first(data, part, tip)
        count += 1
    if gone:
        found += _collected(gone)
        count += 1
    return count, found


def _collected(length: int) -> bytes:
    return bytes((GC,)) + number(length)


def _as_first(data: bytes, part: Part, place: bytes) -> bytes:
    """The last tick of a value, set in the place of nothing."""
    kind = data[part.start] & _KIND
    content = bytes((1,)) if kind == DELETED else data[part.content : part.end]
    return bytes((kind | IN_MAP,)) + place + content
