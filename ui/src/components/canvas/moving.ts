// Something is moved on the canvas. That is an attribute and no state: nothing is drawn again for it. While it is there,
// the style sheet lays a pane over the canvas, so that the browser need not look through all nodes for what is below
// the pointer each time that it moves.

export function moving(canvas: HTMLElement | null, what: "view" | "node" | null): void {
  if (!canvas || canvas.dataset.moving === (what ?? undefined)) return;
  if (what === null) delete canvas.dataset.moving;
  else canvas.dataset.moving = what;
}
