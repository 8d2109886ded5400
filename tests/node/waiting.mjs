// What a command can wait for. Nothing looks again and again: each change of the client does.
import { documentOf } from "./edits.mjs";
import { hashOf } from "./states.mjs";

/** Name → (client, what was asked) => [whether it is so, what is seen]. */
const CONDITIONS = {
  synced: (client, wanted) => [client.provider.synced === wanted, client.provider.synced],
  connected: (client, wanted) => [client.open === wanted, client.open],
  vector: (client, wanted) => {
    const seen = client.vector();
    return [Object.entries(wanted).every(([id, clock]) => (seen[id] ?? 0) >= clock), seen];
  },
  others: (client, wanted) => [Object.keys(client.others()).length === wanted, client.others()],
  updates: (client, wanted) => [client.updates >= wanted, client.updates],
  event: (client, wanted) => [client.events.some(({ type }) => wanted.includes(type)), client.events],
  path: (client, { at, equals, at_least, exists }) => {
    const seen = valueAt(client.doc, at);
    if (exists !== undefined) return [(seen !== undefined) === exists, seen];
    return [at_least === undefined ? same(seen, equals) : seen >= at_least, seen];
  },
};

/** Wait until all conditions of one client are so; what is seen last is in the error. */
export function waitUntil(client, conditions, timeout_s) {
  const looks = Object.entries(conditions).map(([name, wanted]) => {
    if (!CONDITIONS[name]) throw new Error(`nothing waits for ${name}`);
    return [name, () => CONDITIONS[name](client, wanted)];
  });
  const look = () => {
    const missed = looks.map(([name, found]) => [name, ...found()]).filter(([, so]) => !so);
    return missed.length ? `${client.name}: ${JSON.stringify(missed.map(([name, , seen]) => [name, seen]))}` : null;
  };
  return patiently([client], look, timeout_s);
}

/** Wait until all clients hold the same document, and have the same of everybody's edits. */
export function waitConverged(clients, timeout_s) {
  const look = () => {
    const vectors = new Set(clients.map((client) => JSON.stringify(client.vector())));
    if (vectors.size > 1) return `state vectors: ${[...vectors].join(" ")}`;
    const states = new Set(clients.map((client) => hashOf(client.doc)));
    return states.size > 1 ? `${states.size} different states under one state vector` : null;
  };
  return patiently(clients, look, timeout_s);
}

function patiently(clients, look, timeout_s) {
  return new Promise((resolve, reject) => {
    let looking = false;
    let ended = false;
    const end = (settle, value) => {
      ended = true;
      clearTimeout(timer);
      for (const off of offs) off();
      settle(value);
    };
    const lookOnce = () => {
      looking = false;
      try {
        if (!ended && look() === null) end(resolve, true);
      } catch (error) {
        end(reject, error);
      }
    };
    // One look for all that happened in one turn of the loop: comparing states takes long.
    const lookSoon = () => {
      if (!looking) setImmediate(lookOnce);
      looking = true;
    };
    const late = () => end(reject, new Error(`not within ${timeout_s} s; last seen: ${look()}`.slice(0, 4000)));
    const timer = setTimeout(late, timeout_s * 1000);
    const offs = clients.map((client) => client.onChange(lookSoon));
    lookSoon();
  });
}

function valueAt(doc, [root, ...steps]) {
  return steps.reduce((value, step) => value?.[step], documentOf(doc)[root]);
}

function same(seen, wanted) {
  return JSON.stringify(seen) === JSON.stringify(wanted);
}
