import { BINDINGS } from "../../graph/shortcuts";
import { KeyCaps } from "../chrome/Keys";
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

export function Shortcuts() {
  const sections = [...new Set(BINDINGS.map((binding) => binding.section))];
  return (
    <Modal name="shortcuts" title="Shortcuts" wide>
      <div className="shortcuts">
        {sections.map((section) => (
          <section key={section}>
            <h3>{section}</h3>
            <dl>
              {BINDINGS.filter((binding) => binding.section === section).map((binding) => (
                <div key={binding.keys}>
                  <dt>{binding.title}</dt>
                  <dd>
                    <KeyCaps keys={binding.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Mouse</h3>
          <dl>
            {MOUSE.map(([gesture, what]) => (
              <div key={gesture}>
                <dt>{gesture}</dt>
                <dd className="quiet">{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Modal>
  );
}
