// Values by key, each with its own listeners: of five hundred nodes only those are drawn again of which something came.

type Listener = () => void;

export class KeyedStore<T> {
  readonly #values = new Map<string, T>();
  readonly #listeners = new Map<string, Set<Listener>>();

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
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }
}
