import { Download, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useRef, useState } from "react";
import { useUi } from "../../hooks/editor";
import { ui, type Viewed } from "../../store/ui";

/** A picture as large as the window, or two of them with a slider between. */
export function Viewer() {
  const viewed = useUi((state) => state.viewer);
  return (
    <Dialog.Root open={viewed !== null} onOpenChange={(open) => !open && ui.setState({ viewer: null })}>
      <Dialog.Portal>
        <Dialog.Overlay className="veil dark" />
        <Dialog.Content className="viewer" aria-describedby={undefined}>
          {viewed && <Content viewed={viewed} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
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
          if (event.key === "ArrowLeft") setAt(Math.max(at - 2, 0));
          if (event.key === "ArrowRight") setAt(Math.min(at + 2, 100));
        }}
      >
        <img src={other.url} alt={other.title} draggable={false} />
        <img src={one.url} alt={one.title} draggable={false} style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }} />
        <i style={{ left: `${at}%` }} />
      </div>
    </div>
  );
}
