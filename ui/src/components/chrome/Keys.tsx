import { BINDINGS, written } from "../../graph/shortcuts";
import { usePreferences } from "../../hooks/editor";

export const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** The keys of a command as they are written on the keyboard. */
export function Keys({ command }: { command: string }) {
  const own = usePreferences((state) => state.keys[command]);
  const keys = own ? own[0] : BINDINGS.find((binding) => binding.command === command)?.keys;
  return keys ? <KeyCaps keys={keys} /> : null;
}

export function KeyCaps({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {written(keys, MAC).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
