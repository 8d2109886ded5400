import { Frame, Map as MapIcon, Maximize, Minus, Network, Plus } from "lucide-react";
import { useEditor } from "../../hooks/editor";
import { COMMANDS } from "../../store/commands";
import { IconButton } from "./TopBar";

/** Buttons on the canvas, for those who have no keyboard or do not know the keys. */
export function CanvasTools() {
  const editor = useEditor();
  const run = (command: string) => () => COMMANDS[command]?.(editor);
  return (
    <div className="canvas-tools" role="toolbar" aria-label="Canvas">
      <IconButton title="Add a node (Tab)" onClick={run("search")} icon={<Plus size={16} />} />
      <span className="tool-line" />
      <IconButton title="Zoom in (+)" onClick={run("zoom.in")} icon={<Plus size={15} />} />
      <IconButton title="Zoom out (−)" onClick={run("zoom.out")} icon={<Minus size={15} />} />
      <IconButton title="Fit the graph (F)" onClick={run("fit")} icon={<Maximize size={15} />} />
      <span className="tool-line" />
      <IconButton title="Lay out (Shift+L)" onClick={run("arrange")} icon={<Network size={15} />} />
      <IconButton title="Frame the selection (Ctrl+G)" onClick={run("group")} icon={<Frame size={15} />} />
      <IconButton title="Minimap (Alt+M)" onClick={run("minimap")} icon={<MapIcon size={15} />} />
    </div>
  );
}
