"""People in a room: who joins, what all of them and the server have in the end, and who was disturbed."""

from __future__ import annotations

import itertools

from tests.integration.collab_process import CollabProcess, drawn
from tests.integration.yjs_peer import Peer, State
from tests.integration.yjs_peers import Peers

NAMES = (f"peer{number}" for number in itertools.count())


def joined(peers: Peers, graph_id: str, count: int) -> list[Peer]:
    """New clients that have the document."""
    return [peers.open(next(NAMES), graph_id) for _ in range(count)]


def agreed(stack: CollabProcess, peers: Peers, graph_id: str, *all_peers: Peer) -> State:
    """What all have in the end: these, one who joins now, and the API."""
    state = peers.converge(*all_peers, *joined(peers, graph_id, 1))
    stack.becomes(graph_id, drawn(state.document))
    return state


def broken(peer: Peer) -> list[str]:
    """What happened to its connection since last asked, other than well."""
    return [event["type"] for event in peer.events() if event["type"] not in ("connecting", "connected", "synced")]
