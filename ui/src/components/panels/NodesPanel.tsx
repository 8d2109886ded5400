import { Star } from "lucide-react";
import { Fragment, useMemo, useState } from "react";
import type { NodeSpec } from "../../contract/api";
import { rank } from "../../graph/search";
import { useEditor, usePreferences } from "../../hooks/editor";
import { centre } from "../../store/commands";
import { prefer, preferences } from "../../store/preferences";
import { NODE_TYPE } from "../canvas/useDrops";
import { FIELDS } from "../chrome/SearchPanel";
import { hueOf, iconOf, label, packHue, typeColor } from "../node/appearance";

/** The palette: every node type by pack and category, to be dragged onto the canvas or added with a click. */
export function NodesPanel() {
  const favourites = usePreferences((state) => state.favourites);
  const [query, setQuery] = useState("");
  const [shown, setShown] = useState<NodeSpec | null>(null);
  const types = useEditor().catalogue.offered;
  const sections = useMemo(() => sectionsOf(types, query, favourites), [types, query, favourites]);
  return (
    <div className="nodes-panel">
      <input
        className="panel-search"
        type="search"
        placeholder={`Search ${types.length} nodes`}
        aria-label="Search nodes"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => event.stopPropagation()}
      />
      <div className="nodes-list">
        {sections.map(([title, specs]) => (
          <details
            key={title}
            open={query !== "" || title === "Favourites" ? true : undefined}
            className="nodes-section"
          >
            <summary style={{ "--hue": packHue(title.toLowerCase()) } as React.CSSProperties}>
              {label(title)} <small>{specs.length}</small>
            </summary>
            {specs.map((spec, index) => (
              <Fragment key={spec.type}>
                {query === "" && title !== "Favourites" && spec.category !== specs[index - 1]?.category && (
                  <p className="nodes-category">{label(spec.category)}</p>
                )}
                <PaletteEntry spec={spec} favourite={favourites.includes(spec.type)} onShow={setShown} />
              </Fragment>
            ))}
          </details>
        ))}
        {sections.length === 0 && <p className="empty">No node is called that.</p>}
      </div>
      {shown && <NodeDoc spec={shown} />}
    </div>
  );
}

function sectionsOf(types: readonly NodeSpec[], query: string, favourites: readonly string[]): [string, NodeSpec[]][] {
  if (query.trim()) {
    const found = rank(query, types, FIELDS);
    return found.length ? [["Found", found]] : [];
  }
  const packs = new Map<string, NodeSpec[]>();
  for (const spec of types) {
    const pack = spec.type.split(".")[0]!;
    packs.set(pack, [...(packs.get(pack) ?? []), spec]);
  }
  const sorted = [...packs].sort(([a], [b]) => a.localeCompare(b));
  for (const [, specs] of sorted) {
    specs.sort((a, b) => a.category.localeCompare(b.category) || a.title.localeCompare(b.title));
  }
  const liked = types.filter((spec) => favourites.includes(spec.type));
  return liked.length ? [["Favourites", liked], ...sorted] : sorted;
}

interface EntryProps {
  spec: NodeSpec;
  favourite: boolean;
  onShow: (spec: NodeSpec) => void;
}

function PaletteEntry({ spec, favourite, onShow }: EntryProps) {
  const editor = useEditor();
  const Icon = iconOf(spec);
  const like = () => {
    const favourites = new Set(preferences.getState().favourites);
    if (!favourites.delete(spec.type)) favourites.add(spec.type);
    prefer({ favourites: [...favourites] });
  };
  return (
    <div className="palette-entry" style={{ "--hue": hueOf(spec) } as React.CSSProperties}>
      <button
        type="button"
        className="palette-add"
        draggable
        title={spec.doc}
        onDragStart={(event) => event.dataTransfer.setData(NODE_TYPE, spec.type)}
        onPointerEnter={() => onShow(spec)}
        onFocus={() => onShow(spec)}
        onClick={() => editor.add(spec.type, centre(editor))}
      >
        <Icon size={14} aria-hidden="true" />
        <span>{spec.title}</span>
      </button>
      <button
        type="button"
        className="palette-star"
        aria-pressed={favourite}
        aria-label={`${spec.title}: a favourite`}
        onClick={like}
      >
        <Star size={12} fill={favourite ? "currentColor" : "none"} />
      </button>
    </div>
  );
}

function NodeDoc({ spec }: { spec: NodeSpec }) {
  return (
    <aside className="node-doc" aria-label={`About ${spec.title}`}>
      <h2>{spec.title}</h2>
      <code>{spec.type}</code>
      {spec.doc && <p>{spec.doc}</p>}
      <Ports title="In" ports={spec.inputs} />
      <Ports title="Out" ports={spec.outputs} />
    </aside>
  );
}

function Ports({ title, ports }: { title: string; ports: readonly { name: string; type: string }[] }) {
  if (ports.length === 0) return null;
  return (
    <p className="node-doc-ports">
      <small>{title}</small>
      {ports.map((port) => (
        <span key={port.name}>
          <i style={{ background: typeColor(port.type) }} /> {port.name}
        </span>
      ))}
    </p>
  );
}
