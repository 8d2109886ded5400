import { useEffect } from "react";
import { inkOn } from "../../collab/presence";
import { useEditor, useRoom, useUi } from "../../hooks/editor";
import { ui } from "../../store/ui";

const MOST = 5;

/** Who else is here; a click follows where someone looks. */
export function People() {
  const editor = useEditor();
  const peers = useRoom((room) => room.peers);
  const following = useUi((state) => state.following);
  const followed = peers.find((peer) => peer.client === following);
  const { x, y, zoom } = followed?.viewport ?? {};
  useEffect(() => {
    if (x === undefined || y === undefined || zoom === undefined) return;
    void editor.canvas.getState().flow?.setCenter(x, y, { zoom, duration: 120 });
  }, [editor, x, y, zoom]);
  if (peers.length === 0) return null;
  return (
    <ul className="people" aria-label="Also here">
      {peers.slice(0, MOST).map(({ client, user }) => (
        <li key={client}>
          <button
            type="button"
            className="person"
            style={{ background: user.color, color: inkOn(user.color) }}
            aria-pressed={client === following}
            title={client === following ? `Following ${user.name}; click to stop` : `${user.name}; click to follow`}
            onClick={() => ui.setState({ following: client === following ? null : client })}
          >
            {initials(user.name)}
          </button>
        </li>
      ))}
      {peers.length > MOST && <li className="more">+{peers.length - MOST}</li>}
    </ul>
  );
}

function initials(name: string): string {
  const [first = "?", second] = name.split(/\s+/);
  return (first.charAt(0) + (second?.charAt(0) ?? first.charAt(1))).toUpperCase();
}
