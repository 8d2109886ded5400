import { Download, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useRef, useState } from "react";
import { useUi } from "../../hooks/editor";
import { ui, type Viewed } from "../../store/ui";
import { Overlay } from "./Overlay";

/** A picture as large as the window, or two of them with a slider between. */
export function Viewer() {
  const viewed = useUi((state) => state.viewer);
  return (
    <Overlay open={viewed !== null} onClose={() => ui.setState({ viewer: null })} className="viewer" dark>
      {viewed && <Content viewed={viewed} />}
    </Overlay>
  );
}

function Content({ viewed }: { viewed: Viewed }) {
  const { url, title, other } = viewed;
  return (
    <>
      <header>
        <Dialog.Title>{other ? `${title} and ${other.title}` : title}</Dialog.Title>
        <a className="icon-button" href={url} download={title} aria-label="Download" title="Download">
          <Download size={16} />
        </a>
        <Dialog.Close className="icon-button" aria-label="Close">
          <X size={18} />
        </Dialog.Close>
      </header>
      {other ? <Compared one={viewed} other={other} /> : <Zoomable url={url} title={title} />}
    </>
  );
}

function Zoomable({ url, title }: { url: string; title: string }) {
  const [real, setReal] = useState(false);
  return (
    <button
      type="button"
      className="viewer-picture"
      data-real={real}
      title={real ? "Fit" : "Real size"}
      onClick={() => setReal(!real)}
    >
      <img src={url} alt={title} />
    </button>
  );
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -2,
  ArrowDown: -2,
  ArrowRight: 2,
  ArrowUp: 2,
  PageDown: -10,
  PageUp: 10,
};

/** Where a key moves the slider from `at`; null: it is no key of sliders. */
function moved(at: number, key: string): number | null {
  if (key === "Home") return 0;
  if (key === "End") return 100;
  const by = STEPS[key];
  return by === undefined ? null : Math.min(Math.max(at + by, 0), 100);
}

function Compared({ one, other }: { one: { url: string; title: string }; other: { url: string; title: string } }) {
  const [at, setAt] = useState(50);
  const area = useRef<HTMLDivElement>(null);
  const move = (event: React.PointerEvent) => {
    const box = area.current!.getBoundingClientRect();
    setAt(Math.min(Math.max(((event.clientX - box.x) / box.width) * 100, 0), 100));
  };
  return (
    <div className="compared">
      <div
        ref={area}
        className="compared-area"
        role="slider"
        tabIndex={0}
        aria-label="Where the first picture ends"
        aria-valuenow={Math.round(at)}
        aria-valuemin={0}
        aria-valuemax={100}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          move(event);
        }}
        onPointerMove={(event) => event.buttons === 1 && move(event)}
        onKeyDown={(event) => {
          const to = moved(at, event.key);
          if (to === null) return;
          event.preventDefault();
          setAt(to);
        }}
      >
        <img src={other.url} alt={other.title} draggable={false} />
        <img src={one.url} alt={one.title} draggable={false} style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }} />
        <i style={{ left: `${at}%` }} />
      </div>
    </div>
  );
}
