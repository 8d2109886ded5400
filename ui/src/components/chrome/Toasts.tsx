import { X } from "lucide-react";
import { useUi } from "../../hooks/editor";
import { unsay } from "../../store/ui";

export function Toasts() {
  const toasts = useUi((state) => state.toasts);
  return (
    <div className="toasts" role="log" aria-live="polite">
      {toasts.map(({ id, kind, title, text }) => (
        <div key={id} className="toast" data-kind={kind} role={kind === "error" ? "alert" : undefined}>
          <div>
            <b>{title}</b>
            {text && <p>{text}</p>}
          </div>
          <button type="button" className="icon-button" aria-label="Close" onClick={() => unsay(id)}>
            <X size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
