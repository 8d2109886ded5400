// The editor's own packages: what tests speak with is what people's browsers speak with.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));

export const Y = require("yjs");
export const { WebsocketProvider } = require("y-websocket");
export const { readAuthMessage } = require("y-protocols/auth");
export const { WebSocket } = require("ws");
