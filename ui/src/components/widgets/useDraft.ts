import { useState } from "react";

/**
 * Text that is being typed: while the field has the focus it is the person's own, whatever others write meanwhile; then
 * it is the graph's again.
 */
export function useDraft(value: string) {
  const [draft, setDraft] = useState<string | null>(null);
  return {
    text: draft ?? value,
    type: setDraft,
    begin: () => setDraft(value),
    end: () => setDraft(null),
  };
}
