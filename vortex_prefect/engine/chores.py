"""What a stack does for itself on a schedule: deployments of our own in Prefect, carried out by the pool's worker.

Their flow runs carry a tag instead of a graph. So they are seen, started by hand, paused and scheduled otherwise where
everything else is.
"""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_table_artifact
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import CronSchedule
from prefect.flow_engine import run_flow
from prefect.logging import get_run_logger

from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.prefect_api import PrefectApi

RETENTION = "vortex-retention"
_ENTRYPOINT = "vortex_prefect.engine.chores.retention"
#: Seconds that the bridge may take.
_ANSWER_S = 600.0


@flow(name=RETENTION, persist_result=False, log_prints=False)
async def retention(dry_run: bool = False) -> dict[str, Any]:
    """Remove queue entries, executions and outputs that are older than the settings of the stack keep them."""
    report = await asyncio.to_thread(_ask, Settings.from_env(os.environ), dry_run)
    get_run_logger().info("%s: %s", "would remove" if dry_run else "removed", report)
    rows = [{"what": name, "count": value} for name, value in report.items() if name != "dry_run"]
    await acreate_table_artifact(rows, key=RETENTION, description="Dry run" if dry_run else "Removed")
    return report


async def prepare(api: PrefectApi, pool: str, cron: str) -> None:
    """Make the deployment where there is none; one that somebody changed in Prefect stays as it is.

    Raises:
        OSError: Prefect's server is away.
        VortexError: it refuses, the cron expression say.
    """
    if not cron or await api.deployments_tagged(RETENTION):
        return
    schedule = CronSchedule(cron=cron, timezone="UTC").model_dump(mode="json")
    body = {
        "name": "retention",
        "description": "Removes what is older than `VORTEX_KEEP_…` says; with `dry_run` it only tells.",
        "work_pool_name": pool,
        "entrypoint": _ENTRYPOINT,
        "path": ".",
        "tags": ["vortex", RETENTION],
        "parameters": {},
        "parameter_openapi_schema": _PARAMETERS,
        "schedules": [{"schedule": schedule, "active": True}],
        # Two at once would do nothing twice.
        "concurrency_limit": 1,
    }
    await api.put_deployment(RETENTION, body)


def is_chore(flow_run: FlowRun) -> bool:
    """Whether a flow run is one of ours, and no graph's."""
    return RETENTION in (flow_run.tags or ())


async def carry_out(flow_run: FlowRun) -> None:
    """Run it, to its end; its failure is its state, never raised."""
    await run_flow(retention, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")  # type: ignore[misc]


_PARAMETERS = {
    "type": "object",
    "title": "Parameters",
    "properties": {
        "dry_run": {
            "type": "boolean",
            "title": "dry_run",
            "default": False,
            "description": "Only tell what would be removed.",
        }
    },
}


def _ask(settings: Settings, dry_run: bool) -> dict[str, Any]:
    """What the bridge answers; the state is its own."""
    token = settings.local_token_file.read_text(encoding="utf-8").strip()
    request = urllib.request.Request(
        f"{settings.url}/api/retention",
        json.dumps({"dry_run": dry_run}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    # Never by a proxy: it is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWER_S) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as refused:
        with refused:
            raise RuntimeError(f"the bridge refuses: {refused.read().decode(errors='replace')}") from None
