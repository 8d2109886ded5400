// Requests to this page's own server: JSON, the session's proof, and failures as errors with the server's codes.

import type { ErrorDetail } from "../contract/api";
import { parseLossless } from "./lossless";

/** What the server, or the way to it, has against a request. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: ErrorDetail,
  ) {
    super(detail.message);
    this.name = "ApiError";
  }

  get code(): string {
    return this.detail.code;
  }
}

/** Nothing came back at all. */
export const UNREACHABLE = "UI-001";

type Listener = () => void;

let proof: string | null = null;
const onUnknown = new Set<Listener>();

/** What goes beside the session's cookie with every change. */
export function setProof(token: string | null): void {
  proof = token;
}

/** Called when the server asks who this is. */
export function onLoginNeeded(listener: Listener): () => void {
  onUnknown.add(listener);
  return () => onUnknown.delete(listener);
}

export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  if (proof) headers.set("X-CSRF-Token", proof);
  let response: Response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, failure(UNREACHABLE, "the server does not answer", "It may be starting anew; try again."));
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "/api/session") for (const listener of onUnknown) listener();
  throw new ApiError(response.status, await detailOf(response));
}

async function detailOf(response: Response): Promise<ErrorDetail> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: ErrorDetail };
    if (typeof error.message === "string") return error;
  } catch {
    // A proxy's page, say: its status is all that it tells.
  }
  return failure("UI-002", `the server answered ${response.status}`, "Its log says more.");
}

function failure(code: string, message: string, hint: string): ErrorDetail {
  return { code, message, hint, problems: [], node_id: null, traceback: null };
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return parseLossless(await (await request(path, signal ? { signal } : {})).text()) as T;
}

export async function sendJson<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await request(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  return (response.status === 204 ? null : await response.json()) as T;
}
