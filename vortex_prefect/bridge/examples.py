"""Examples of what routes take and give, by operation.

A test checks each against the schema of its place, so that none grows old.
"""

from __future__ import annotations

from typing import Any

_GRAPH_ID = "8a7b1c52-1f0e-4d8a-9b5e-0c2f3d4e5f60"
_EXECUTION_ID = "7d3f1b1e-6f0b-4a57-9d1c-0a4f6f3b2c11"
_FLOW_RUN_ID = "3c9f1f6e-0b1d-4d0c-8f0e-5a1b2c3d4e5f"
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_AT = "2026-01-31T12:00:00.000Z"


def _edge(source: str, target: str) -> dict[str, Any]:
    return {"source": {"node": source, "port": "image"}, "target": {"node": target, "port": "image"}}


_GRAPH: dict[str, Any] = {
    "schema": "vortex.graph/1",
    "name": "Photo grade",
    "nodes": {
        "load": {"type": "image.load", "params": {"path": "photo.png"}, "position": {"x": 0, "y": 0}},
        "blur": {"type": "image.blur", "params": {"radius": 2.0}, "position": {"x": 200, "y": 0}},
    },
    "edges": [_edge("load", "blur")],
    "inputs": [{"name": "photo", "node": "load", "param": "path"}],
    "outputs": [{"name": "result", "node": "blur", "port": "image"}],
}

_SUMMARY = {
    "id": _GRAPH_ID,
    "name": "Photo grade",
    "version": 3,
    "created_at": _AT,
    "updated_at": _AT,
    "nodes": 2,
}
_STORED = {**_SUMMARY, "graph": {**_GRAPH, "id": _GRAPH_ID}}

_EVENT = {
    "event_id": "1c2e3f60-8f0e-4f0c-9d53-2f4f4d1f8a11",
    "sequence_number": 42,
    "trace_id": None,
    "span_id": None,
    "event_type": "NodeMoved",
    "aggregate_type": "Graph",
    "aggregate_id": _GRAPH_ID,
    "payload": {"node_id": "blur", "x": 200.0, "y": 40.0},
    "metadata": {"user": "local", "address": "127.0.0.1", "client": "curl/8.5.0", "version": 3},
    "created_at": _AT,
}
_WORKER_EVENT = {
    **_EVENT,
    "trace_id": "7d3f1b1e6f0b4a579d1c0a4f6f3b2c11",
    "span_id": "00f067aa0ba902b7",
    "event_type": "WorkerCrashed",
    "aggregate_type": "Worker",
    "aggregate_id": "0b1f4c9e-53b4-5f0e-8a53-3f1f5f0f7d21",
    "payload": {
        "host": "1000-5f0c9d532f",
        "worker_id": "1000-5f0c9d532f/0",
        "pid": 4711,
        "device": "cuda:0",
        "reason": "killed by signal 11 (SIGSEGV)",
        "job": {"execution_id": _EXECUTION_ID, "node_id": "blur", "job_id": "a3c1f7d2-7b5e-4b42-8d0a-6b1f5a0c9e33"},
    },
    "metadata": {"user": "host", "address": None, "client": None},
}

_NODE = {
    "state": "completed",
    "progress": 100.0,
    "attempt": 1,
    "cached": False,
    "worker_id": "1000-5f0c9d532f/0",
    "why": None,
    "error": None,
}
_EXECUTION = {
    "id": _EXECUTION_ID,
    "graph_id": _GRAPH_ID,
    "graph_hash": _HASH,
    "drawn_hash": _HASH,
    "status": "completed",
    "priority": 0,
    "created_at": _AT,
    "started_at": _AT,
    "finished_at": _AT,
    "flow_run_id": _FLOW_RUN_ID,
    "prefect_url": f"http://127.0.0.1:4200/runs/flow-run/{_FLOW_RUN_ID}",
    "nodes": {"load": {**_NODE, "state": "cached", "cached": True}, "blur": _NODE},
    "outputs": {
        "result": {
            "node": "blur",
            "port": "image",
            "type": "IMAGE",
            "url": f"/api/execution/{_EXECUTION_ID}/outputs/blur/image",
            "shape": [1, 512, 512, 3],
            "dtype": "float32",
        }
    },
    "error": None,
}
_WAITING = {
    **_EXECUTION,
    "status": "queued",
    "priority": 5,
    "started_at": None,
    "finished_at": None,
    "flow_run_id": None,
    "prefect_url": None,
    "nodes": {name: {**_NODE, "state": "pending", "progress": 0.0, "attempt": 0} for name in ("load", "blur")},
    "outputs": {},
}
_ENTRY = {
    "execution_id": _EXECUTION_ID,
    "graph_id": _GRAPH_ID,
    "priority": 5,
    "created_at": _AT,
    "user": "ada",
    "not_before": None,
}
_QUEUE = {"paused": False, "concurrency": 4, "limit": 1000, "running": [], "waiting": [_ENTRY]}
_ACCEPTED = {"execution_id": _EXECUTION_ID, "status": "queued"}
_OPTIONS = {"inputs": {"photo": "/home/ada/cat.png"}, "force": True, "priority": 5}
_TYPE = {
    "type": "image.blur",
    "version": 1,
    "title": "Blur",
    "category": "image",
    "doc": "Gaussian blur.",
    "inputs": [{"name": "image", "type": "IMAGE"}],
    "params": [{"name": "radius", "type": "FLOAT", "default": 1.0, "bounds": {"min": 0, "max": 100}, "unit": "px"}],
    "outputs": [{"name": "image", "type": "IMAGE"}],
}
_PUBLISHED = {
    "type": "graph.soft_glow@2",
    "name": "soft_glow",
    "version": 2,
    "graph_id": _GRAPH_ID,
    "graph_version": 3,
    "published_at": _AT,
    "withdrawn": False,
    "spec": {**_TYPE, "type": "graph.soft_glow@2", "version": 2, "title": "Soft glow", "graph": _GRAPH_ID},
    "graph": _GRAPH,
}
_PLANNED = {"level": 0, "segment": 0, "key": _HASH}

#: Operation → body of a request.
REQUESTS: dict[str, Any] = {
    "create_graph": _GRAPH,
    "put_graph": _GRAPH,
    "plan_graph": {"graph": _GRAPH, "targets": ["result"]},
    "import_graph": {"1": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}}},
    "clone_graph": {"name": "Another grade"},
    "restore_graph": {"version": 2},
    "save_graph": {"label": "before the new lens"},
    "deploy_graph": {"name": "nightly", "cron": "0 3 * * *", "timezone": "Europe/Berlin", "parameters": {}},
    "publish_graph": {"name": "soft_glow", "title": "Soft glow", "category": "filter", "doc": "Light that spreads."},
    "run_retention": {"dry_run": True},
    "reload_nodes": {"fault": None},
    "execute": {"graph_id": _GRAPH_ID, "options": _OPTIONS},
    "execute_graph": {"options": _OPTIONS},
    "move_in_queue": {"priority": 5},
    "open_session": {"token": "vtx_…"},
    "create_token": {"name": "nightly", "scopes": ["execute"], "expires_in_s": 2_592_000},
    "upload_file": {"file": "(the content of the file)"},
}

_SESSION = {"required": True, "user": "ann", "scopes": ["edit", "execute"], "csrf_token": "9f86d081884c7d65"}
_TOKEN = {
    "id": "2b1f9a52-6a53-4a63-9a4b-0c8d1f3e5a77",
    "name": "nightly",
    "scopes": ["execute"],
    "created_at": _AT,
    "expires_at": None,
}
_REFUSED = {
    **_WORKER_EVENT,
    "sequence_number": 43,
    "event_type": "AccessRefused",
    "aggregate_type": "Access",
    "payload": {"path": "/api/graph", "code": "RQ-010", "message": "the token is not valid, or no longer"},
    "metadata": {"user": "nobody", "address": "192.0.2.7", "client": "curl/8.5.0"},
}

#: Operation → what it gives as JSON.
ANSWERS: dict[str, Any] = {
    "create_graph": {**_STORED, "version": 1},
    "list_graphs": {"graphs": [_SUMMARY], "next": None},
    "get_graph": _STORED,
    "put_graph": _STORED,
    "clone_graph": {**_STORED, "name": "Another grade", "version": 1},
    "save_graph": _STORED,
    "get_version": {**_STORED, "version": 2},
    "compare_versions": {
        "since": 2,
        "version": 3,
        "changes": [{"event_type": "NodeMoved", "payload": {"node_id": "blur", "x": 240.0, "y": 80.0}}],
    },
    "restore_graph": {**_STORED, "version": 4},
    "list_versions": {
        "versions": [
            {
                "version": 3,
                "at": _AT,
                "user": "local",
                "changes": {"NodeMoved": 1},
                "nodes": 2,
                "restored": None,
                "saved": {"at": _AT, "user": "local", "name": "Photo grade", "label": "before the new lens"},
            }
        ],
        "next": "42.2",
    },
    "validate_graph": {"valid": True, "problems": []},
    "get_executed_graph": {"graph": {**_GRAPH, "id": _GRAPH_ID}},
    "import_graph": {
        "graph": _GRAPH,
        "taken": 2,
        "placeholders": 0,
        "problems": [
            {
                "code": "VE-004",
                "message": "crop has no counterpart and was left out",
                "node_id": "blur",
                "port": "crop",
                "path": None,
                "hint": "`vortex nodes show TYPE` prints a node's ports and parameters.",
            }
        ],
    },
    "plan_graph": {
        "nodes": [
            {"id": "load", "type": "image.load", "state": "cached", "what": "is taken from the cache", **_PLANNED},
            {"id": "blur", "type": "image.blur", "state": "dirty", "what": "runs: radius changed", **_PLANNED},
        ],
        "levels": [["load"], ["blur"]],
        "segments": [["load", "blur"]],
        "critical_path": ["load", "blur"],
        "outputs": {"result": "blur.image"},
        "memory": {"peak_bytes": 6291456},
        "counts": {"dirty": 1, "cached": 1, "unneeded": 0, "skipped": 0, "levels": 2, "segments": 1},
    },
    "deploy_graph": {
        "deployment_id": "5b0c7f6e-2d3c-4b1a-9f8e-7d6c5b4a3f2e",
        "name": "Photo grade/nightly",
        "url": "http://127.0.0.1:4200/deployments/deployment/5b0c7f6e-2d3c-4b1a-9f8e-7d6c5b4a3f2e",
        "pool": "vortex",
        "parameters": {"type": "object", "properties": {"photo": {"type": "string"}}},
    },
    "publish_graph": _PUBLISHED,
    "get_published_graph": _PUBLISHED,
    "list_events": {"events": [_EVENT], "next": None},
    "list_worker_events": {"events": [_WORKER_EVENT], "next": 42},
    "get_session": _SESSION,
    "open_session": _SESSION,
    "issue_code": {"code": "W0dVkFGzLlnXr1n2vJc8pQ", "path": "/#login=W0dVkFGzLlnXr1n2vJc8pQ", "expires_in_s": 900},
    "list_tokens": {"tokens": [_TOKEN]},
    "create_token": {**_TOKEN, "secret": "vtx_…"},
    "list_audit": {"events": [_REFUSED], "next": 43},
    "execute": _ACCEPTED,
    "execute_graph": _ACCEPTED,
    "list_executions": {"executions": [_EXECUTION], "next": None},
    "get_execution": _EXECUTION,
    "cancel_execution": {**_WAITING, "status": "cancelled", "finished_at": _AT},
    "get_output": {"type": "FLOAT", "value": 0.5},
    "pin_output": {"pinned": True},
    "unpin_output": {"pinned": False},
    "get_queue": _QUEUE,
    "pause_queue": {**_QUEUE, "paused": True},
    "resume_queue": _QUEUE,
    "move_in_queue": _WAITING,
    "remove_from_queue": {**_WAITING, "status": "cancelled", "finished_at": _AT},
    "upload_file": {
        "sha256": _HASH,
        "size_bytes": 120000,
        "name": "cat.png",
        "media_type": "image/png",
        "path": f"/home/ada/.local/share/vortex/files/{_HASH}",
        "url": f"/api/file/{_HASH}",
    },
    "list_node_types": {"types": [_TYPE]},
    "get_node_type": _TYPE,
    "list_workers": {
        "workers": [
            {
                "id": "1000-5f0c9d532f/0",
                "pid": 4711,
                "host": "1000-5f0c9d532f",
                "device": "cuda:0",
                "state": "ready",
                "job": None,
                "restarts": 0,
                "environment": None,
            }
        ]
    },
    "get_arena": {
        "path": "/dev/shm/vortex-1000",
        "capacity_bytes": 68719476736,
        "budget_bytes": 8589934592,
        "reserved_bytes": 268435456,
        "warm_bytes": 268435456,
        "cold_bytes": 0,
        "in_use_bytes": 6291456,
        "cached_bytes": 6291456,
        "pinned_bytes": 0,
        "free_bytes": 255852544,
        "largest_free_bytes": 255852544,
        "fragmentation": 0.0,
        "blocks": 2,
        "leases": 1,
        "keys": 2,
        "hits": 12,
        "misses": 3,
        "hit_rate": 0.8,
        "hit_bytes": 75497472,
        "evictions": 0,
        "evicted_bytes": 0,
        "granted_bytes": 12582912,
        "condemned": 0,
        "map": {
            "cell_bytes": 134217728,
            "cells": [[6291456, 6291456, 121634816], [0, 0, 134217728]],
            "largest": [
                {
                    "offset": 4096,
                    "generation": 7,
                    "size_bytes": 6291456,
                    "state": "done",
                    "dtype": "float32",
                    "shape": [1, 512, 1024, 3],
                    "holders": 1,
                    "readers": 0,
                    "uses": 2,
                }
            ],
        },
    },
    "get_stack": {"prefect_ui": "http://127.0.0.1:4200", "dask_dashboard": "http://127.0.0.1:8787"},
    "get_debug_count": {"tag": "a", "count": 2},
    "reload_nodes": {"digest": _HASH, "added": ["mine.soften"], "removed": [], "changed": ["mine.gamma"]},
    "run_retention": {
        "dry_run": True,
        "queue_entries": 12,
        "executions": 3,
        "outputs": 2,
        "outputs_bytes": 480000,
    },
    "healthz": {"status": "ok"},
    "readyz": {"status": "ready"},
}

_METRICS = (
    "# HELP vortex_queue_waiting Executions that wait\n# TYPE vortex_queue_waiting gauge\nvortex_queue_waiting 0.0\n"
)


def answer(operation: str, media_type: str) -> Any:
    """The example of an answer's content; null where it is bytes, which no JSON shows."""
    if media_type == "application/json":
        return ANSWERS.get(operation)
    return _METRICS if media_type.startswith("text/plain") else None
