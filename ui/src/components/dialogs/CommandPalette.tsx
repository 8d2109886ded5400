import { Dialog } from "radix-ui";
import { useMemo, useState } from "react";
import { rank } from "../../graph/search";
import { BINDINGS } from "../../graph/shortcuts";
import { useEditor, useUi } from "../../hooks/editor";
import { selectOnly } from "../../store/canvas";
import { COMMANDS, centre, UNBOUND } from "../../store/commands";
import type { Editor } from "../../store/editor";
import { ui } from "../../store/ui";
import { Keys } from "../chrome/Keys";
import { Overlay } from "./Overlay";

interface Entry {
  id: string;
  title: string;
  kind: string;
  command?: string;
  run: (editor: Editor) => void;
}

const MOST = 40;

/** Everything by name: commands, nodes of the graph to go to, node types to add. */
export function CommandPalette() {
  const open = useUi((state) => state.dialog === "palette");
  return (
    <Overlay open={open} onClose={() => ui.setState({ dialog: null })} className="palette">
      <Dialog.Title className="unseen">Commands</Dialog.Title>
      <Finder />
    </Overlay>
  );
}

function Finder() {
  const editor = useEditor();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const entries = useMemo(() => entriesOf(editor), [editor]);
  const found = rank(query, entries, [
    { of: (entry) => entry.title, weight: 1 },
    { of: (entry) => entry.kind, weight: 0.3 },
  ]).slice(0, MOST);
  const choose = (entry: Entry | undefined) => {
    ui.setState({ dialog: null });
    entry?.run(editor);
  };
  return (
    <>
      <input
        className="search-input"
        placeholder="Command, node of the graph, or node to add"
        aria-label="Command"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") choose(found[at]);
          else return;
          event.preventDefault();
        }}
      />
      <div className="search-list" role="listbox" aria-label="Commands">
        {found.map((entry, index) => (
          <button
            key={entry.id}
            type="button"
            role="option"
            aria-selected={index === at}
            className="search-entry"
            ref={(element) => {
              if (index === at) element?.scrollIntoView({ block: "nearest" });
            }}
            onClick={() => choose(entry)}
          >
            <span>{entry.title}</span>
            {entry.command ? <Keys command={entry.command} /> : <small>{entry.kind}</small>}
          </button>
        ))}
        {found.length === 0 && <p className="empty">Nothing is called that.</p>}
      </div>
    </>
  );
}

function entriesOf(editor: Editor): Entry[] {
  const bound = [...new Map(BINDINGS.map((binding) => [binding.command, binding.title]))];
  const commands = [...bound, ...UNBOUND].map(([command, title]): Entry => {
    return { id: `command ${command}`, title, kind: "command", command, run: (on) => COMMANDS[command]?.(on) };
  });
  const nodes = [...editor.view.nodes.values()].map((node): Entry => {
    const title = node.title ?? editor.catalogue.get(node.type)?.title ?? node.type;
    return {
      id: `node ${node.id}`,
      title: `Go to ${title} (${node.id})`,
      kind: "node",
      run: (on) => goTo(on, node.id),
    };
  });
  const types = editor.catalogue.offered.map((spec): Entry => {
    return {
      id: `type ${spec.type}`,
      title: `Add ${spec.title}`,
      kind: spec.category,
      run: (on) => void on.add(spec.type, centre(on)),
    };
  });
  return [...commands, ...nodes, ...types];
}

function goTo(editor: Editor, id: string): void {
  selectOnly(editor.canvas, new Set([id]));
  COMMANDS["fit.selection"]?.(editor);
}
