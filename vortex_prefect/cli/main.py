"""The command `vortex`."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from vortex_prefect.core.errors import GraphError, VortexError
from vortex_prefect.core.settings import Settings

app = typer.Typer(
    help="Tensor graphs as Prefect flows.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
nodes_app = typer.Typer(help="The node types that are installed.", no_args_is_help=True)
app.add_typer(nodes_app, name="nodes")
import_app = typer.Typer(help="Graphs of other programs.", no_args_is_help=True)
app.add_typer(import_app, name="import")
token_app = typer.Typer(help="Who may use a stack: tokens and their scopes.", no_args_is_help=True)
app.add_typer(token_app, name="token")

#: People read standard error; standard output is for results.
console = Console(stderr=True)

EXIT_FAILED, EXIT_INVALID, EXIT_CANCELLED = 1, 2, 130

GraphFile = Annotated[Path, typer.Argument(help="A GraphDSL document (vortex.graph/1).", metavar="GRAPH.json")]
Home = Annotated[Path | None, typer.Option(help="Where state lives (VORTEX_HOME).")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line on standard output.")]


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="The bridge's port (default 8420).")] = None,
    host: Annotated[str | None, typer.Option(help="The bridge's address; beyond 127.0.0.1 it needs a token.")] = None,
    workers: Annotated[int | None, typer.Option(help="GPU worker processes.", min=1, max=256)] = None,
    home: Home = None,
    dask: Annotated[str | None, typer.Option(help="Scheduler to join, tcp://….")] = None,
) -> None:
    """Start Prefect's server, Dask, workers, engine and bridge; Ctrl-C ends all of it."""
    from vortex_prefect.cli.up import stay_up  # noqa: PLC0415

    stay_up(Settings.from_env(os.environ, port=port, host=host, workers=workers, home=home, dask=dask), console)


@app.command()
def run(
    graph: GraphFile,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NODE.PARAM=VALUE", help="Set a parameter for this run.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the graph's outputs.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Run a graph once: in the stack that runs with this home, or in one of its own."""
    from vortex_prefect.cli.run import run_graph  # noqa: PLC0415

    result = run_graph(Settings.from_env(os.environ, home=home), graph, set_ or [], output, console)
    if as_json:
        print(json.dumps(result.to_dict()), flush=True)
    raise typer.Exit({"completed": 0, "cancelled": EXIT_CANCELLED}.get(result.status, EXIT_FAILED))


@app.command()
def validate(
    graph: GraphFile,
    plan: Annotated[bool, typer.Option("--plan", help="Print what would run now, and why.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print everything that keeps a graph from running; of one that can run, its plan if you ask for it."""
    from vortex_prefect.client.catalogue import find_catalogue  # noqa: PLC0415
    from vortex_prefect.client.documents import read_graph  # noqa: PLC0415
    from vortex_prefect.graph.validate import validate as problems_of  # noqa: PLC0415

    settings = Settings.from_env(os.environ, home=home)
    parsed, catalogue = read_graph(graph), find_catalogue(settings)
    problems = problems_of(parsed, catalogue)
    if plan and not problems:
        from vortex_prefect.cli.plan import explain_graph, print_plan  # noqa: PLC0415

        print_plan(explain_graph(settings, graph, catalogue), as_json)
    elif as_json:
        print(json.dumps({"valid": not problems, "problems": [problem.to_dict() for problem in problems]}))
    elif not problems:
        console.print(f"[green]{graph} is valid[/green]: {len(parsed.nodes)} nodes, {len(parsed.edges)} edges")
    if problems:
        if not as_json:
            show_error(GraphError.of(problems))
        raise typer.Exit(EXIT_INVALID)


@app.command()
def publish(
    graph: Annotated[str, typer.Argument(help="A GraphDSL document, or the id of a stored graph.", metavar="GRAPH")],
    name: Annotated[
        str | None, typer.Option(help="The node type is graph.NAME@VERSION; else made of its name.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What people read on the node.")] = None,
    category: Annotated[str | None, typer.Option(help="Where it is found among the nodes.")] = None,
    doc: Annotated[str | None, typer.Option(help="What it does.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Publish a graph as a node type, whose ports are the graph's exposed inputs and outputs."""
    from vortex_prefect.cli.publish import print_published, publish_graph  # noqa: PLC0415

    options = {"name": name, "title": title, "category": category, "doc": doc}
    print_published(publish_graph(Settings.from_env(os.environ, home=home), graph, options), as_json)


@app.command()
def deploy(
    graph: Annotated[str, typer.Argument(help="A GraphDSL document, or the id of a stored graph.", metavar="GRAPH")],
    name: Annotated[str | None, typer.Option(help="Name of the deployment.")] = None,
    pool: Annotated[str | None, typer.Option(help="Work pool (default: the stack's own, of type vortex).")] = None,
    cron: Annotated[str | None, typer.Option(help="When to run by itself, as a cron expression.")] = None,
    interval_s: Annotated[float | None, typer.Option("--interval", help="Seconds between runs.", min=1)] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone of the schedule, Europe/Berlin say.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Value of an exposed input for its runs.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag of the deployment and its runs.")] = None,
    limit: Annotated[int | None, typer.Option(help="The most runs at once.", min=1)] = None,
    paused: Annotated[bool, typer.Option(help="Keep the schedule off for now.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Publish a graph as a Prefect deployment whose form has the graph's exposed inputs."""
    from vortex_prefect.cli.deploy import deploy_graph, print_deployment, read_parameters  # noqa: PLC0415

    options = {
        "name": name,
        "pool": pool,
        "cron": cron,
        "interval_s": interval_s,
        "timezone": timezone,
        "parameters": read_parameters(param or []),
        "tags": tag or [],
        "concurrency_limit": limit,
        "paused": paused,
    }
    print_deployment(deploy_graph(Settings.from_env(os.environ, home=home), graph, options), as_json)


@app.command()
def status(home: Home = None, as_json: AsJson = False) -> None:
    """Print what runs: addresses, processes, queue."""
    from vortex_prefect.cli.status import print_status  # noqa: PLC0415

    if not print_status(Settings.from_env(os.environ, home=home), as_json):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def env(home: Home = None) -> None:
    """Print what a shell needs to speak to the running stack: `eval "$(vortex env)"`. It has a secret in it."""
    from vortex_prefect.cli.env import print_exports  # noqa: PLC0415

    print_exports(Settings.from_env(os.environ, home=home))


@app.command()
def login(
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    home: Home = None,
) -> None:
    """Print an address that opens the running stack's page logged in, once and for a quarter of an hour."""
    from vortex_prefect.cli.token import login_address  # noqa: PLC0415

    address = login_address(Settings.from_env(os.environ, home=home))
    print(address)
    if open_:
        typer.launch(address)


@app.command()
def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Check what VORTEX needs of this machine, and say what to do."""
    from vortex_prefect.cli.doctor import print_findings  # noqa: PLC0415

    if not print_findings(Settings.from_env(os.environ, home=home), as_json):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def events(
    graph_id: Annotated[str | None, typer.Argument(help="Of one graph; with --replay: of all.")] = None,
    home: Home = None,
    after: Annotated[int, typer.Option(help="Only events with a higher number.")] = 0,
    replay: Annotated[
        bool, typer.Option("--replay", help="Add the whole log up, and compare the state with it.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="With --replay: make the state say what the log says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the event log of a graph, a JSON line for each event; or compare the state with the log."""
    if replay:
        from vortex_prefect.cli.state import replay as compare  # noqa: PLC0415

        if not compare(Settings.from_env(os.environ, home=home), graph_id, repair, as_json, console):
            raise typer.Exit(EXIT_FAILED)
        return
    if graph_id is None or repair:
        raise typer.BadParameter("name a graph, or give --replay")
    from vortex_prefect.client import Bridge  # noqa: PLC0415

    with Bridge(home=home) as bridge:
        for event in bridge.list_events(graph_id, after):
            print(json.dumps(event.to_dict()))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="What to write; one that is there is replaced.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Copy the state (graphs, executions, queue, log) into a file; a stack may run meanwhile."""
    from vortex_prefect.cli.state import back_up  # noqa: PLC0415

    back_up(Settings.from_env(os.environ, home=home), file, as_json, console)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `vortex backup` wrote.", exists=True, dir_okay=False)],
    home: Home = None,
) -> None:
    """Put a copy of the state back, while no stack runs; what was there is kept beside it."""
    from vortex_prefect.cli.state import restore as put_back  # noqa: PLC0415

    put_back(Settings.from_env(os.environ, home=home), file, console)


@app.command()
def export(graph: GraphFile, home: Home = None) -> None:
    """Print Python code that builds a graph."""
    from vortex_prefect.client.graph import Graph  # noqa: PLC0415

    print(Graph.load(graph, home=home).to_python(), end="")


@app.command()
def stubs(
    output: Annotated[Path, typer.Option(help="Folder that the type checker searches (mypy_path, say).")] = Path(),
    home: Home = None,
) -> None:
    """Write typed signatures of all installed node types, for completion and type checks of graphs in Python."""
    from vortex_prefect.cli.stubs import write_stubs  # noqa: PLC0415
    from vortex_prefect.client.catalogue import find_catalogue  # noqa: PLC0415

    for path in write_stubs(find_catalogue(Settings.from_env(os.environ, home=home)), output):
        console.print(f"wrote {path}", highlight=False)


@nodes_app.command("withdraw")
def withdraw_node_type(
    node_type: Annotated[
        str, typer.Argument(metavar="TYPE", help="graph.NAME@VERSION, or graph.NAME for all of them.")
    ],
    home: Home = None,
) -> None:
    """Offer a published graph no more; graphs that have it keep working."""
    from vortex_prefect.cli.publish import withdraw  # noqa: PLC0415

    withdraw(Settings.from_env(os.environ, home=home), node_type)


@import_app.command("comfyui")
def import_comfyui(
    file: Annotated[Path, typer.Argument(help="A workflow in either form, or a PNG that has one.", metavar="FILE")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the graph goes; standard output if left out.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a graph of a ComfyUI workflow, and say what of it was not taken."""
    from vortex_prefect.cli.foreign import import_workflow  # noqa: PLC0415

    import_workflow(Settings.from_env(os.environ, home=home), file, output, as_json, console)


@nodes_app.command("list")
def list_nodes(home: Home = None, as_json: AsJson = False) -> None:
    """Print every node type."""
    from vortex_prefect.cli.catalogue import print_types  # noqa: PLC0415
    from vortex_prefect.client.catalogue import find_catalogue  # noqa: PLC0415

    print_types(find_catalogue(Settings.from_env(os.environ, home=home)), as_json)


@nodes_app.command("show")
def show_node(node_type: str, home: Home = None) -> None:
    """Print a node type's ports and parameters."""
    from vortex_prefect.cli.catalogue import print_type  # noqa: PLC0415
    from vortex_prefect.client.catalogue import find_catalogue  # noqa: PLC0415

    print_type(find_catalogue(Settings.from_env(os.environ, home=home)), node_type)


@nodes_app.command("install")
def install_pack(
    source: Annotated[
        str, typer.Argument(help="Folder, wheel or zip archive of a pack, or git+URL[@REF][#subdirectory=FOLDER].")
    ],
    sha256: Annotated[str | None, typer.Option(help="Refuse it unless it has this SHA-256.")] = None,
    find_links: Annotated[
        list[str] | None, typer.Option(help="Folder or page with wheels of what it requires; several if given again.")
    ] = None,
    no_index: Annotated[bool, typer.Option("--no-index", help="Look for what it requires nowhere else.")] = False,
    home: Home = None,
) -> None:
    """Install a pack, and lock what was installed."""
    from vortex_prefect.cli.pack_environment import Libraries  # noqa: PLC0415
    from vortex_prefect.cli.packs import install  # noqa: PLC0415

    settings = Settings.from_env(os.environ, home=home)
    install(settings, source, sha256, Libraries(find_links or (), no_index), console)


@nodes_app.command("dev")
def develop_pack(
    folder: Annotated[Path, typer.Argument(help="Folder of a pack.", exists=True, file_okay=False)],
    home: Home = None,
) -> None:
    """Take a pack up whenever one of its files changes, until Ctrl-C."""
    from vortex_prefect.cli.develop import develop  # noqa: PLC0415

    with contextlib.suppress(KeyboardInterrupt):
        develop(Settings.from_env(os.environ, home=home), folder, console)


@nodes_app.command("remove")
def remove_pack(name: str, home: Home = None) -> None:
    """Take an installed pack away."""
    from vortex_prefect.cli.packs import remove  # noqa: PLC0415

    remove(Settings.from_env(os.environ, home=home), name, console)


@nodes_app.command("verify")
def verify_packs(home: Home = None, as_json: AsJson = False) -> None:
    """Look whether every installed pack is what was installed, and can be imported."""
    from vortex_prefect.cli.packs import verify  # noqa: PLC0415

    if not verify(Settings.from_env(os.environ, home=home), as_json, console):
        raise typer.Exit(EXIT_FAILED)


@nodes_app.command("new")
def new_pack(
    name: Annotated[str, typer.Argument(help="Of the pack; its node types begin with it.")],
    output: Annotated[Path, typer.Option(help="Folder in which it is made.")] = Path(),
) -> None:
    """Begin a pack: one node, its tests, and what installs it."""
    from vortex_prefect.cli.new_pack import begin  # noqa: PLC0415

    for path in begin(name, output):
        console.print(f"wrote {path}", highlight=False)


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="Whose it is: what the log of events calls him.")],
    scope: Annotated[
        list[str], typer.Option(help="read, edit, execute or admin; several if given again. Default: edit and execute.")
    ] = ["edit", "execute"],  # noqa: B006
    days: Annotated[float | None, typer.Option(help="Days after which it ends by itself.", min=0.001)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print its secret, which is kept nowhere."""
    from vortex_prefect.cli.token import create  # noqa: PLC0415

    create(Settings.from_env(os.environ, home=home), name, scope, days, as_json)


@token_app.command("list")
def list_tokens(home: Home = None, as_json: AsJson = False) -> None:
    """Print all tokens, without their secrets."""
    from vortex_prefect.cli.token import show  # noqa: PLC0415

    show(Settings.from_env(os.environ, home=home), as_json)


@token_app.command("revoke")
def revoke_token(name: str, home: Home = None) -> None:
    """End a token, and the sessions and connections that it opened."""
    from vortex_prefect.cli.token import revoke  # noqa: PLC0415

    revoke(Settings.from_env(os.environ, home=home), name, console)


def show_error(error: VortexError) -> None:
    """Print an error for a person: code, what is wrong, where, what to do."""
    if not error.problems:
        console.print(f"[bold red]{error.code}[/bold red] {_plain(error.message)}")
        console.print(f"  [dim]{_plain(error.hint or error.info.hint)}[/dim]")
    for problem in error.problems:
        place = ".".join(part for part in (problem.node_id, problem.port) if part) or problem.path or ""
        data: dict[str, Any] = problem.to_dict()
        console.print(f"[bold red]{problem.code}[/bold red] [cyan]{_plain(place)}[/cyan] {_plain(problem.message)}")
        console.print(f"  [dim]{_plain(data['hint'])}[/dim]")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def main() -> None:
    """Entry point: errors become a line and an exit status, never a traceback."""
    try:
        app()
    except VortexError as error:
        show_error(error)
        sys.exit(EXIT_INVALID if isinstance(error, GraphError) else EXIT_FAILED)
    except ValueError as error:
        if "VORTEX_" not in str(error):
            raise
        console.print(f"[bold red]SY-003[/bold red] {error}")
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_CANCELLED)


if __name__ == "__main__":
    main()
