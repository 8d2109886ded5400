import { useId, useState } from "react";
import { nameFaults, type PortChanges, type PortLine, SIDES, type Side } from "../../graph/exposed";
import { typeColor } from "../node/appearance";

const TITLES: Readonly<Record<Side, string>> = { inputs: "Takes", outputs: "Gives" };
const WHAT: Readonly<Record<Side, string>> = { inputs: "Input", outputs: "Output" };

export interface Naming {
  lines: readonly PortLine[];
  names: ReadonlyMap<string, string>;
  faults: ReadonlyMap<string, string>;
  set: (key: string, name: string) => void;
}

/** The names that people choose for ports, and what is wrong with them. */
export function useNaming(lines: readonly PortLine[]): Naming {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const set = (key: string, name: string) => setNames((before) => new Map(before).set(key, name));
  return { lines, names, faults: nameFaults(lines, names), set };
}

interface PortNamesProps {
  naming: Naming;
  /** What users of the last version would find changed. */
  changes?: PortChanges;
}

/** The ports of a node to be, each with its name to be chosen. */
export function PortNames({ naming, changes = { renamed: [], gone: [] } }: PortNamesProps) {
  const nameOf = (line: PortLine) => (naming.names.get(line.key) ?? line.name).trim();
  return (
    <div className="port-names">
      {SIDES.map((side) => {
        const lines = naming.lines.filter((line) => line.side === side);
        const gone = changes.gone.filter((port) => port.side === side);
        if (lines.length + gone.length === 0) return null;
        return (
          <fieldset key={side}>
            <legend>{TITLES[side]}</legend>
            {lines.map((line) => (
              <PortName
                key={line.key}
                line={line}
                naming={naming}
                was={changes.renamed.find((port) => port.side === side && port.name === nameOf(line))?.was}
              />
            ))}
            {gone.map(({ name }) => (
              <p key={name} className="port-gone" role="note">
                <b>{name}</b> goes away. Nodes of older versions keep it; one that is updated loses what is wired to it.
              </p>
            ))}
          </fieldset>
        );
      })}
    </div>
  );
}

function PortName({ line, naming, was }: { line: PortLine; naming: Naming; was: string | undefined }) {
  const about = useId();
  const { key, side, name, from, type } = line;
  const fault = naming.faults.get(key);
  return (
    <div className="port-name">
      <span
        className="port-dot"
        aria-hidden="true"
        data-list={type?.startsWith("LIST[")}
        style={{ "--port": typeColor(type ?? "ANY") } as React.CSSProperties}
      />
      <input
        aria-label={`${WHAT[side]} from ${from}`}
        aria-invalid={fault !== undefined}
        aria-describedby={about}
        spellCheck={false}
        autoComplete="off"
        value={naming.names.get(key) ?? name}
        onChange={(event) => naming.set(key, event.target.value)}
      />
      <code className="quiet">{type ?? "unknown"}</code>
      <span className="port-from" title={from}>
        {from}
      </span>
      <small id={about} aria-live="polite" className={fault ? "wrong" : "quiet"}>
        {fault ?? (was && `Was “${was}”: wires to it follow where a node is updated.`)}
      </small>
    </div>
  );
}
