"""Orders of a directed graph: topological, levels, cycles, ancestors, chains.

Everything is iterative, because a chain of 10,000 nodes is an ordinary graph
and Python's stack holds 1,000 frames; everything is linear but for a
logarithm, and depends on the graph alone, never on the order of a dict.
A graph is given as `neighbours[node]`; a node that it lacks has none.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

Neighbours = Mapping[str, Collection[str]]


def reversed_edges(nodes: Iterable[str], neighbours: Neighbours) -> dict[str, list[str]]:
    """Successors from parents, or the other way round."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        for other in neighbours.get(node, ()):
            if other in found:
                found[other].append(node)
            else:
                found[other] = [node]
    return found


def topological_order(nodes: Collection[str], parents: Neighbours, successors: Neighbours | None = None) -> list[str]:
    """Every node after its parents; among those that are free, the smallest id first (Kahn 1962).

    `parents` may only name members of `nodes`, each once; `successors` are the
    same edges reversed, for a caller who has them.

    Raises:
        ValueError: the graph has a cycle.
    """
    if successors is None:
        successors = reversed_edges(nodes, parents)
    missing = {node: len(parents.get(node, ())) for node in nodes}
    free = [node for node, count in missing.items() if count == 0]
    heapq.heapify(free)
    order: list[str] = []
    while free:
        node = heapq.heappop(free)
        order.append(node)
        for successor in successors.get(node, ()):
            left = missing[successor] = missing[successor] - 1
            if left == 0:
                heapq.heappush(free, successor)
    if len(order) < len(nodes):
        raise ValueError("the graph has a cycle")
    return order


def depths(order: Iterable[str], parents: Neighbours) -> dict[str, int]:
    """Edges on the longest way from a root to each node; `order` is topological."""
    depth: dict[str, int] = {}
    for node in order:
        above = parents.get(node)
        depth[node] = 1 + max([depth[parent] for parent in above]) if above else 0
    return depth


def levels(depth: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Nodes of equal depth together, roots first, in the order of `depth`."""
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node, row in depth.items():
        rows[row].append(node)
    return tuple(tuple(row) for row in rows)


def longest_path(depth: Mapping[str, int], parents: Neighbours) -> tuple[str, ...]:
    """The longest chain of nodes, counted in nodes; of equal ones that with the smallest ids from its end."""
    if not depth:
        return ()
    deepest = max(depth.values())
    node = min([name for name, row in depth.items() if row == deepest])
    path = [node]
    while depth[node] > 0:
        node = min(parent for parent in parents[node] if depth[parent] == depth[node] - 1)
        path.append(node)
    return tuple(reversed(path))


def ancestors(targets: Iterable[str], parents: Neighbours) -> set[str]:
    """The targets and everything from which they can be reached."""
    found = set(targets)
    stack = list(found)
    while stack:
        fresh = set(parents.get(stack.pop(), ())) - found
        found |= fresh
        stack += fresh
    return found


def chains(order: Iterable[str], parents: Neighbours, successors: Neighbours) -> tuple[tuple[str, ...], ...]:
    """Maximal chains that no branch separates; laid end to end they are a topological order again.

    Two nodes are linked where the first has no other successor and the second no other parent.
    """
    chain_of: dict[str, list[str]] = {}
    found: list[list[str]] = []
    for node in order:
        above = parents.get(node, ())
        parent = next(iter(above)) if len(above) == 1 else None
        if parent is not None and len(successors[parent]) == 1:
            chain = chain_of[parent]
        else:
            chain = []
            found.append(chain)
        chain.append(node)
        chain_of[node] = chain
    return tuple(tuple(chain) for chain in found)


def cycles(nodes: Iterable[str], successors: Neighbours) -> list[list[str]]:
    """One loop for each strongly connected component that has any, sorted.

    The loop is a shortest one through the component's smallest node, which it
    names first; its last node leads back to that.
    """
    found = []
    for component in strongly_connected(sorted(nodes), successors):
        start = min(component)
        if len(component) > 1 or start in successors.get(start, ()):
            found.append(_shortest_loop(start, set(component), successors))
    return sorted(found)


def strongly_connected(nodes: Iterable[str], successors: Neighbours) -> list[list[str]]:
    """Strongly connected components (Tarjan 1972, with its recursion unrolled)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    #: Visited nodes that belong to no component yet, in the order of their visit.
    pending: dict[str, None] = {}
    components: list[list[str]] = []
    for root in nodes:
        work = [] if root in index else [_visit(root, successors, index, low, pending)]
        while work:
            node, rest = work[-1]
            for successor in rest:
                if successor not in index:
                    work.append(_visit(successor, successors, index, low, pending))
                    break
                if successor in pending:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    components.append(_pop_until(node, pending))
    return components


def _visit(
    node: str, successors: Neighbours, index: dict[str, int], low: dict[str, int], pending: dict[str, None]
) -> tuple[str, Iterator[str]]:
    index[node] = low[node] = len(index)
    pending[node] = None
    return node, iter(successors.get(node, ()))


def _pop_until(node: str, pending: dict[str, None]) -> list[str]:
    component: list[str] = []
    while not component or component[-1] != node:
        component.append(pending.popitem()[0])
    return component


def _shortest_loop(start: str, component: set[str], successors: Neighbours) -> list[str]:
    """Breadth first from `start` back to itself, within the component."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for successor in sorted(component.intersection(successors.get(node, ()))):
            if successor == start:
                return _trace(came_from, start, node)
            if successor not in came_from:
                came_from[successor] = node
                queue.append(successor)
    raise ValueError(f"{start} is on no loop")


def _trace(came_from: Mapping[str, str], start: str, node: str) -> list[str]:
    path = [node]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
