// Frames that are no message of the protocol, or one with something wrong inside.
import { randomNumbers } from "./edits.mjs";

const bytes = (...values) => Uint8Array.from(values);

/** Kind → frame. A message is its type (0 sync, 1 awareness, 2 auth, 3 query), then what the type asks for. */
const KINDS = {
  empty: () => bytes(),
  unknown_type: () => bytes(99, 1, 2, 3),
  endless_number: () => new Uint8Array(64).fill(0xff),
  sync_without_step: () => bytes(0),
  sync_unknown_step: () => bytes(0, 9, 1, 0),
  sync_cut_off: () => bytes(0, 2, 200, 1, 7),
  update_of_noise: (size) => framed([0, 2], noise(size)),
  step1_of_noise: (size) => framed([0, 0], noise(size)),
  step2_of_noise: (size) => framed([0, 1], noise(size)),
  // One client with 2^53 - 1 structs: whoever makes room for them first has none left.
  update_of_many: () => framed([0, 2], bytes(1, 255, 255, 255, 255, 255, 255, 255, 15, 1, 0)),
  // meta.deep = [[[…]]], one item of a new client: 100 kB, and too deep for whoever recurses.
  update_nested: (size) => framed([0, 2], update(0, [...text("meta"), ...text("deep"), 1], nested(size))),
  // The same, but as a later item of that client: what comes before it never comes.
  update_of_the_future: () => framed([0, 2], update(104, [...text("meta"), ...text("late"), 1], [126])),
  awareness_of_noise: (size) => framed([1], noise(size)),
  awareness_cut_off: () => bytes(1, 50, 1),
  // A browser that is told a state which is no JSON throws, and stops listening.
  awareness_no_json: () => framed([1], [1, 7, 1, ...text("{{{")]),
  awareness_no_text: () => framed([1], [1, 7, 1, 0]),
  // JSON for Python, but for nobody else.
  awareness_not_a_number: () => framed([1], [1, 7, 1, ...text('{"x": NaN}')]),
  awareness_no_utf8: () => framed([1], bytes(1, 7, 1, 4, 34, 0xc3, 0x28, 34)),
  awareness_no_object: () => framed([1], [1, 7, 1, ...text("[3]")]),
  auth: () => bytes(2, 0, 1, 65),
  noise: (size) => noise(size),
  // A well-formed frame, but for its size.
  huge: (size) => framed([0, 2], new Uint8Array(size)),
};

/** @param {string} kind @param {number} [size] bytes of what is inside, for kinds that are not always the same */
export function garbage(kind, size = 100) {
  if (!Object.hasOwn(KINDS, kind)) throw new Error(`kind is one of ${Object.keys(KINDS).join(", ")}, not ${kind}`);
  return KINDS[kind](size);
}

/** An update of one item, a value in a root map, by client 7; the clock is below 128. */
function update(clock, place, value) {
  const [anyValue, hasKey, parentIsRoot] = [8, 32, 1];
  return Uint8Array.from([1, 1, 7, clock, anyValue + hasKey, parentIsRoot, ...place, ...value, 0]);
}

function text(short) {
  return [short.length, ...new TextEncoder().encode(short)];
}

function nested(levels) {
  const [array, nothing] = [117, 126];
  return [...Array.from({ length: 2 * levels }, (_, index) => (index % 2 ? 1 : array)), nothing];
}

function noise(size) {
  const random = randomNumbers(size);
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
}

/** The type, and then a buffer with its length before it (seven bits a byte, least first). */
function framed(head, content) {
  const length = [];
  let left = content.length;
  for (; left > 127; left = Math.floor(left / 128)) length.push((left % 128) + 128);
  const frame = new Uint8Array(head.length + length.length + 1 + content.length);
  frame.set([...head, ...length, left]);
  frame.set(content, head.length + length.length + 1);
  return frame;
}
