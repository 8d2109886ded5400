// Who is using this page, as the server knows it.

import { createStore } from "zustand/vanilla";
import type { Scope } from "../contract/api";

export interface Session {
  /** Null where nobody is asked. */
  user: string | null;
  scopes: readonly Scope[];
}

export const session = createStore<Session>(() => ({ user: null, scopes: ["admin"] }));

/** Whether this person may do what needs a scope; `admin` may do everything. */
export function may(scope: Scope): boolean {
  const { scopes } = session.getState();
  return scopes.includes("admin") || scopes.includes(scope);
}
