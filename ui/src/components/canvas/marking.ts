// While a wire is drawn, every port says whether it may end there: an attribute on the elements that are there already,
// for drawing five hundred nodes again would make the wire stutter.

import type { End, Verdict } from "../../graph/connect";

type Judge = (node: string, port: string) => Verdict;

/**
 * Marks the ports that are on the page, and those that come while the wire is drawn: the view moves along, and a plain
 * node has ports once the pointer is on it.
 *
 * Returns:
 *     What takes all marks off again.
 */
export function mark(canvas: HTMLElement, side: End["side"], color: string, judge: Judge): () => void {
  canvas.style.setProperty("--drawn", color);
  canvas.dataset.connecting = side === "source" ? "target" : "source";
  for (const node of canvas.querySelectorAll<HTMLElement>(NODE)) markNode(node, side, judge);
  const observer = new MutationObserver((records) => {
    const changed = new Set(
      records.flatMap(({ target, addedNodes }) => [nodeOf(target), ...[...addedNodes].map(nodeOf)]),
    );
    for (const node of changed) if (node) markNode(node, side, judge);
  });
  observer.observe(canvas, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    delete canvas.dataset.connecting;
    for (const element of canvas.querySelectorAll<HTMLElement>("[data-fits]")) delete element.dataset.fits;
  };
}

const NODE = ".react-flow__node-node";

const nodeOf = (part: Node) => (part instanceof Element ? part.closest<HTMLElement>(NODE) : null);

function markNode(node: HTMLElement, side: End["side"], judge: Judge): void {
  let fits = false;
  for (const port of node.querySelectorAll<HTMLElement>(`.port.${side}`)) {
    const { nodeid = "", handleid = "" } = port.dataset;
    const { ok } = judge(nodeid, handleid);
    port.dataset.fits = String(ok);
    fits ||= ok;
  }
  node.dataset.fits = String(fits);
}
