// The routes that the editor uses, each with its types.

import type {
  ArenaResource,
  ConvertedGraph,
  DeployGraphRequest,
  DeploymentResource,
  ExecutedGraph,
  ExecutionAccepted,
  ExecutionList,
  ExecutionOptions,
  ExecutionResource,
  FileResource,
  Graph,
  GraphList,
  GraphResource,
  NodeTypes,
  PlanResource,
  ProblemList,
  PublishedNodeResource,
  PublishGraphRequest,
  QueueResource,
  SessionResource,
  StackResource,
  VersionList,
  WorkerList,
} from "../contract/api";
import { getJson, request, sendJson } from "./http";
import { parseLossless } from "./lossless";

const at = (strings: TemplateStringsArray, ...parts: string[]) =>
  strings.reduce((path, text, index) => path + encodeURIComponent(parts[index - 1]!) + text);

export const api = {
  session: () => getJson<SessionResource>("/api/session"),
  logIn: (by: { token: string } | { code: string }) => sendJson<SessionResource>("POST", "/api/session", by),
  logOut: () => request("/api/session", { method: "DELETE" }),

  nodeTypes: () => getJson<NodeTypes>("/api/nodes"),
  stack: () => getJson<StackResource>("/api/stack"),
  workers: () => getJson<WorkerList>("/api/workers"),
  arena: () => getJson<ArenaResource>("/api/arena"),

  graphs: () => getJson<GraphList>("/api/graph?limit=200"),
  graph: (id: string) => getJson<GraphResource>(at`/api/graph/${id}`),
  createGraph: (graph: Graph) => sendJson<GraphResource>("POST", "/api/graph", graph),
  deleteGraph: (id: string) => request(at`/api/graph/${id}`, { method: "DELETE" }),
  cloneGraph: (id: string) => sendJson<GraphResource>("POST", at`/api/graph/${id}/clone`),
  validate: (id: string) => sendJson<ProblemList>("POST", at`/api/graph/${id}/validate`),
  save: (id: string, label: string | null = null) =>
    sendJson<GraphResource>("POST", at`/api/graph/${id}/save`, { label }),
  versions: (id: string) => getJson<VersionList>(at`/api/graph/${id}/versions`),
  version: (id: string, version: number) => getJson<GraphResource>(at`/api/graph/${id}/versions/${String(version)}`),
  restore: (id: string, version: number) => sendJson<GraphResource>("POST", at`/api/graph/${id}/restore`, { version }),
  deploy: (id: string, options: DeployGraphRequest) =>
    sendJson<DeploymentResource>("POST", at`/api/graph/${id}/deploy`, options),
  plan: (graph: Graph) => sendJson<PlanResource>("POST", "/api/graph/plan", { graph }),

  publish: (id: string, options: PublishGraphRequest) =>
    sendJson<PublishedNodeResource>("POST", at`/api/graph/${id}/publish`, options),
  publishedGraph: (type: string) => getJson<PublishedNodeResource>(at`/api/nodes/${type}/graph`),

  execute: (id: string, options: ExecutionOptions) =>
    sendJson<ExecutionAccepted>("POST", at`/api/graph/${id}/execute`, { options }),
  executions: (graphId: string, limit = 30) =>
    getJson<ExecutionList>(`/api/execution?limit=${limit}&graph_id=${encodeURIComponent(graphId)}`),
  /** The very graph of an execution, as it was drawn. */
  executedGraph: (id: string) => getJson<ExecutedGraph>(at`/api/execution/${id}/graph`),
  /** The same as it ran: with subgraphs unfolded. */
  unfoldedGraph: (id: string) => getJson<ExecutedGraph>(at`/api/execution/${id}/graph?unfolded=true`),
  execution: (id: string) => getJson<ExecutionResource>(at`/api/execution/${id}`),
  cancel: (id: string) => sendJson<ExecutionResource>("POST", at`/api/execution/${id}/cancel`),

  queue: () => getJson<QueueResource>("/api/queue"),
  /** Puts a waiting execution just before another one. */
  moveBefore: (id: string, before: string) => sendJson<ExecutionResource>("PATCH", at`/api/queue/${id}`, { before }),
  pauseQueue: () => sendJson<QueueResource>("POST", "/api/queue/pause"),
  resumeQueue: () => sendJson<QueueResource>("POST", "/api/queue/resume"),

  /** A workflow of another program, or a picture that carries one, as a graph; nothing is stored. */
  convert: async (name: string, content: Uint8Array<ArrayBuffer>, isPng: boolean): Promise<ConvertedGraph> => {
    const headers = { "Content-Type": isPng ? "image/png" : "application/json" };
    const path = `/api/graph/import?name=${encodeURIComponent(name)}`;
    return parseLossless(
      await (await request(path, { method: "POST", headers, body: content })).text(),
    ) as ConvertedGraph;
  },

  upload: async (file: File): Promise<FileResource> => {
    const body = new FormData();
    body.append("file", file);
    return (await (await request("/api/file", { method: "POST", body })).json()) as FileResource;
  },
};

/** The address of an output; `format` as the API names them. */
export function outputUrl(execution: string, node: string, port: string): string {
  return at`/api/execution/${execution}/outputs/${node}/${port}`;
}
