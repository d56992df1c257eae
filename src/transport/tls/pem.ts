// PEM: base64 between two lines that say what it is.

/** The blocks with this label, decoded, in order. What stands around them is ignored, as everywhere. */
export function pemBlocks(file: Uint8Array, label: string): Uint8Array[] {
  const text = Buffer.from(file.buffer, file.byteOffset, file.length).toString("latin1");
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const blocks: Uint8Array[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const start = at + begin.length;
    const stop = text.indexOf(end, start);
    if (stop < 0) {
      break;
    }
    blocks.push(Buffer.from(text.slice(start, stop), "base64"));
    at = stop + end.length;
  }
  return blocks;
}

/** A block as a file of its own. */
export function toPem(der: Uint8Array, label: string): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
