import type { NodeSpec } from "../../contract/api";
import type { NodeView } from "../../graph/model";
import { useEditor, useGraph } from "../../hooks/editor";
import { label } from "../node/appearance";

/** What callers of the graph may set of a node, and what they get from it. */
export function Exposure({ node, spec }: { node: NodeView; spec: NodeSpec }) {
  const editor = useEditor();
  const [inputs, outputs] = [useGraph((view) => view.inputs), useGraph((view) => view.outputs)];
  const inputOf = (param: string) =>
    [...inputs.values()].find((input) => input.node === node.id && input.param === param);
  const outputOf = (port: string) =>
    [...outputs.values()].find((output) => output.node === node.id && output.port === port);
  const freeName = (stem: string, taken: ReadonlyMap<string, unknown>) => {
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? stem : `${stem}_${count}`;
      if (!taken.has(name)) return name;
    }
  };
  return (
    <section>
      <h2>Given to callers</h2>
      <div className="exposure">
        {spec.outputs.map(({ name: port }) => {
          const known = outputOf(port);
          const toggle = () =>
            editor.edit([
              known
                ? { op: "output.delete", name: known.name }
                : { op: "output.set", output: { name: freeName(port, outputs), node: node.id, port } },
            ]);
          return <Toggle key={`out ${port}`} title={`Output ${label(port)}`} name={known?.name} onToggle={toggle} />;
        })}
        {[...spec.inputs, ...spec.params].map(({ name: param }) => {
          const known = inputOf(param);
          const toggle = () =>
            editor.edit([
              known
                ? { op: "input.delete", name: known.name }
                : { op: "input.set", input: { name: freeName(param, inputs), node: node.id, param } },
            ]);
          return (
            <Toggle
              key={`in ${param}`}
              title={`${spec.params.some(({ name }) => name === param) ? "Parameter" : "Input"} ${label(param)}`}
              name={known?.name}
              onToggle={toggle}
            />
          );
        })}
      </div>
    </section>
  );
}

function Toggle({ title, name, onToggle }: { title: string; name: string | undefined; onToggle: () => void }) {
  return (
    <label>
      <input type="checkbox" checked={name !== undefined} onChange={onToggle} />
      <span>{title}</span>
      {name !== undefined && <code>{name}</code>}
    </label>
  );
}
