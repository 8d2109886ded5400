import { Cloud, CloudOff, Loader2 } from "lucide-react";
import { useRoom, useSocketReason, useSocketState } from "../../hooks/editor";

const REASONS: Readonly<Record<string, string>> = {
  login: "Log in to go on",
  forbidden: "You may not see this graph",
  gone: "This graph was deleted",
  malformed: "This address names no graph",
};

/** Whether what is done here reaches the server; always in view. */
export function Connection() {
  const link = useRoom((room) => room.link);
  const socket = useSocketState();
  const reason = useSocketReason();
  const [kind, text] = describe(link, socket, reason);
  const readOnly = useRoom((room) => room.readOnly);
  const Icon = kind === "good" ? Cloud : kind === "wait" ? Loader2 : CloudOff;
  return (
    <div className="connection" data-kind={kind} role="status" title={TITLES[kind]}>
      <Icon size={14} aria-hidden="true" className={kind === "wait" ? "turning" : undefined} />
      <span>{readOnly && kind === "good" ? "You may only look" : text}</span>
    </div>
  );
}

const TITLES = {
  good: "All that you do is on the server",
  wait: "Getting the graph",
  bad: "What you do is kept in this page, and merged when the server is back",
};

function describe(link: string, socket: string, reason: string | null): [keyof typeof TITLES, string] {
  if (socket === "closed" && reason) return ["bad", REASONS[reason] ?? reason];
  if (link === "offline") return ["bad", "Offline – edits are kept"];
  if (link === "connecting") return ["wait", "Connecting"];
  return socket === "open" ? ["good", "Saved"] : ["wait", "Saved – waiting for progress"];
}
