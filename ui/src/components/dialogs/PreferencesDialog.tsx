import { Download, Upload } from "lucide-react";
import { usePreferences } from "../../hooks/editor";
import { download } from "../../store/commands";
import { complain } from "../../store/editor";
import { exported, imported, type Preferences, prefer } from "../../store/preferences";
import { Modal } from "./Modal";

/** What this browser remembers; it can be taken to another one. */
export function PreferencesDialog() {
  const state = usePreferences((all) => all);
  return (
    <Modal
      name="preferences"
      title="Preferences"
      doc="Kept in this browser. Graphs are not among them: they are on the server."
    >
      <div className="form">
        <Choice
          title="Theme"
          value={state.theme}
          choices={["system", "light", "dark"]}
          onChange={(theme) => prefer({ theme })}
        />
        <Choice
          title="Edges"
          value={state.edges}
          choices={["curved", "straight", "stepped"]}
          onChange={(edges) => prefer({ edges })}
        />
        <Choice
          title="Dragging the canvas"
          value={state.drag}
          choices={["select", "pan"]}
          onChange={(drag) => prefer({ drag })}
        />
        <Flag name="grid" title="Grid" state={state} />
        <Flag name="snap" title="Snap to the grid" state={state} />
        <Flag name="minimap" title="Minimap" state={state} />
        <Flag name="previews" title="Pictures in the nodes" state={state} />
        <label className="form-field">
          <span>Your name, for others</span>
          <input
            value={state.person.name}
            maxLength={60}
            onChange={(event) => prefer({ person: { ...state.person, name: event.target.value } })}
          />
        </label>
        <label className="form-field">
          <span>Your colour</span>
          <input
            type="color"
            value={state.person.color}
            onChange={(event) => prefer({ person: { ...state.person, color: event.target.value } })}
          />
        </label>
        <footer>
          <button type="button" className="button" onClick={() => download("vortex-preferences.json", exported())}>
            <Download size={14} /> Export
          </button>
          <label className="button">
            <Upload size={14} /> Import
            <input
              type="file"
              accept=".json"
              className="unseen"
              onChange={(event) => void take(event.target.files?.[0])}
            />
          </label>
        </footer>
      </div>
    </Modal>
  );
}

async function take(file: File | undefined): Promise<void> {
  if (!file) return;
  try {
    prefer(imported(await file.text()));
  } catch (error) {
    complain("No preferences were taken", error);
  }
}

interface ChoiceProps<T extends string> {
  title: string;
  value: T;
  choices: readonly T[];
  onChange: (value: T) => void;
}

function Choice<T extends string>({ title, value, choices, onChange }: ChoiceProps<T>) {
  return (
    <fieldset className="choices">
      <legend>{title}</legend>
      {choices.map((choice) => (
        <label key={choice}>
          <input type="radio" name={title} checked={value === choice} onChange={() => onChange(choice)} /> {choice}
        </label>
      ))}
    </fieldset>
  );
}

type FlagName = "grid" | "snap" | "minimap" | "previews";

function Flag({ name, title, state }: { name: FlagName; title: string; state: Preferences }) {
  return (
    <label className="form-flag">
      <span>{title}</span>
      <input
        type="checkbox"
        role="switch"
        checked={state[name]}
        aria-checked={state[name]}
        onChange={(event) => prefer({ [name]: event.target.checked })}
      />
    </label>
  );
}
