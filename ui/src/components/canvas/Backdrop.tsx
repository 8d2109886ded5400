import { useStoreApi } from "@xyflow/react";
import { memo, useLayoutEffect, useRef } from "react";

/** Dots lie no closer than that on the screen: zoomed out, every second, fourth, … one is left. */
const CLOSEST = 12;

/**
 * The dots of the grid: a small picture that repeats. React Flow's own is a pattern, which its component makes anew in
 * each frame. It is no layer of its own, for then the nodes above it would be sorted into layers one by one.
 */
export const Backdrop = memo(function Backdrop({ gap }: { gap: number }) {
  const store = useStoreApi();
  const dots = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const shift = () => {
      if (!dots.current) return;
      const [x, y, zoom] = store.getState().transform;
      const apart = gap * zoom * 2 ** Math.max(0, Math.ceil(Math.log2(CLOSEST / (gap * zoom))));
      // The picture has its dot in the middle.
      dots.current.style.backgroundPosition = `${x - apart / 2}px ${y - apart / 2}px`;
      dots.current.style.backgroundSize = `${apart}px ${apart}px`;
    };
    shift();
    return store.subscribe(shift);
  }, [store, gap]);
  return <div ref={dots} className="dots" aria-hidden="true" />;
});
