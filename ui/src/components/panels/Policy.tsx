import type { NodeFields, NodeView } from "../../graph/model";
import { useDraft } from "../widgets/useDraft";

type Setter = (fields: Partial<Omit<NodeFields, "type">>) => void;

interface Limit {
  name: "retries" | "retry_delay_s" | "retry_jitter_factor" | "timeout_s" | "max_parallel";
  title: string;
  doc: string;
  whole: boolean;
  /** The least that may be given; null where nothing has to be given. */
  least: number;
  most: number;
}

const LIMITS: readonly Limit[] = [
  { name: "retries", title: "Retries", doc: "Attempts after the first", whole: true, least: 0, most: 100 },
  { name: "retry_delay_s", title: "Delay, s", doc: "Between two attempts", whole: false, least: 0, most: 86_400 },
  {
    name: "retry_jitter_factor",
    title: "Jitter",
    doc: "Spreads the delay: 0.5 is half as long again",
    whole: false,
    least: 0,
    most: 10,
  },
  {
    name: "timeout_s",
    title: "Time-out, s",
    doc: "An attempt that takes longer is stopped",
    whole: false,
    least: 0.001,
    most: 1e7,
  },
  { name: "max_parallel", title: "In parallel", doc: "Items of a list at once", whole: true, least: 1, most: 10_000 },
];

/** How a node is run: what Prefect does when it fails or hangs. */
export function Policy({ node, set }: { node: NodeView; set: Setter }) {
  const { text, type, begin, end } = useDraft(node.tags.join(", "));
  return (
    <section>
      <h2>Retries and limits</h2>
      <div className="policy">
        {LIMITS.map((limit) => (
          <PolicyField key={limit.name} limit={limit} value={node[limit.name]} set={set} />
        ))}
        <label className="policy-wide" title="For people, and for limits on how many nodes with one tag run at once">
          <span>Tags</span>
          <input
            value={text}
            onFocus={begin}
            onChange={(event) => type(event.target.value)}
            onKeyDown={(event) => event.stopPropagation()}
            onBlur={() => {
              const tags = text
                .split(",")
                .map((tag) => tag.trim())
                .filter(Boolean);
              if (tags.join() !== node.tags.join()) set({ tags });
              end();
            }}
          />
        </label>
      </div>
    </section>
  );
}

function PolicyField({ limit, value, set }: { limit: Limit; value: number | null; set: Setter }) {
  const { text, type, begin, end } = useDraft(value === null ? "" : String(value));
  const commit = () => {
    const number = text.trim() === "" ? null : Number(text);
    end();
    if (number === value || Number.isNaN(number)) return;
    const whole = number !== null && limit.whole ? Math.round(number) : number;
    const kept = whole === null ? null : Math.min(Math.max(whole, limit.least), limit.most);
    set({ [limit.name]: limit.name === "retries" ? (kept ?? 0) : kept });
  };
  return (
    <label title={limit.doc}>
      <span>{limit.title}</span>
      <input
        inputMode="decimal"
        placeholder="–"
        value={text}
        onFocus={begin}
        onChange={(event) => type(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
    </label>
  );
}
