import { preferences } from "../store/preferences";

/** Keeps the document's theme what the person prefers, or what the system has. */
export function followTheme(): void {
  const system = matchMedia("(prefers-color-scheme: light)");
  const set = () => {
    const { theme } = preferences.getState();
    document.documentElement.dataset.theme = theme === "system" ? (system.matches ? "light" : "dark") : theme;
  };
  set();
  system.addEventListener("change", set);
  preferences.subscribe(set);
}
