import { Position } from "@xyflow/react";
import { memo, useState } from "react";
import type { NodeSpec } from "../../contract/api";
import type { NodeView } from "../../graph/model";
import { anatomyOf, BORDER, COLLAPSED_Y, HALF_PORT, HEAD, type PortPlace } from "./anatomy";
import { label, typeColor } from "./appearance";
import { Port } from "./Port";

interface PlainProps {
  node: NodeView;
  spec: NodeSpec;
}

/**
 * A node's body without its fields: an empty box with marks where the ports are. A canvas of hundreds of nodes costs
 * what its elements cost, and those that are positioned cost most: the browser keeps a node that has some as a picture
 * of its own. A port that can be taken also listens to all that happens, so there are some only below the pointer.
 */
export const PlainBody = memo(function PlainBody({ node, spec, live }: PlainProps & { live: boolean }) {
  const { bodyHeight, ports } = anatomyOf(spec);
  const places = node.collapsed ? ports.map((port) => ({ ...port, y: COLLAPSED_Y })) : ports;
  if (live) {
    return (
      <>
        <div className="node-body" style={{ height: node.collapsed ? 0 : bodyHeight }} />
        {places.map((port) => (
          <LivePort key={`${port.side} ${port.name}`} port={port} />
        ))}
      </>
    );
  }
  return (
    <div className="node-body" style={{ height: node.collapsed ? 0 : bodyHeight }}>
      <Marks node={node.id} ports={places.filter(({ side }) => side === "target")} />
      <Marks node={node.id} ports={places.filter(({ side }) => side === "source")} />
    </div>
  );
});

/** While the pointer is on a plain node. */
export function useLive() {
  const [live, setLive] = useState(false);
  return { live, pointer: { onPointerEnter: () => setLive(true), onPointerLeave: () => setLive(false) } };
}

/** What React Flow measures as handles, without being any. */
function Marks({ node, ports }: { node: string; ports: readonly PortPlace[] }) {
  let above = HEAD;
  return (
    <div className="marks">
      {ports.map(({ name, type, side, param, list, y }) => {
        const marginTop = y - HALF_PORT - above;
        above = y + HALF_PORT;
        return (
          <div
            key={name}
            className={`port mark ${side}`}
            data-handleid={name}
            data-nodeid={node}
            data-handlepos={side === "source" ? Position.Right : Position.Left}
            data-param={param || undefined}
            data-shape={list || type.startsWith("LIST[") ? "square" : "round"}
            style={{ marginTop, "--port": typeColor(type) } as React.CSSProperties}
          />
        );
      })}
    </div>
  );
}

function LivePort({ port: { name, type, side, list, y } }: { port: PortPlace }) {
  return <Port name={name} type={type} side={side} list={list} title={`${label(name)}: ${type}`} y={y + BORDER} />;
}
