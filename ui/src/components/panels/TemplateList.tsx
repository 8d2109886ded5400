import { LayoutTemplate } from "lucide-react";
import type { Catalogue } from "../../graph/catalogue";
import { complain } from "../../store/editor";
import { openGraph } from "../../store/files";
import { templatesFor } from "../../templates";

/** Graphs to begin with. */
export function TemplateList({ catalogue }: { catalogue: Catalogue }) {
  const templates = templatesFor(catalogue);
  if (templates.length === 0) return null;
  return (
    <details className="templates" open>
      <summary>
        <LayoutTemplate size={14} aria-hidden="true" /> Templates <small>{templates.length}</small>
      </summary>
      <ul>
        {templates.map(({ key, name, doc, graph }) => (
          <li key={key}>
            <button
              type="button"
              title={doc}
              onClick={() => void openGraph(graph).catch((error) => complain("Not opened", error))}
            >
              <b>{name}</b>
              <small>{doc}</small>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
