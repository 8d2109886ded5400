import { useState } from "react";
import { BINDINGS, type Binding, keysOf, pressed } from "../../graph/shortcuts";
import { usePreferences } from "../../hooks/editor";
import { prefer, preferences } from "../../store/preferences";
import { KeyCaps, MAC } from "../chrome/Keys";
import { Modal } from "./Modal";

const MOUSE: readonly [string, string][] = [
  ["Double-click the canvas", "Search for a node"],
  ["Drag from a port", "Connect; on the canvas: search for what fits"],
  ["Drag an edge's end", "Connect it elsewhere, or disconnect it"],
  ["Drop a node on an edge", "Put it in between"],
  ["Alt + drag", "Drag a copy"],
  ["Drag on the canvas", "Select (or move the view: preferences)"],
  ["Middle button, Space + drag", "Move the view"],
  ["Wheel", "Zoom"],
  ["Drag a number, with Shift", "Change it, finely"],
];

/** All keys; a click on some takes other ones for that command. */
export function Shortcuts() {
  const own = usePreferences((state) => state.keys);
  const sections = [...new Set(BINDINGS.map((binding) => binding.section))];
  return (
    <Modal name="shortcuts" title="Shortcuts" wide>
      <p className="quiet shortcuts-doc">
        Keys go by their place. Click on some to choose others.{" "}
        {Object.keys(own).length > 0 && (
          <button type="button" className="link" onClick={() => prefer({ keys: {} })}>
            All as they were
          </button>
        )}
      </p>
      <div className="shortcuts">
        {sections.map((section) => (
          <section key={section}>
            <h3>{section}</h3>
            <ul>
              {BINDINGS.filter((binding) => binding.section === section).map((binding) => (
                <Row key={binding.keys} binding={binding} own={own} />
              ))}
            </ul>
          </section>
        ))}
        <section>
          <h3>Mouse</h3>
          <ul>
            {MOUSE.map(([gesture, what]) => (
              <li key={gesture}>
                <span>{gesture}</span>
                <span className="quiet">{what}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Modal>
  );
}

const MODIFIERS = /^(Control|Shift|Alt|Meta)/;

function Row({ binding, own }: { binding: Binding; own: Readonly<Record<string, readonly string[]>> }) {
  const [asking, setAsking] = useState(false);
  const keys = keysOf(binding, own);
  const take = (event: React.KeyboardEvent) => {
    if (!asking || MODIFIERS.test(event.code)) return;
    event.preventDefault();
    event.stopPropagation();
    setAsking(false);
    if (event.code !== "Escape") rebind(binding.command, pressed(event, MAC));
  };
  return (
    <li>
      <span>{binding.title}</span>
      <button
        type="button"
        className="rebind"
        aria-pressed={asking}
        onClick={() => setAsking(true)}
        onBlur={() => setAsking(false)}
        onKeyDown={take}
      >
        <span className="unseen">Keys for: {binding.title}, </span>
        {asking ? <em>press keys</em> : keys ? <KeyCaps keys={keys} /> : <em>none</em>}
      </button>
    </li>
  );
}

/** Gives a command its own keys, and takes them from the command that had them. */
function rebind(command: string, keys: string): void {
  const own = { ...preferences.getState().keys };
  for (const binding of BINDINGS) {
    if (binding.command !== command && keysOf(binding, own) === keys) own[binding.command] = [];
  }
  prefer({ keys: { ...own, [command]: [keys] } });
}
