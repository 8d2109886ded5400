// Text that a PNG carries beside its picture. Source: PNG (W3C, third edition) §11.3.3.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Keyword → text of the chunks tEXt and uncompressed iTXt; null for what is no PNG. */
export function pngTexts(bytes: Uint8Array): Map<string, string> | null {
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, string>();
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const data = bytes.subarray(at + 8, at + 8 + length);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const entry = type === "tEXt" ? plainText(data) : type === "iTXt" ? internationalText(data) : null;
    if (entry) found.set(...entry);
    if (type === "IEND") break;
    at += 12 + length;
  }
  return found;
}

function plainText(data: Uint8Array): [string, string] | null {
  const end = data.indexOf(0);
  return end < 0 ? null : [latin1(data.subarray(0, end)), latin1(data.subarray(end + 1))];
}

function internationalText(data: Uint8Array): [string, string] | null {
  const end = data.indexOf(0);
  if (end < 0 || data[end + 1] !== 0) return null;
  const language = data.indexOf(0, end + 3);
  const keyword = language < 0 ? -1 : data.indexOf(0, language + 1);
  return keyword < 0 ? null : [latin1(data.subarray(0, end)), new TextDecoder().decode(data.subarray(keyword + 1))];
}

const latin1 = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
