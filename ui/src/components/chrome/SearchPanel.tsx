import { useEffect, useMemo, useRef, useState } from "react";
import type { NodeSpec } from "../../contract/api";
import { typeFits } from "../../graph/connect";
import { type Field, rank } from "../../graph/search";
import { useEditor, usePreferences, useUi } from "../../hooks/editor";
import { useWayBack } from "../../hooks/wayBack";
import { type SearchRequest, ui } from "../../store/ui";
import { hueOf, iconOf, typeColor } from "../node/appearance";

export const FIELDS: readonly Field<NodeSpec>[] = [
  { of: (spec) => spec.title, weight: 1 },
  { of: (spec) => spec.type, weight: 0.8 },
  { of: (spec) => spec.category, weight: 0.6 },
  { of: (spec) => spec.doc, weight: 0.4, wordsOnly: true },
];

const MOST = 60;
const SIZE = { width: 340, height: 400 };

/** Finds a node type by what a person types, and puts one on the canvas, connected if a wire was dropped. */
export function SearchPanel() {
  const request = useUi((state) => state.search);
  return request && <Panel key={`${request.at.x} ${request.at.y}`} request={request} />;
}

function Panel({ request }: { request: SearchRequest }) {
  const editor = useEditor();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const found = useFound(query, request);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const back = useWayBack();
  const close = () => ui.setState({ search: null });
  const done = () => {
    close();
    // Once the field is gone, and nothing else has the focus.
    setTimeout(back);
  };
  const choose = (spec: NodeSpec | undefined) => {
    done();
    if (spec) editor.add(spec.type, { x: request.place.x, y: request.place.y - 16 }, request.end, {}, request.into);
  };
  const left = Math.max(8, Math.min(request.at.x, window.innerWidth - SIZE.width - 8));
  const top = Math.max(8, Math.min(request.at.y, window.innerHeight - SIZE.height - 8));
  const active = found[at];
  return (
    <div
      className="search"
      role="dialog"
      aria-label="Add a node"
      style={{ left, top, width: SIZE.width, maxHeight: SIZE.height }}
    >
      {request.end && <EndHint request={request} />}
      <input
        // biome-ignore lint/a11y/noAutofocus: the person asked for this field
        autoFocus
        className="search-input"
        placeholder="Search nodes"
        role="combobox"
        aria-expanded="true"
        aria-controls="search-list"
        aria-activedescendant={active && `search-${active.type}`}
        aria-label="Search nodes"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onBlur={(event) => !event.relatedTarget?.closest(".search") && close()}
        onKeyDown={(event) => {
          event.stopPropagation();
          const move: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
          const by = move[event.key];
          if (by !== undefined) setAt(Math.min(Math.max(at + by, 0), found.length - 1));
          else if (event.key === "Enter" || event.key === "Tab") choose(active);
          else if (event.key === "Escape") done();
          else return;
          event.preventDefault();
        }}
      />
      <div className="search-list" id="search-list" role="listbox" aria-label="Node types" ref={list}>
        {found.map((spec, index) => (
          <Entry
            key={spec.type}
            spec={spec}
            active={index === at}
            onChoose={() => choose(spec)}
            onEnter={() => setAt(index)}
          />
        ))}
        {found.length === 0 && <p className="empty">No node is called that.</p>}
      </div>
      {active && <p className="search-doc">{active.doc || active.type}</p>}
    </div>
  );
}

function useFound(query: string, request: SearchRequest): NodeSpec[] {
  const editor = useEditor();
  const { catalogue } = editor;
  const recent = usePreferences((state) => state.recent);
  return useMemo(() => {
    const { end } = request;
    const types = catalogue.offered.filter((spec) => !end || typeFits(editor.view, catalogue, end, spec.type));
    if (query.trim()) return rank(query, types, FIELDS).slice(0, MOST);
    const place = (spec: NodeSpec) => (recent.includes(spec.type) ? recent.indexOf(spec.type) : recent.length);
    const byTitle = [...types].sort((a, b) => a.title.localeCompare(b.title));
    return byTitle.sort((a, b) => place(a) - place(b)).slice(0, MOST);
  }, [editor, catalogue, query, recent, request]);
}

function EndHint({ request }: { request: SearchRequest }) {
  const editor = useEditor();
  const end = request.end!;
  const type = editor.view.nodes.get(end.node)?.type ?? "";
  const port =
    end.side === "source" ? editor.catalogue.output(type, end.port) : editor.catalogue.target(type, end.port);
  return (
    <p className="search-end">
      {end.side === "source" ? "Nodes that take" : "Nodes that give"}{" "}
      <b style={{ color: typeColor(port?.type ?? "ANY") }}>{port?.type ?? "ANY"}</b>
    </p>
  );
}

interface EntryProps {
  spec: NodeSpec;
  active: boolean;
  onChoose: () => void;
  onEnter: () => void;
}

function Entry({ spec, active, onChoose, onEnter }: EntryProps) {
  const Icon = iconOf(spec);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
    <div
      id={`search-${spec.type}`}
      className="search-entry"
      role="option"
      tabIndex={-1}
      aria-selected={active}
      style={{ "--hue": hueOf(spec) } as React.CSSProperties}
      onPointerDown={(event) => event.preventDefault()}
      onClick={onChoose}
      onPointerMove={onEnter}
    >
      <Icon size={14} aria-hidden="true" />
      <span>{spec.title}</span>
      <small>{spec.category}</small>
    </div>
  );
}
