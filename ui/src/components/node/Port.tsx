import { Handle, Position } from "@xyflow/react";
import { memo } from "react";
import { typeColor } from "./appearance";

interface PortProps {
  name: string;
  type: string;
  side: "source" | "target";
  list?: boolean;
  required?: boolean;
  connected?: boolean;
  title: string;
  /** The middle of the port from the node's upper edge, where it does not stand in a row. */
  y?: number;
}

/** A place where edges begin or end. What it may be connected to is marked by `canvas/marking` while a wire is drawn. */
export const Port = memo(function Port({ name, type, side, list, required, connected, title, y }: PortProps) {
  const shape = list || type.startsWith("LIST[") ? "square" : "round";
  return (
    <Handle
      id={name}
      type={side}
      position={side === "source" ? Position.Right : Position.Left}
      className="port"
      data-shape={shape}
      data-connected={connected}
      data-required={required}
      style={{ top: y, "--port": typeColor(type) } as React.CSSProperties}
      title={title}
      role="img"
      aria-label={title}
    />
  );
});
