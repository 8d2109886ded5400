import { useSyncExternalStore } from "react";
import { preferences } from "../store/preferences";

const listeners = new Set<() => void>();

/** Keeps the document's theme what the person prefers, or what the system has. */
export function followTheme(): void {
  const system = matchMedia("(prefers-color-scheme: light)");
  const set = () => {
    const { theme } = preferences.getState();
    document.documentElement.dataset.theme = theme === "system" ? (system.matches ? "light" : "dark") : theme;
    for (const tell of listeners) tell();
  };
  set();
  system.addEventListener("change", set);
  preferences.subscribe(set);
}

/** The theme that is shown; for what paints with its colours by itself. */
export function useTheme(): string | undefined {
  return useSyncExternalStore(listen, shown);
}

const shown = () => document.documentElement.dataset.theme;

function listen(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}
