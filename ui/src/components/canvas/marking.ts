// While a wire is drawn, every port says whether it may end there: an attribute on the elements that are there already,
// for drawing five hundred nodes again would make the wire stutter.

import type { End, Verdict } from "../../graph/connect";

type Judge = (node: string, port: string) => Verdict;

export function mark(canvas: HTMLElement, side: End["side"], color: string, judge: Judge): void {
  canvas.style.setProperty("--drawn", color);
  canvas.dataset.connecting = side === "source" ? "target" : "source";
  for (const port of canvas.querySelectorAll<HTMLElement>(`.port.${side}`)) {
    const { nodeid = "", handleid = "" } = port.dataset;
    port.dataset.fits = String(judge(nodeid, handleid).ok);
  }
  for (const node of canvas.querySelectorAll<HTMLElement>(".react-flow__node-node")) {
    node.dataset.fits = String(node.querySelector('.port[data-fits="true"]') !== null);
  }
}

export function unmark(canvas: HTMLElement): void {
  delete canvas.dataset.connecting;
  for (const element of canvas.querySelectorAll<HTMLElement>("[data-fits]")) delete element.dataset.fits;
}
