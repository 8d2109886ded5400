import type { NodeProps } from "@xyflow/react";
import { Ban, Boxes, ChevronDown, ChevronRight, CircleSlash2, Pin } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import type { NodeSpec } from "../../contract/api";
import type { NodeView } from "../../graph/model";
import { updateOf } from "../../graph/versions";
import { useEditor, useFull, useNodeProblems, useNodeState, useUi } from "../../hooks/editor";
import type { FlowNode } from "../../store/canvas";
import { openSubgraph, updateSubgraph } from "../../store/subgraphs";
import { ui } from "../../store/ui";
import { hueOf, iconOf } from "./appearance";
import { CollapsedPorts, NodeBody } from "./NodeBody";
import { NodePreview, NodeState, RunMark } from "./NodeState";
import { NodeValue } from "./NodeValue";
import { PlainBody, useLive } from "./PlainNode";
import { UnknownBody } from "./UnknownBody";

type Props = NodeProps<Extract<FlowNode, { type?: "node" }>>;

/**
 * Drawn again only when the node is another one: not when it is moved, nor when the view is. Whether it is drawn with
 * its fields or plainly is told to it alone.
 */
export const GraphNode = memo(
  function GraphNode({ data: { node } }: Props) {
    const editor = useEditor();
    const full = useFull(node.id);
    const state = useNodeState(node.id);
    const { live, pointer } = useLive();
    const spec = editor.catalogue.get(node.type);
    const title = node.title ?? spec?.title ?? node.type;
    const plain = !full && spec !== undefined;
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: Enter does the same from the keyboard
      <div
        className={plain ? "node plain" : "node"}
        data-node={node.id}
        data-mode={node.mode}
        data-collapsed={node.collapsed}
        data-unknown={!spec}
        data-run={plain ? state : undefined}
        style={{ "--hue": hueOf(spec) } as React.CSSProperties}
        data-subgraph={Boolean(spec?.graph)}
        {...pointer}
        onDoubleClick={(event) => {
          event.stopPropagation(); // on the canvas it means to add a node
          if (spec?.graph && !(event.target as Element).closest("input, textarea, button, select, .param-row")) {
            void openSubgraph(editor, node.id);
          }
        }}
      >
        {!plain && <RunMark id={node.id} />}
        <NodeHead node={node} spec={spec} title={title} plain={plain} />
        {plain ? <PlainBody node={node} spec={spec} live={live} /> : <FullBody node={node} spec={spec} />}
        {!node.collapsed && <NodePreview id={node.id} title={title} />}
        {!plain && spec && !node.collapsed && <NodeValue id={node.id} spec={spec} />}
        {!plain && spec?.graph && <SubgraphFoot node={node} spec={spec} />}
        {!plain && <NodeState id={node.id} />}
        <NodeProblems id={node.id} />
      </div>
    );
  },
  (before, after) => before.data === after.data,
);

function FullBody({ node, spec }: { node: NodeView; spec: NodeSpec | undefined }) {
  if (!spec) return <UnknownBody id={node.id} params={node.params} />;
  return node.collapsed ? <CollapsedPorts spec={spec} /> : <NodeBody node={node} spec={spec} />;
}

interface HeadProps {
  node: NodeView;
  spec: NodeSpec | undefined;
  title: string;
  plain: boolean;
}

function NodeHead({ node, spec, title, plain }: HeadProps) {
  const Icon = iconOf(spec);
  return (
    <div className="node-head" title={spec ? `${node.type}: ${spec.doc}` : node.type}>
      {!plain && <Fold node={node} />}
      {!plain && <Icon size={14} className="node-icon" aria-hidden="true" />}
      <NodeTitle node={node} title={title} plain={plain} />
      {node.pinned && <Pin size={13} aria-label="Pinned" />}
      {node.mode === "muted" && <Ban size={13} aria-label="Muted" />}
      {node.mode === "bypassed" && <CircleSlash2 size={13} aria-label="Bypassed" />}
    </div>
  );
}

function Fold({ node }: { node: NodeView }) {
  const editor = useEditor();
  const Chevron = node.collapsed ? ChevronRight : ChevronDown;
  return (
    <button
      type="button"
      className="node-fold nodrag"
      aria-label={node.collapsed ? "Expand" : "Collapse"}
      aria-expanded={!node.collapsed}
      onClick={() => editor.edit([{ op: "node.set", id: node.id, fields: { collapsed: !node.collapsed } }])}
    >
      <Chevron size={13} />
    </button>
  );
}

/** So many letters of a title fit when they are as large as they are from far away. */
const FITTING = 18;

function NodeTitle({ node, title, plain }: { node: NodeView; title: string; plain: boolean }) {
  const editor = useEditor();
  const renaming = useUi((state) => state.renaming === node.id);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (renaming) field.current?.select();
  }, [renaming]);
  const end = (text: string | null) => {
    ui.setState({ renaming: null });
    if (text === null || text.trim() === title) return;
    editor.edit([{ op: "node.set", id: node.id, fields: { title: text.trim() || null } }]);
  };
  if (!renaming) {
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: F2 does the same from the keyboard
      <span
        className="node-title"
        onDoubleClick={() => !editor.catalogue.get(node.type)?.graph && ui.setState({ renaming: node.id })}
      >
        {plain && title.length > FITTING ? `${title.slice(0, FITTING)}…` : title}
      </span>
    );
  }
  return (
    <input
      ref={field}
      className="node-rename nodrag"
      aria-label="Name of the node"
      defaultValue={title}
      onBlur={(event) => end(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") end(null);
      }}
    />
  );
}

/** Which version of a published graph it is, and a newer one where there is one. */
function SubgraphFoot({ node, spec }: { node: NodeView; spec: NodeSpec }) {
  const editor = useEditor();
  const newer = updateOf(editor.catalogue, node.type);
  return (
    <div className="node-subgraph">
      <button
        type="button"
        className="node-open nodrag"
        title="Open the subgraph"
        onClick={() => void openSubgraph(editor, node.id)}
      >
        <Boxes size={12} aria-hidden="true" /> Version {spec.version}
      </button>
      {newer && (
        <button type="button" className="node-update nodrag" onClick={() => void updateSubgraph(editor, node.id)}>
          Update to {newer.split("@")[1]}
        </button>
      )}
    </div>
  );
}

function NodeProblems({ id }: { id: string }) {
  const problems = useNodeProblems(id);
  const [first] = problems;
  if (!first) return null;
  const all = problems.map((problem) => `${problem.code} ${problem.message}. ${problem.hint}`).join("\n");
  return (
    <div className="node-problem" title={all} role="note">
      <b>{first.code}</b> {first.message}
      {problems.length > 1 && <span> +{problems.length - 1}</span>}
    </div>
  );
}
