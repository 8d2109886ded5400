import { BaseEdge, type EdgeProps, getBezierPath, getSmoothStepPath, getStraightPath } from "@xyflow/react";
import { memo } from "react";
import { useCanvas, usePreferences } from "../../hooks/editor";
import type { FlowEdge } from "../../store/canvas";
import { typeColor } from "../node/appearance";

const PATHS = { curved: getBezierPath, straight: getStraightPath, stepped: getSmoothStepPath };

export const Wire = memo(function Wire(props: EdgeProps<FlowEdge>) {
  const style = usePreferences((state) => state.edges);
  const far = useCanvas((state) => state.far);
  const [path] = PATHS[style](props);
  const type = props.data?.type ?? "ANY";
  const list = type.startsWith("LIST[");
  return (
    <BaseEdge
      id={props.id}
      path={path}
      interactionWidth={far ? 0 : 18}
      className={list ? "wire wire-list" : "wire"}
      style={{ "--port": typeColor(type) } as React.CSSProperties}
    />
  );
});
