// Something is moved on the canvas by a pointer. That is an attribute and no state: nothing is drawn again for it. While
// it is there, the style sheet lays a pane over the canvas, so that the browser need not look through all nodes for what
// is below the pointer each time that it moves.

/** Until the pointer is up, or `settled` is called; what is pressed next has to be what is seen there. */
export function moving(canvas: HTMLElement | null, what: "view" | "node"): void {
  if (!canvas || canvas.dataset.moving !== undefined) return;
  canvas.dataset.moving = what;
  const end = () => {
    settled(canvas);
    for (const event of ENDS) window.removeEventListener(event, end, true);
  };
  for (const event of ENDS) window.addEventListener(event, end, true);
}

const ENDS = ["pointerup", "pointercancel", "blur"] as const;

export function settled(canvas: HTMLElement | null): void {
  if (canvas) delete canvas.dataset.moving;
}
