import { useCallback, useEffect, useState } from "react";
import { api } from "../session/api";
import { ApiError, onLoginNeeded, setProof } from "../session/http";
import { loadNodes } from "../store/nodes";
import { prefer, preferences } from "../store/preferences";
import { session as known } from "../store/session";
import { takeLoginCode } from "./address";

export type StartUp =
  | { kind: "waiting" }
  | { kind: "login"; refused: string | null }
  | { kind: "failed"; text: string; retry: () => void }
  | { kind: "ready" };

/** Who is asking, then which nodes there are. */
export function useStartUp(): StartUp {
  const [state, setState] = useState<StartUp>({ kind: "waiting" });
  const start = useCallback(() => {
    setState({ kind: "waiting" });
    void begin(start).then(setState);
  }, []);
  useEffect(start, [start]);
  useEffect(() => onLoginNeeded(() => setState({ kind: "login", refused: null })), []);
  return state;
}

async function begin(retry: () => void): Promise<StartUp> {
  try {
    const session = await recognise();
    setProof(session.csrf_token);
    if (session.required && !session.user) return { kind: "login", refused: null };
    if (session.user && session.required) introduce(session.user);
    known.setState({
      user: session.required ? session.user : null,
      scopes: session.required ? session.scopes : ["admin"],
    });
    await loadNodes();
    return { kind: "ready" };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { kind: "login", refused: words(error) };
    return { kind: "failed", text: error instanceof ApiError ? words(error) : String(error), retry };
  }
}

function recognise() {
  const code = takeLoginCode();
  return code ? api.logIn({ code }) : api.session();
}

/** Others see a person by the name that the server knows. */
function introduce(name: string): void {
  const { person } = preferences.getState();
  prefer({ person: { ...person, name } });
}

const words = (error: ApiError) => `${error.code}: ${error.message}. ${error.detail.hint}`;
