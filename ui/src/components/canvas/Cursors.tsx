import { useStore, ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import { inkOn, type Peer } from "../../collab/presence";
import { useRoom } from "../../hooks/editor";

/** The other people's pointers, as large at each zoom. */
export const Cursors = memo(function Cursors() {
  const peers = useRoom((room) => room.peers);
  return peers.length > 0 ? <Pointers peers={peers} /> : null;
});

function Pointers({ peers }: { peers: readonly Peer[] }) {
  const zoom = useStore((state) => state.transform[2]);
  return (
    <ViewportPortal>
      {peers.map(
        ({ client, user, cursor }) =>
          cursor && (
            <div
              key={client}
              className="peer-cursor"
              style={
                {
                  transform: `translate(${cursor.x}px, ${cursor.y}px)`,
                  "--peer": user.color,
                  "--peer-ink": inkOn(user.color),
                  "--zoom": zoom,
                } as React.CSSProperties
              }
            >
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d="M1 1l5.5 13 2-5.5L14 6.5z" />
              </svg>
              <span>{user.name}</span>
            </div>
          ),
      )}
    </ViewportPortal>
  );
}

/** Which nodes other people have selected, as styles: no node is drawn again for it. */
export function PeerSelections() {
  const peers = useRoom((room) => room.peers);
  const rules = peers.flatMap(({ selection, user }) =>
    selection
      .slice(0, 200)
      .map(
        (id) =>
          `.react-flow__node[data-id="${CSS.escape(id)}"] .node{--peer-ring:${user.color};outline:2px solid ${user.color};outline-offset:3px}`,
      ),
  );
  return rules.length ? <style>{rules.join("")}</style> : null;
}
