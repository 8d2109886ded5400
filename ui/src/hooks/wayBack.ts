import { useCallback, useMemo, useRef } from "react";

const OVER_THE_PAGE = '[role="dialog"], [role="menu"]';

/** What of the page had the focus when the first of what lies over it now was opened. */
let left: HTMLElement | null = null;

function leavePage(): HTMLElement | null {
  const at = document.activeElement;
  // A dialog that a menu or another dialog opened leads back to where that one came from.
  if (!at?.closest(OVER_THE_PAGE)) left = at instanceof HTMLElement && at !== document.body ? at : null;
  return left;
}

/** For what opens over the page: gives the focus back to what had it, unless something else has taken it by then. */
export function useWayBack(open = true): (closing?: Event) => void {
  // As it opens: a moment later the dialog is gone from which it was opened, and the focus with it.
  const opened = useMemo(() => open && { from: leavePage() }, [open]);
  const way = useRef<HTMLElement | null>(null);
  if (opened) way.current = opened.from;
  return useCallback((closing) => {
    closing?.preventDefault();
    if (document.activeElement === document.body) way.current?.focus({ preventScroll: true });
  }, []);
}
