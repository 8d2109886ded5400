"""The GPU worker process: `python -m vortex_worker --socket PATH`.

`--catalogue` prints the declarations of all nodes as JSON instead, and exits.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import sys
from pathlib import Path

from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.files.packs import PackFault
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.log_setup import configure_logging
from vortex_prefect.ipc.trace_setup import configure_tracing
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.shm.checksum import ChecksumPolicy, Verifier
from vortex_prefect.shm.segment import Segment
from vortex_prefect.wire.payloads import Hello
from vortex_worker.device import choose_device, resident_limit
from vortex_worker.external import load_external, load_isolated
from vortex_worker.memory import TensorMemory
from vortex_worker.packs import load_packs
from vortex_worker.premapper import Premapper
from vortex_worker.previews import JobPreviews
from vortex_worker.residents import Residents
from vortex_worker.runner import JobRunner
from vortex_worker.sdk.declare import NodeType
from vortex_worker.sdk.files import permit
from vortex_worker.session import HostSession
from vortex_worker.state import WorkerState


def main() -> int:
    """Run until the host closes the channel; 0 then, 1 if there was no host."""
    arguments = _arguments()
    nodes, faults = _load(arguments)
    catalogue = Catalogue(tuple(node.spec for node in nodes.values())).to_list()
    if arguments.faults:
        json.dump([fault.to_dict() for fault in faults], sys.stdout)
        return 0
    for fault in faults:
        print(f"without {fault.message}", file=sys.stderr)
    if arguments.isolated and faults:  # and without any other nodes
        return 1
    if arguments.catalogue:
        json.dump(catalogue, sys.stdout)
        return 0
    # Ctrl-C reaches the whole group; the host ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _offer_to_the_kernel()
    # It sets the level to INFO: where it is so already, no job has to change it (12 µs each time).
    configure_logging("worker")
    configure_tracing("worker")
    try:
        session = HostSession(UnixChannel.connect(arguments.socket))
        welcome = session.open(Hello(os.getpid(), catalogue))
        permit(welcome.roots)
        device = choose_device(welcome.device, welcome.index)
        state = WorkerState(device, Residents(resident_limit(device)))
        segment, verifier = Segment.open(Path(welcome.arena_path)), Verifier(ChecksumPolicy(welcome.checksums))
        memory = TensorMemory(segment, welcome.host_id, session.ask_room, verifier)
        Premapper(segment).start()
        folders = Path(welcome.output_dir), Path(welcome.state_dir)
        runner = JobRunner(nodes, memory, state, *folders, session.report, JobPreviews(session.show))
        # What has been loaded stays: the collector need not look through it again and again.
        gc.freeze()
        session.serve(runner.run, state.beat, state.trim)
    except ChannelClosed as closed:
        print(f"a worker ends: its host is gone: {closed}", file=sys.stderr)
        return 1
    return 0


def _load(arguments: argparse.Namespace) -> tuple[dict[str, NodeType], list[PackFault]]:
    """Node types by name: those of the base, or those of the one pack whose environment this is."""
    if arguments.isolated is not None:
        found, faults = load_isolated(arguments.isolated)
        return {node.spec.type: node for node in found}, faults
    nodes = {node.spec.type: node for node in load_packs(debug=arguments.debug)}
    if arguments.packs is None:
        return nodes, []
    more, faults = load_external(arguments.packs, nodes)
    return nodes | {node.spec.type: node for node in more}, faults


def _offer_to_the_kernel() -> None:
    """If memory runs out, a worker is to die, which costs a node; not the host, which would cost all."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vortex_worker", description=__doc__)
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--debug", action="store_true", help="load the pack debug")
    parser.add_argument("--packs", type=Path, help="folder of the packs that were installed")
    parser.add_argument("--isolated", type=Path, help="folder of the pack whose environment this is; no others then")
    parser.add_argument("--catalogue", action="store_true")
    parser.add_argument("--faults", action="store_true", help="print as JSON which packs cannot be used, and why")
    return parser.parse_args()


if __name__ == "__main__":
    # Past the interpreter's shutdown, which may touch tensors whose mapping is gone.
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
