"""What stood under each key of each map of a document, and what is the last of it.

Values of a key are a tree, each below the one that it was set in the place of. Where nobody asks to stand left of
another one, which is so in maps, Yjs' order (YATA) is that of a walk down this tree which takes the children of each by
client id, and the last one is the key's value (yjs 13.6, `Item.integrate`).
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vortex_prefect.collab.encoding import DELETED
from vortex_prefect.collab.history import CLOCKS, History, NoDocumentError, Part, Tick

_KIND = 0x1F


@dataclass(slots=True, eq=False)
class _Key:
    """One key of one map, up to the horizon."""

    #: The bytes that name map and key.
    place: bytes
    #: Those that were set in the place of nothing.
    roots: list[Part] = field(default_factory=list)
    #: Some value in whose place nothing was set, and whether there are others.
    leaf: Part | None = None
    forked: bool = False
    #: What is there in the end; null where all of it has to stay.
    tip: Part | None = None


class Keys:
    """All keys up to a horizon.

    Attributes:
        tips: of what was the last of its key at the horizon, and stands behind others: the last tick, and the bytes
            that name map and key.
        dead: last ticks of what nobody needs who knows the horizon.

    Raises:
        NoDocumentError: by making one.
    """

    def __init__(self, history: History, horizon: Mapping[int, int] | None) -> None:
        self._history = history
        self._horizon = horizon
        #: Parts from before the horizon by their last tick, their keys, and parts of later on.
        self._parts: dict[Tick, Part] = {}
        self._of: dict[Tick, _Key] = {}
        self._later: list[Part] = []
        self._by_place: dict[bytes, _Key] = {}
        self._sort()
        self._find_keys()
        self._find_tips()
        for part in self._later:
            self._leave_what_it_needs(part)
        self.tips, self.dead = self._outcome()

    def _sort(self) -> None:
        """Apart what was before the horizon from what was not."""
        for client, of_client in self._history.parts.items():
            limit = self._limit(client)
            for part in of_client:
                if part.keyed and part.last < limit:
                    self._parts[part.last] = part
                elif part.keyed:
                    self._later.append(part)

    def _limit(self, client: int) -> Tick:
        """The first tick that is not before the horizon."""
        if self._horizon is None:
            return self._history.tick(client, CLOCKS)
        return self._history.tick(client, self._horizon.get(client, 0))

    def _find_keys(self) -> None:
        replaced = {part.origin for part in self._parts.values()}
        for part in self._parts.values():
            if part.origin is None:
                self._key(part).roots.append(part)
        for last, part in self._parts.items():
            if last not in replaced:
                self._climb(part)
        if len(self._of) != len(self._parts):
            raise NoDocumentError("values were set in the place of one another")

    def _key(self, root: Part) -> _Key:
        place = self._history.data[root.place : root.content]
        key = self._by_place.get(place)
        if key is None:
            key = self._by_place[place] = _Key(place)
        return key

    def _climb(self, leaf: Part) -> None:
        """From a value to the first one: all of them are of one key."""
        parts, of = self._parts, self._of
        chain, part = [leaf.last], leaf
        key: _Key | None = None
        while part.origin is not None:
            part = parts.get(part.origin) or self._before(part.origin)
            if (key := of.get(part.last)) is not None:
                break
            chain.append(part.last)
            if len(chain) > len(parts):
                raise NoDocumentError("values were set in the place of one another")
        if key is None:
            key = self._key(part)
        key.forked = key.forked or key.leaf is not None
        key.leaf = leaf
        of.update(dict.fromkeys(chain, key))

    def _before(self, tick: Tick) -> Part:
        """What holds a tick from before the horizon, and not at its end."""
        part = self._history.at(tick)
        if part.last not in self._parts:
            raise NoDocumentError("a value was set in the place of one that came later, or of none")
        return part

    def _find_tips(self) -> None:
        forked = {key for key in self._by_place.values() if key.forked or len(key.roots) > 1}
        forks = _Forks(self._history, [part for last, part in self._parts.items() if self._of[last] in forked])
        for key in self._by_place.values():
            key.tip = forks.last(key.roots) if key in forked else key.leaf

    def _leave_what_it_needs(self, part: Part) -> None:
        """Of a key where something of later on was set in the place of what is not the last, or of nothing."""
        if part.origin is None:
            key = self._by_place.get(self._history.data[part.place : part.content])
        else:
            key = self._of.get(part.origin) or self._of.get(self._history.at(part.origin).last)
        if key is None or key.tip is None:
            return
        begun_before = part.first < self._limit(self._history.client(part.first))
        if part.origin != key.tip.last or begun_before:
            key.tip = None

    def _outcome(self) -> tuple[dict[Tick, bytes], set[Tick]]:
        tips: dict[Tick, bytes] = {}
        dead: set[Tick] = set()
        data = self._history.data
        for last, part in self._parts.items():
            tip = (key := self._of[last]).tip
            if tip is part:
                if part.origin is not None or part.first != last:
                    tips[last] = key.place
            elif tip is not None:
                if data[part.start] & _KIND != DELETED and not self._history.deleted(part.first):
                    raise NoDocumentError("a value that was overwritten is still there")
                dead.add(last)
        return tips, dead


class _Forks:
    """Keys of which values were set at the same time."""

    def __init__(self, history: History, parts: Iterable[Part]) -> None:
        self._history = history
        self._below: defaultdict[Tick, list[Part]] = defaultdict(list)
        #: Last tick of a run → ticks in it that something was set in the place of, rising.
        self._inner: defaultdict[Tick, list[Tick]] = defaultdict(list)
        for part in parts:
            if part.origin is None:
                continue
            run = history.at(part.origin)
            if part.origin != run.last and part.origin not in self._below:
                insort(self._inner[run.last], part.origin)
            self._below[part.origin].append(part)

    def last(self, roots: list[Part]) -> Part | None:
        """What a walk through the tree ends with; null where a client did two things at once, which is no history."""
        siblings = roots
        part: Part | None = None
        while siblings:
            if (part := self._greatest(siblings)) is None:
                return None
            following = self._turning(part)
            if following is None:
                return None
            siblings = following
        return part

    def _turning(self, run: Part) -> list[Part] | None:
        """Where the walk leaves a run of values: what stands below that place, and after the run's own rest."""
        for tick in self._inner.get(run.last, ()):
            greatest = self._greatest([*self._below[tick], run])
            if greatest is not run:
                return None if greatest is None else self._below[tick]
        return self._below.get(run.last, [])

    def _greatest(self, siblings: list[Part]) -> Part | None:
        """The one of the greatest client; null if there are two."""
        *_, greatest = ordered = sorted(siblings, key=lambda part: self._history.client(part.first))
        clients = [self._history.client(part.first) for part in ordered[-2:]]
        return None if len(set(clients)) < len(clients) else greatest
