import { useEffect, useRef } from "react";
import type { ArenaMap } from "../../contract/api";
import { useTheme } from "../../hooks/theme";
import { bytes, label } from "../node/appearance";

const COLUMNS = 32;
const CELL_PX = 18;
/** What a cell holds, as the map counts it: in use, cached, free. */
const COLORS = ["--accent", "--cached", "--field"] as const;

/** Where blocks lie: a cell for so many bytes, in the order of the file; and the largest of them. */
export function ArenaPicture({ map }: { map: ArenaMap }) {
  const drawn = useRef<HTMLCanvasElement>(null);
  const rows = Math.max(1, Math.ceil(map.cells.length / COLUMNS));
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read when it is painted
  useEffect(() => {
    const context = drawn.current?.getContext("2d");
    if (context) draw(context, map);
  }, [map, theme]);
  return (
    <>
      <canvas
        ref={drawn}
        className="arena-map"
        width={COLUMNS * CELL_PX}
        height={rows * CELL_PX}
        role="img"
        aria-label={`Map of the arena: ${map.cells.length} cells of ${bytes(map.cell_bytes)}`}
      />
      <ul className="arena-blocks">
        {map.largest.slice(0, 5).map((block) => (
          <li key={block.offset}>
            <b>{bytes(block.size_bytes)}</b>
            <span>
              {label(block.state)}
              {block.shape && ` · ${block.dtype ?? ""} ${block.shape.join(" × ")}`}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function draw(context: CanvasRenderingContext2D, map: ArenaMap): void {
  const style = getComputedStyle(context.canvas);
  const colors = COLORS.map((name) => style.getPropertyValue(name));
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  for (const [index, cell] of map.cells.entries()) {
    const [x, y] = [(index % COLUMNS) * CELL_PX, Math.floor(index / COLUMNS) * CELL_PX];
    const whole = Math.max(
      cell.reduce((sum, count) => sum + count, 0),
      1,
    );
    let from = 0;
    for (const [kind, count] of cell.entries()) {
      // What holds anything at all is to be seen.
      const height = count === 0 ? 0 : Math.max(2, Math.round((count / whole) * (CELL_PX - 2)));
      context.fillStyle = colors[kind] ?? "";
      context.fillRect(x, y + from, CELL_PX - 2, Math.min(height, CELL_PX - 2 - from));
      from += height;
    }
  }
}
