import { BaseEdge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { usePreferences } from "../../hooks/editor";
import type { FlowEdge } from "../../store/canvas";
import { typeColor } from "../node/appearance";
import { PATHS } from "./paths";

export const Wire = memo(function Wire(props: EdgeProps<FlowEdge>) {
  const style = usePreferences((state) => state.edges);
  const [path] = PATHS[style](props);
  const type = props.data?.type ?? "ANY";
  return (
    <BaseEdge
      id={props.id}
      path={path}
      interactionWidth={18}
      className={wireClass(type)}
      style={{ "--port": typeColor(type) } as React.CSSProperties}
    />
  );
});

export const wireClass = (type: string) => (type.startsWith("LIST[") ? "wire wire-list" : "wire");
