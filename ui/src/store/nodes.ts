// The node types that this server has now: they may change while a graph is open.

import { createStore } from "zustand/vanilla";
import { Catalogue } from "../graph/catalogue";
import { api } from "../session/api";

export const nodes = createStore<{ catalogue: Catalogue }>(() => ({ catalogue: new Catalogue([]) }));

/** Asks the server for them. */
export async function loadNodes(): Promise<void> {
  nodes.setState({ catalogue: new Catalogue((await api.nodeTypes()).types) });
}
