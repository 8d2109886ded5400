// Keys by their place on the keyboard (`event.code`), so that they work on every layout.

export interface Binding {
  command: string;
  /** `Mod` is Ctrl, or ⌘ on a Mac. The last part is an `event.code`. */
  keys: string;
  title: string;
  section: "Run" | "Edit" | "Select" | "View" | "Arrange" | "Panels";
}

const table: [section: Binding["section"], command: string, keys: string, title: string][] = [
  ["Run", "run", "Mod+Enter", "Run the graph"],
  ["Run", "run.front", "Mod+Shift+Enter", "Run at the front of the queue"],
  ["Run", "run.here", "Shift+KeyR", "Run to the selected node"],
  ["Run", "cancel", "Mod+Alt+Enter", "Cancel the run"],
  ["Edit", "undo", "Mod+KeyZ", "Undo your last edit"],
  ["Edit", "redo", "Mod+Shift+KeyZ", "Redo"],
  ["Edit", "redo", "Mod+KeyY", "Redo"],
  ["Edit", "copy", "Mod+KeyC", "Copy"],
  ["Edit", "cut", "Mod+KeyX", "Cut"],
  ["Edit", "paste", "Mod+KeyV", "Paste"],
  ["Edit", "paste.connected", "Mod+Shift+KeyV", "Paste, keeping incoming edges"],
  ["Edit", "duplicate", "Mod+KeyD", "Duplicate"],
  ["Edit", "delete", "Delete", "Delete"],
  ["Edit", "delete", "Backspace", "Delete"],
  ["Edit", "delete.reconnect", "Mod+Backspace", "Delete and join the neighbours"],
  ["Edit", "rename", "F2", "Rename the node"],
  ["Edit", "mute", "Mod+KeyM", "Mute or unmute"],
  ["Edit", "bypass", "Mod+KeyB", "Bypass or not"],
  ["Edit", "collapse", "Alt+KeyC", "Collapse or expand"],
  ["Edit", "pin", "KeyP", "Pin in its place, or not"],
  ["Select", "select.all", "Mod+KeyA", "Select all"],
  ["Select", "select.none", "Escape", "Select nothing"],
  ["Select", "walk.left", "Alt+ArrowLeft", "To the node on the left"],
  ["Select", "walk.right", "Alt+ArrowRight", "To the node on the right"],
  ["Select", "walk.up", "Alt+ArrowUp", "To the node above"],
  ["Select", "walk.down", "Alt+ArrowDown", "To the node below"],
  ["Select", "select.upstream", "BracketLeft", "Add what feeds the selection"],
  ["Select", "select.downstream", "BracketRight", "Add what the selection feeds"],
  ["View", "fit", "KeyF", "Fit the graph"],
  ["View", "fit.selection", "Period", "Fit the selection"],
  ["View", "zoom.in", "Equal", "Zoom in"],
  ["View", "zoom.out", "Minus", "Zoom out"],
  ["View", "zoom.reset", "Digit0", "Zoom to 100 %"],
  ["View", "minimap", "Alt+KeyM", "Show the minimap or not"],
  ["View", "palette", "Mod+KeyK", "Command palette"],
  ["View", "shortcuts", "Shift+Slash", "Show the shortcuts"],
  ["Arrange", "search", "Tab", "Add a node"],
  ["Arrange", "search", "Shift+KeyA", "Add a node"],
  ["Arrange", "extend", "KeyE", "Add a node behind the selected one"],
  ["Arrange", "connect", "KeyC", "Connect the selected nodes"],
  ["Arrange", "group", "Mod+KeyG", "Frame the selection"],
  ["Arrange", "subgraph.make", "Mod+Shift+KeyG", "Make a subgraph of the selection"],
  ["Arrange", "subgraph.unpack", "Mod+Alt+KeyG", "Unpack the subgraph"],
  ["Arrange", "subgraph.open", "Enter", "Open the subgraph"],
  ["Arrange", "note", "KeyN", "Add a note"],
  ["Arrange", "arrange", "Shift+KeyL", "Lay out"],
  ["Arrange", "align.left", "Shift+ArrowLeft", "Align left"],
  ["Arrange", "align.right", "Shift+ArrowRight", "Align right"],
  ["Arrange", "align.top", "Shift+ArrowUp", "Align top"],
  ["Arrange", "align.bottom", "Shift+ArrowDown", "Align bottom"],
  ["Panels", "panel.nodes", "Digit1", "Nodes"],
  ["Panels", "panel.inspector", "Digit2", "Node and graph"],
  ["Panels", "panel.outputs", "Digit3", "Outputs"],
  ["Panels", "panel.runs", "KeyQ", "Queue and history"],
  ["Panels", "panel.problems", "Digit4", "Problems"],
  ["Panels", "panel.stack", "Digit5", "Workers and memory"],
  ["Panels", "save", "Mod+KeyS", "Save a version"],
  ["Panels", "export", "Mod+Shift+KeyS", "Export the graph"],
  ["Panels", "open", "Mod+KeyO", "Open a graph"],
];

export const BINDINGS: readonly Binding[] = table.map(([section, command, keys, title]) => ({
  section,
  command,
  keys,
  title,
}));

export interface Pressed {
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** The canonical text of a key press, in the form of `Binding.keys`. */
export function pressed(event: Pressed, mac: boolean): string {
  const mod = mac ? event.metaKey : event.ctrlKey;
  const parts = [mod && "Mod", event.altKey && "Alt", event.shiftKey && "Shift", codeOf(event.code)];
  return parts.filter(Boolean).join("+");
}

function codeOf(code: string): string {
  if (code === "NumpadEnter") return "Enter";
  if (code === "NumpadAdd") return "Equal";
  if (code === "NumpadSubtract") return "Minus";
  return code;
}

const canonical = (keys: string) => {
  const parts = keys.split("+");
  const order = ["Mod", "Alt", "Shift"].filter((part) => parts.includes(part));
  return [...order, parts.at(-1)].join("+");
};

/** The keys of a binding once a person has chosen; null where they took them away. */
export function keysOf(binding: Binding, own: Readonly<Record<string, readonly string[]>>): string | null {
  const chosen = own[binding.command];
  return chosen ? (chosen[0] ?? null) : canonical(binding.keys);
}

export type Keymap = ReadonlyMap<string, string>;

/** Keys → command. `own` are a person's own keys by command; an empty list takes a command's keys away. */
export function keymap(own: Readonly<Record<string, readonly string[]>> = {}): Keymap {
  const found = new Map<string, string>();
  for (const { command, keys } of BINDINGS) if (!own[command]) found.set(canonical(keys), command);
  for (const [command, all] of Object.entries(own)) for (const keys of all) found.set(canonical(keys), command);
  return found;
}

const NAMES: Record<string, string> = {
  Period: ".",
  Slash: "/",
  Equal: "+",
  Minus: "−",
  BracketLeft: "[",
  BracketRight: "]",
  Escape: "Esc",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Enter: "↵",
  Backspace: "⌫",
  Delete: "Del",
};

/** The keys as they are written on a keyboard. */
export function written(keys: string, mac: boolean): string[] {
  return keys.split("+").map((part) => {
    if (part === "Mod") return mac ? "⌘" : "Ctrl";
    if (part === "Alt") return mac ? "⌥" : "Alt";
    return NAMES[part] ?? part.replace(/^(Key|Digit)/, "");
  });
}
