"""The hub against a model: clients come, read, leave, come back, and miss nothing that they were promised."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from vortex_prefect.bridge.hub import Client, Hub
from vortex_prefect.service.messages import Message

_START = 1_000_000
_NAMES = st.sampled_from(["a", "b"])
#: Key, droppable, bytes.
_MESSAGES = st.tuples(st.sampled_from([None, None, "x", "y"]), st.booleans(), st.sampled_from([1, 300]))


@dataclass
class _Person:
    """Who comes and goes; `since` is the place from which it is owed every certain message."""

    client: Client | None = None
    since: int = 0
    seen: list[int] = field(default_factory=list)
    after: int | None = None


class HubReplay(RuleBasedStateMachine):
    """Messages are numbered as the hub numbers them."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Hub(memory=6, memory_bytes=1200, queue=1000, idle_rooms=1, clock=lambda: _START)
        self.seq = _START
        self.certain: list[int] = []
        self.people: dict[str, _Person] = {}

    @rule(messages=st.lists(_MESSAGES, min_size=1, max_size=12))
    def publish(self, messages: list[tuple[str | None, bool, int]]) -> None:
        for key, droppable, size in messages:
            self.seq += 1
            payload = {"seq": self.seq, "padding": "p" * size}
            self.hub.publish(Message("test", "g", payload, None if key is None else (key,), droppable))
            if key is None and not droppable:
                self.certain.append(self.seq)

    @rule(looks_in=st.booleans())
    def something_happens_elsewhere(self, looks_in: bool) -> None:
        self.seq += 1
        self.hub.publish(Message("test", "other", {"seq": self.seq}))
        if looks_in:
            self.hub.leave(self.hub.join("other", None, lambda _: None)[0])

    @rule(name=_NAMES)
    def come_or_leave(self, name: str) -> None:
        person = self.people.setdefault(name, _Person())
        if person.client is not None:
            self.hub.leave(person.client)
            person.client = None
            return
        person.client, resumed = self.hub.join("g", person.after, lambda _: None)
        if not resumed:
            # It is told to begin anew: what counts begins here.
            person.since, person.seen = self.seq, []

    @rule(name=_NAMES, limit=st.sampled_from([None, 1, 500]))
    def read(self, name: str, limit: int | None) -> None:
        person = self.people.get(name)
        if person is not None and person.client is not None:
            person.seen += [envelope.seq for envelope in person.client.take(limit)]
            person.after = person.client.seq

    @invariant()
    def nobody_sees_a_message_twice_or_out_of_order(self) -> None:
        for person in self.people.values():
            assert person.seen == sorted(set(person.seen))

    @invariant()
    def nobody_misses_what_must_not_be_lost(self) -> None:
        for person in self.people.values():
            if person.seen:
                owed = [seq for seq in self.certain if person.since < seq <= person.seen[-1]]
                assert set(owed) <= set(person.seen)


HubReplay.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestHubReplay = HubReplay.TestCase
