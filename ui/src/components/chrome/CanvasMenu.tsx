import { DropdownMenu } from "radix-ui";
import { updateOf } from "../../graph/versions";
import { useEditor, useUi } from "../../hooks/editor";
import { useWayBack } from "../../hooks/wayBack";
import { selectOnly } from "../../store/canvas";
import { COMMANDS, pointer } from "../../store/commands";
import type { Editor } from "../../store/editor";
import { type MenuTarget, type Ui, ui } from "../../store/ui";
import { Keys } from "./Keys";

type Item = [command: string, title: string] | null;

const SUBGRAPH: readonly Item[] = [
  ["subgraph.open", "Open the subgraph"],
  ["subgraph.unpack", "Unpack"],
  ["subgraph.update", "Update to the newest version"],
  null,
];

const NODE: readonly Item[] = [
  ["run.here", "Run to here"],
  null,
  ["copy", "Copy"],
  ["duplicate", "Duplicate"],
  ["rename", "Rename"],
  ["collapse", "Collapse or expand"],
  ["pin", "Pin or unpin"],
  null,
  ["mute", "Mute or unmute"],
  ["bypass", "Bypass or not"],
  ["group", "Frame the selection"],
  ["subgraph.make", "Make a subgraph…"],
  null,
  ["select.upstream", "Select what feeds it"],
  ["select.downstream", "Select what it feeds"],
  null,
  ["delete.reconnect", "Delete and join the neighbours"],
  ["delete", "Delete"],
];

/** Of groups and notes. */
const FRAME: readonly Item[] = [
  ["copy", "Copy"],
  ["duplicate", "Duplicate"],
  null,
  ["fit.selection", "Fit the selection"],
  null,
  ["delete", "Delete"],
];

const CANVAS: readonly Item[] = [
  ["search", "Add a node…"],
  ["note", "Add a note"],
  ["paste", "Paste"],
  null,
  ["select.all", "Select all"],
  ["arrange", "Lay out"],
  ["fit", "Fit the graph"],
  null,
  ["export", "Export…"],
];

const MENUS = { node: NODE, frame: FRAME, canvas: CANVAS };

/** The menu of the right button. */
export function CanvasMenu() {
  const menu = useUi((state) => state.menu);
  return menu && <OpenMenu key={`${menu.x} ${menu.y}`} menu={menu} />;
}

function OpenMenu({ menu }: { menu: NonNullable<Ui["menu"]> }) {
  const editor = useEditor();
  const back = useWayBack();
  const close = () => ui.setState({ menu: null });
  return (
    <DropdownMenu.Root open onOpenChange={(open) => !open && close()} modal={false}>
      <DropdownMenu.Trigger
        className="menu-anchor"
        style={{ left: menu.x, top: menu.y }}
        aria-hidden="true"
        tabIndex={-1}
      />
      {/* Within the page's main part, where those who go by landmarks find it. */}
      <DropdownMenu.Portal container={document.querySelector<HTMLElement>(".stage")}>
        <DropdownMenu.Content
          className="menu"
          align="start"
          side="right"
          sideOffset={2}
          collisionPadding={8}
          onCloseAutoFocus={back}
        >
          {menu.target.kind === "edge" ? (
            <EdgeItems editor={editor} target={menu.target} />
          ) : (
            <CommandItems items={itemsOf(editor, menu.target)} before={() => pick(editor, menu.target)} />
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** Of a node that is a graph itself, what can be done with that comes first. */
function itemsOf(editor: Editor, target: Exclude<MenuTarget, { kind: "edge" }>): readonly Item[] {
  const type = target.kind === "node" ? (editor.view.nodes.get(target.id)?.type ?? "") : "";
  if (!editor.catalogue.get(type)?.graph) return MENUS[target.kind];
  const newest = updateOf(editor.catalogue, type) === null;
  return [...SUBGRAPH.filter((item) => !newest || item?.[0] !== "subgraph.update"), ...NODE];
}

/** Commands act on the selection: a node that is not in it becomes it. What is added goes where the menu was opened. */
function pick(editor: Editor, target: MenuTarget): void {
  if (target.kind === "canvas") Object.assign(pointer, { canvas: target.place, over: true });
  if (target.kind !== "node" && target.kind !== "frame") return;
  const selected = editor.canvas.getState().nodes.some((node) => node.id === target.id && node.selected);
  if (!selected) selectOnly(editor.canvas, new Set([target.id]));
}

function CommandItems({ items, before }: { items: readonly Item[]; before: () => void }) {
  const editor = useEditor();
  return items.map((item, index) =>
    item === null ? (
      <DropdownMenu.Separator key={index} className="menu-line" />
    ) : (
      <DropdownMenu.Item
        key={item[0]}
        className="menu-item"
        onSelect={() => {
          before();
          COMMANDS[item[0]]?.(editor);
        }}
      >
        <span>{item[1]}</span>
        <Keys command={item[0]} />
      </DropdownMenu.Item>
    ),
  );
}

/** Hands on whatever it gets: a bend in a wire. */
const REROUTE = "core.passthrough";

function reroute(editor: Editor, key: string, place: { x: number; y: number }): void {
  const id = editor.add(REROUTE, { x: place.x - 60, y: place.y - 15 }, null, {}, key);
  editor.room.edit([{ op: "node.set", id, fields: { collapsed: true } }]);
}

function EdgeItems({ editor, target }: { editor: Editor; target: Extract<MenuTarget, { kind: "edge" }> }) {
  const { window: at, canvas: place } = pointer;
  return (
    <>
      {editor.catalogue.get(REROUTE) && (
        <DropdownMenu.Item className="menu-item" onSelect={() => reroute(editor, target.key, place)}>
          Put a reroute here
        </DropdownMenu.Item>
      )}
      <DropdownMenu.Item
        className="menu-item"
        onSelect={() => setTimeout(() => ui.setState({ search: { at, place, end: null, into: target.key } }))}
      >
        Put a node here…
      </DropdownMenu.Item>
      <DropdownMenu.Separator className="menu-line" />
      <DropdownMenu.Item className="menu-item" onSelect={() => editor.edit([{ op: "edge.delete", key: target.key }])}>
        Disconnect
      </DropdownMenu.Item>
    </>
  );
}
