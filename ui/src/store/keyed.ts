// Values by key, each with its own listeners: of five hundred nodes only those are drawn again of which something came.

type Listener = () => void;

export class KeyedStore<T> {
  readonly #values = new Map<string, T>();
  readonly #listeners = new Map<string, Set<Listener>>();
  /** Keys whose listeners wait for the end of a batch; null outside of one. */
  #waiting: Set<string> | null = null;

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#values.entries();
  }

  set(key: string, value: T): void {
    if (Object.is(this.#values.get(key), value)) return;
    this.#values.set(key, value);
    this.#tell(key);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#tell(key);
  }

  /** Of many changes each listener hears once, when all are made. */
  batch(change: () => void): void {
    if (this.#waiting) {
      change();
      return;
    }
    const waiting = new Set<string>();
    this.#waiting = waiting;
    try {
      change();
    } finally {
      this.#waiting = null;
      for (const key of waiting) this.#tell(key);
    }
  }

  clear(): void {
    const keys = [...this.#values.keys()];
    this.#values.clear();
    for (const key of keys) this.#tell(key);
  }

  subscribe(key: string, listener: Listener): () => void {
    const known = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, known.add(listener));
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#listeners.get(key) === known) this.#listeners.delete(key);
    };
  }

  #tell(key: string): void {
    if (this.#waiting) {
      this.#waiting.add(key);
      return;
    }
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }
}
