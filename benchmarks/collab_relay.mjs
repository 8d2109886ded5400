// `node collab_relay.mjs`: what collaboration costs without a document: each binary frame goes to the room's others.
//
// It prints its port, and ends when standard input does. The room is the address's path. Nothing is kept.
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(new URL("../ui/package.json", import.meta.url))("ws");

/** @type {Map<string, Set<import("ws").WebSocket>>} */
const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });

server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("message", (data, binary) => {
    for (const other of room) if (other !== socket) other.send(data, { binary });
  });
  socket.on("close", () => room.delete(socket));
});
process.stdin.resume().on("end", () => process.exit(0));
