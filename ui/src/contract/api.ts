// Made by scripts/gen-ui-types from the OpenAPI document. Do not edit.

/** One block of the arena. */
export interface ArenaBlock {
  offset: number;
  generation: number;
  size_bytes: number;
  state: string;
  dtype: string | null;
  shape: number[] | null;
  holders: number;
  readers: number;
  uses: number;
}

/** Where blocks lie, in cells of equal length. */
export interface ArenaMap {
  cell_bytes: number;
  cells: number[][];
  largest: ArenaBlock[];
}

/** Statistics of the shared-memory arena; hosts may tell more. */
export interface ArenaResource {
  path?: string | null;
  capacity_bytes: number;
  budget_bytes?: number | null;
  reserved_bytes?: number | null;
  warm_bytes?: number | null;
  cold_bytes?: number | null;
  in_use_bytes: number;
  cached_bytes?: number | null;
  pinned_bytes?: number | null;
  free_bytes?: number | null;
  largest_free_bytes?: number | null;
  fragmentation?: number | null;
  blocks?: number | null;
  leases?: number | null;
  keys?: number | null;
  hits?: number | null;
  misses?: number | null;
  hit_rate?: number | null;
  hit_bytes?: number | null;
  evictions?: number | null;
  evicted_bytes?: number | null;
  granted_bytes?: number | null;
  condemned?: number | null;
  map?: ArenaMap | null;
  [more: string]: unknown;
}

/** Inclusive limits; null where there is none. `step` is for widgets only. */
export interface Bounds {
  min?: number | null;
  max?: number | null;
  step?: number | null;
}

/** One change: an event's type, and what is needed to repeat it. */
export interface ChangeResource {
  event_type: string;
  payload: Record<string, unknown>;
}

/** The copy's name; null for the original's with "(copy)". */
export interface CloneRequest {
  name?: string | null;
}

/** A graph made of a foreign workflow, and what of that it does not hold. `placeholders` counts nodes of the type `comfyui.…`, which keep the values and edges of those that have no counterpart here. */
export interface ConvertedGraph {
  graph: Record<string, unknown>;
  taken: number;
  placeholders: number;
  problems: ProblemResource[];
}

/** How often `debug.count` has really run with the tag. */
export interface DebugCount {
  tag: string;
  count: number;
}

/** How to publish a graph; see `core.contracts.DeployRequest`. */
export interface DeployGraphRequest {
  name?: string | null;
  pool?: string | null;
  cron?: string | null;
  interval_s?: number | null;
  timezone?: string | null;
  parameters?: Record<string, unknown>;
  tags?: string[];
  concurrency_limit?: number | null;
  paused?: boolean;
}

/** A Prefect deployment; `parameters` is the JSON schema of its form. */
export interface DeploymentResource {
  deployment_id: string;
  name: string;
  url: string;
  pool: string;
  parameters: Record<string, unknown>;
}

/** A value's way from an output to an input or a parameter. */
export interface Edge {
  source: Endpoint;
  target: Endpoint;
}

/** One end of an edge; as a target, `port` names an input or a parameter. */
export interface Endpoint {
  node: string;
  port: string;
}

/** Every answer with a status of 400 or more. */
export interface ErrorAnswer {
  error: ErrorDetail;
}

/** A failure: a stable code, and what to do about it. */
export interface ErrorDetail {
  code: string;
  message: string;
  hint: string;
  problems: ProblemResource[];
  node_id: string | null;
  traceback: string | null;
}

/** Events in order; `next` is the `after` of the page that follows, null on the last. */
export interface EventList {
  events: EventResource[];
  next: number | null;
}

/** An event of the log. */
export interface EventResource {
  event_id: string;
  sequence_number: number;
  trace_id: string | null;
  span_id: string | null;
  event_type: string;
  aggregate_type: string;
  aggregate_id: string;
  payload: Record<string, unknown>;
  metadata: Record<string, unknown>;
  created_at: string;
}

/** Execute the graph that the body names. */
export interface ExecuteGraphRequest {
  options?: ExecutionOptions | null;
  graph_id: string;
}

/** Execute the graph that the address names. */
export interface ExecuteRequest {
  options?: ExecutionOptions | null;
}

/** The graph of an execution, as it was drawn or as it ran, its inputs applied. */
export interface ExecutedGraph {
  graph: Record<string, unknown>;
}

/** The execution waits for its turn, or is the one that an idempotency key named. */
export interface ExecutionAccepted {
  execution_id: string;
  status: ExecutionStatus;
}

/** A page of executions, newest first; `next` is the `before` of the page that follows. */
export interface ExecutionList {
  executions: ExecutionResource[];
  next: string | null;
}

/** How to execute a graph; see `service.executions.Options`. */
export interface ExecutionOptions {
  targets?: string[] | null;
  nodes?: string[] | null;
  inputs?: Record<string, unknown>;
  force?: boolean;
  priority?: number;
  not_before?: string | null;
  idempotency_key?: string | null;
}

/** An execution. */
export interface ExecutionResource {
  id: string;
  graph_id: string;
  graph_hash: string;
  drawn_hash: string;
  status: ExecutionStatus;
  priority: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  flow_run_id: string | null;
  prefect_url: string | null;
  nodes: Record<string, NodeResource>;
  outputs: Record<string, OutputResource>;
  error: Record<string, unknown> | null;
}

/** Status of an execution. */
export type ExecutionStatus = "queued" | "running" | "paused" | "completed" | "failed" | "cancelled" | "crashed";

/** A parameter that callers of the graph may set under `name`, or an input that they may connect. The latter is possible where the graph stands in another one, as a node. */
export interface ExposedInput {
  name: string;
  node: string;
  param: string;
}

/** An output port that callers of the graph receive under `name`. */
export interface ExposedOutput {
  name: string;
  node: string;
  port: string;
}

/** An uploaded file; `path` is what a node's PATH parameter takes. */
export interface FileResource {
  sha256: string;
  size_bytes: number;
  name: string | null;
  media_type: string;
  path: string;
  url: string;
}

/** A graph. The order of edges matters only among those into one list port. Parameters are shared with the document that was parsed, not copied: treat both as values. */
export interface Graph {
  schema?: "vortex.graph/1";
  id?: string | null;
  name?: string;
  nodes?: Record<string, Node>;
  edges?: Edge[];
  inputs?: ExposedInput[];
  outputs?: ExposedOutput[];
  groups?: Group[];
  notes?: Note[];
}

/** A page of graphs; `next` is the `before` of the page that follows, null on the last. */
export interface GraphList {
  graphs: GraphSummary[];
  next: string | null;
}

/** A graph with its GraphDSL document. */
export interface GraphResource {
  id: string;
  name: string;
  version: number;
  created_at: string;
  updated_at: string;
  nodes: number;
  graph: Record<string, unknown>;
}

/** A graph without its document; `version` counts its changes from 1, `nodes` its nodes. */
export interface GraphSummary {
  id: string;
  name: string;
  version: number;
  created_at: string;
  updated_at: string;
  nodes: number;
}

/** A titled frame on the canvas; the nodes that lie inside belong to it. */
export interface Group {
  id: string;
  title?: string;
  position?: Position;
  size?: Size;
  color?: string | null;
}

/** A port that takes tensors or values from other nodes. */
export interface InputSpec {
  name: string;
  type: string;
  required: boolean;
  list: boolean;
  lazy: boolean;
  when?: [string, unknown] | null;
  partial: boolean;
  doc: string;
}

/** A code for one login; `path` is where a browser uses it. */
export interface LoginCode {
  code: string;
  path: string;
  expires_in_s: number;
}

/** What logs a browser in: a token, or a code that a token's owner asked for. */
export interface LoginRequest {
  token?: string | null;
  code?: string | null;
}

/** One node. A parameter that `params` lacks has its declared default. */
export interface Node {
  type: string;
  params?: Record<string, unknown>;
  position?: Position;
  title?: string | null;
  mode?: "active" | "muted" | "bypassed";
  retries?: number;
  retry_delay_s?: number | null;
  retry_jitter_factor?: number | null;
  timeout_s?: number | null;
  tags?: string[];
  max_parallel?: number | null;
}

/** A node's state within an execution; `progress` in percent. */
export interface NodeResource {
  state: NodeState;
  progress: number;
  attempt: number;
  cached: boolean;
  worker_id: string | null;
  why: string | null;
  error: Record<string, unknown> | null;
  items?: Record<string, number> | null;
  item_errors: Record<string, unknown>[];
}

/** One node type, `pack.name`. `version` is part of every content key. */
export interface NodeSpec {
  type: string;
  version: number;
  revision: string;
  title: string;
  category: string;
  doc: string;
  inputs: InputSpec[];
  params: ParamSpec[];
  outputs: OutputSpec[];
  volatile: boolean;
  fingerprint: boolean;
  takes_graph: boolean;
  files: string[];
  device?: "cpu" | "cuda" | null;
  graph?: string | null;
  hidden: boolean;
  instance?: string[] | null;
}

/** State of a node within an execution. */
export type NodeState = "pending" | "running" | "retrying" | "cached" | "completed" | "failed" | "skipped" | "cancelled";

/** The catalogue. */
export interface NodeTypes {
  types: NodeSpec[];
}

/** What differs in the catalogue now: node types. */
export interface NodesReloaded {
  digest: string;
  added: string[];
  removed: string[];
  changed: string[];
}

/** Text on the canvas, for people (Markdown). */
export interface Note {
  id: string;
  text?: string;
  position?: Position;
  size?: Size;
  color?: string | null;
}

/** An output. A tensor has `shape` and `dtype` (torch's name) instead of `value`; a list that holds any, or of which items failed, has `items`. */
export interface OutputResource {
  node: string;
  port: string;
  type: string;
  url: string;
  value?: unknown;
  items?: (Record<string, unknown> | null)[] | null;
  shape?: number[] | null;
  dtype?: string | null;
}

/** A port that gives a tensor or a value. */
export interface OutputSpec {
  name: string;
  type: string;
  doc: string;
  source?: [string, string] | null;
}

/** A pack, and why it cannot be used. */
export interface PackFaultText {
  pack: string;
  message: string;
}

/** A value that the user sets; an edge into a port of the same name overrides it. */
export interface ParamSpec {
  name: string;
  type: "FLOAT" | "INT" | "BOOL" | "STRING" | "JSON" | "PATH";
  default?: unknown;
  required: boolean;
  bounds?: Bounds | null;
  unit?: string | null;
  choices?: string[] | null;
  widget?: string | null;
  doc: string;
}

/** Whether an output is kept in the arena, however long nobody asks for it. */
export interface PinResource {
  pinned: boolean;
}

/** A graph to plan, stored or not; nothing of it runs. */
export interface PlanRequest {
  graph: Record<string, unknown>;
  targets?: string[] | null;
  force?: boolean;
}

/** What would run now, in order, and why; `counts` has each state, levels and segments. */
export interface PlanResource {
  nodes: PlannedNode[];
  levels: string[][];
  segments: string[][];
  critical_path: string[];
  outputs: Record<string, string>;
  memory: Record<string, unknown>;
  counts: Record<string, number>;
}

/** What happens to a node; `what` is for people. Skipped nodes have no level and no segment. */
export interface PlannedNode {
  id: string;
  type: string;
  state: "dirty" | "cached" | "unneeded" | "skipped";
  what: string;
  level: number | null;
  segment: number | null;
  key: string | null;
}

/** Upper left corner on the canvas, in CSS pixels at zoom 1. */
export interface Position {
  x?: number;
  y?: number;
}

/** Another priority (higher goes first), or the waiting execution to go just before, with its priority. */
export interface PriorityRequest {
  priority?: number | null;
  before?: string | null;
}

/** Everything that keeps a graph from running; `valid` if that is nothing. */
export interface ProblemList {
  valid: boolean;
  problems: ProblemResource[];
}

/** One thing that is wrong, and where (`path` is a JSON pointer). */
export interface ProblemResource {
  code: string;
  message: string;
  node_id: string | null;
  port: string | null;
  path: string | null;
  hint: string;
}

/** How the node type is to look; see `service.publishing.PublishRequest`. */
export interface PublishGraphRequest {
  name?: string | null;
  title?: string | null;
  category?: string | null;
  doc?: string | null;
}

/** A version of a published graph: what it declares, and the graph that stands behind it. */
export interface PublishedNodeResource {
  type: string;
  name: string;
  version: number;
  graph_id: string;
  graph_version: number;
  published_at: string;
  withdrawn: boolean;
  spec: NodeSpec;
  graph: Record<string, unknown>;
}

/** An execution in the queue. */
export interface QueueEntry {
  execution_id: string;
  graph_id: string;
  priority: number;
  created_at: string;
  user: string;
  not_before: string | null;
}

/** The queue; `waiting` in the order of their turn. */
export interface QueueResource {
  paused: boolean;
  concurrency: number;
  limit: number;
  running: QueueEntry[];
  waiting: QueueEntry[];
}

/** That packs have changed; or, with `fault`, that one of them cannot be used, so that all stays as it is. */
export interface ReloadRequest {
  fault?: PackFaultText | null;
}

/** The version to go back to. */
export interface RestoreRequest {
  version: number;
}

/** Whether only to say what would be removed. */
export interface RetentionRequest {
  dry_run?: boolean;
}

/** What was removed, or would be: places in the queue, executions, folders of outputs and their bytes. */
export interface RetentionResource {
  dry_run: boolean;
  queue_entries: number;
  executions: number;
  outputs: number;
  outputs_bytes: number;
}

/** What the version is to be called; null for no name. */
export interface SaveRequest {
  label?: string | null;
}

/** Somebody saved this version; `name` is the graph's at that time, `label` what he called the version. */
export interface SavedMark {
  at: string;
  user: string | null;
  name: string | null;
  label: string | null;
}

/** What a token allows. Who may edit or execute may read; `admin` may do everything. */
export type Scope = "read" | "edit" | "execute" | "admin";

/** Who is asking; `user` is null for somebody who has not said so. */
export interface SessionResource {
  required: boolean;
  user: string | null;
  scopes: Scope[];
  csrf_token: string | null;
}

/** Extent on the canvas, in CSS pixels at zoom 1. */
export interface Size {
  width?: number;
  height?: number;
}

/** Where the other parts of the stack are; null while unknown. */
export interface StackResource {
  prefect_ui: string | null;
  dask_dashboard: string | null;
}

/** All is well. */
export interface StatusResource {
  status: string;
}

/** A new token, with the secret that is told this once. */
export interface TokenCreated {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  secret: string;
}

/** All tokens that can be revoked. */
export interface TokenList {
  tokens: TokenResource[];
}

/** A token to make; without `expires_in_s` it lasts until it is revoked. */
export interface TokenRequest {
  name: string;
  scopes: Scope[];
  expires_in_s?: number | null;
}

/** A token without its secret. */
export interface TokenResource {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
}

/** An output as JSON; a list whose items are no JSON, or of which some failed, has `items` in place of `value`. */
export interface ValueResource {
  type: string;
  value?: unknown;
  items?: (Record<string, unknown> | null)[] | null;
}

/** What turns the version `since` into `version`, in order. */
export interface VersionChanges {
  since: number;
  version: number;
  changes: ChangeResource[];
}

/** A page of versions, newest first; `next` is the `before` of the page that follows, null on the last. */
export interface VersionList {
  versions: VersionResource[];
  next: string | null;
}

/** A version of a graph: `changes` is event type → how many, `restored` the version that it brought back. */
export interface VersionResource {
  version: number;
  at: string;
  user: string | null;
  changes: Record<string, number>;
  nodes: number;
  restored: number | null;
  saved: SavedMark | null;
}

/** The GPU workers of all hosts. */
export interface WorkerList {
  workers: WorkerResource[];
}

/** A GPU worker. Hosts tell more of it than this; what is there depends on their release. */
export interface WorkerResource {
  id: string;
  pid: number | null;
  host: string;
  device: string | null;
  state: string;
  job: string | null;
  restarts: number;
  environment?: string | null;
  [more: string]: unknown;
}
