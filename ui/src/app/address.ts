import { useSyncExternalStore } from "react";

/** The graph that the address names behind `#`; null for none. */
export function useGraphId(): string | null {
  return useSyncExternalStore(subscribe, read);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

function read(): string | null {
  const name = decodeURIComponent(location.hash.slice(1));
  return name === "" || name.startsWith("login=") ? null : name;
}

/** A code for one login, which is taken out of the address: it serves once, and belongs in no history. */
export function takeLoginCode(): string | null {
  const code = /^#login=(.+)$/.exec(location.hash)?.[1] ?? null;
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}
