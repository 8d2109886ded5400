import { useUi } from "../../hooks/editor";
import { ui } from "../../store/ui";
import { Window } from "./Modal";

/** What of another program's workflow is in the graph that was made of it, and what is not. */
export function ImportReport() {
  const imported = useUi((state) => state.imported);
  if (!imported) return null;
  const { file, taken, placeholders, problems } = imported;
  return (
    <Window title="Imported" open onClose={() => ui.setState({ imported: null })}>
      <p>
        {taken} nodes of {file} were taken.{" "}
        {placeholders > 0 && `${placeholders} have no counterpart here: their places, values and wires are kept.`}
      </p>
      <ul className="problems">
        {problems.map(({ code, message, node_id }, index) => (
          <li key={index}>
            <div className="problem-line">
              <b>{code}</b> {node_id && <em>{node_id}</em>} {message}
            </div>
          </li>
        ))}
      </ul>
    </Window>
  );
}
