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
}

/** A place where edges begin or end. What it may be connected to is marked by `connecting.ts` while a wire is drawn. */
export const Port = memo(function Port({ name, type, side, list, required, connected, title }: PortProps) {
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
      style={{ "--port": typeColor(type) } as React.CSSProperties}
      title={title}
      role="img"
      aria-label={title}
    />
  );
});
