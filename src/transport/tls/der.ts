// Reads DER, the encoding of certificates and revocation lists: one value after the other, no schema. Pure; throws DerError
// for anything that is not well-formed, and never reads past the end it was given.

export class DerError extends Error {
  override readonly name = "DerError";
}

/** One value: `bytes[start, end)`, its content `bytes[contentStart, end)`. */
export interface DerValue {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

export const DER = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OBJECT_IDENTIFIER: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
  /** [0], constructed. */
  CONTEXT_0: 0xa0,
} as const;

/** A length is written in at most this many bytes: 4 GiB. */
const LENGTH_BYTES_MAX = 4;

/** The value at `at`, which must end at or before `end`. */
export function readDer(bytes: Uint8Array, at: number, end: number): DerValue {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > end || (tag & 0x1f) === 0x1f) {
    throw new DerError("a value is cut short");
  }
  let length = first;
  let contentStart = at + 2;
  if (first >= 0x80) {
    const lengthBytes = first - 0x80;
    if (lengthBytes === 0 || lengthBytes > LENGTH_BYTES_MAX || contentStart + lengthBytes > end) {
      throw new DerError("a length is not valid");
    }
    length = 0;
    for (let i = 0; i < lengthBytes; i += 1) {
      length = length * 256 + (bytes[contentStart + i] as number);
    }
    contentStart += lengthBytes;
  }
  if (contentStart + length > end) {
    throw new DerError("a value is longer than what holds it");
  }
  return { tag, start: at, contentStart, end: contentStart + length };
}

/** The values that a constructed one is made of. */
export function derChildren(bytes: Uint8Array, parent: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let at = parent.contentStart; at < parent.end;) {
    const child = readDer(bytes, at, parent.end);
    children.push(child);
    at = child.end;
  }
  return children;
}

/** Throws unless there is a value with this tag. */
export function expectDer(value: DerValue | undefined, tag: number, what: string): DerValue {
  if (value?.tag !== tag) {
    throw new DerError(`${what} is not where it should be`);
  }
  return value;
}

export function derContent(bytes: Uint8Array, value: DerValue): Uint8Array {
  return bytes.subarray(value.contentStart, value.end);
}

/** A whole number as hexadecimal digits without leading zeros, as certificates' serial numbers are shown. */
export function derInteger(bytes: Uint8Array, value: DerValue): string {
  return Buffer.from(derContent(bytes, value)).toString("hex").replace(/^0+/, "");
}

/** UTCTime or GeneralizedTime in milliseconds since 1970. */
export function derTime(bytes: Uint8Array, value: DerValue): number {
  const text = Buffer.from(derContent(bytes, value)).toString("latin1");
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  const isLong = value.tag === DER.GENERALIZED_TIME;
  if (match === null || (match[1] as string).length !== (isLong ? 4 : 2)) {
    throw new DerError("a time is not valid");
  }
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  // RFC 5280, 4.1.2.5.1: two digits are 1950 to 2049.
  const fullYear = isLong ? year : year + (year >= 50 ? 1900 : 2000);
  return Date.UTC(fullYear, month - 1, day, hour, minute, second);
}

/** The tags of texts in names; all others are compared as bytes. */
const NAME_TEXTS: ReadonlyMap<number, BufferEncoding | "utf16be"> = new Map([
  [0x0c, "utf8"],
  [0x13, "latin1"],
  [0x14, "latin1"],
  [0x16, "latin1"],
  [0x1e, "utf16be"],
]);

function textOf(bytes: Uint8Array, value: DerValue): string {
  const content = Buffer.from(derContent(bytes, value));
  const encoding = NAME_TEXTS.get(value.tag);
  if (encoding === undefined) {
    return `#${content.toString("hex")}`;
  }
  const text =
    encoding === "utf16be" && content.length % 2 === 0
      ? content.swap16().toString("utf16le")
      : content.toString(encoding === "utf16be" ? "latin1" : encoding);
  return text.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** A distinguished name in a form in which equal names are equal strings, whatever kind of text they were written in. */
export function derName(bytes: Uint8Array, name: DerValue): string {
  return derChildren(bytes, expectDer(name, DER.SEQUENCE, "a name"))
    .map((relative) =>
      derChildren(bytes, relative)
        .map((pair) => {
          const [type, value] = derChildren(bytes, pair);
          const oid = expectDer(type, DER.OBJECT_IDENTIFIER, "a name's attribute");
          if (value === undefined) {
            throw new DerError("a name's attribute has no value");
          }
          const typeHex = Buffer.from(derContent(bytes, oid)).toString("hex");
          return `${typeHex}=${JSON.stringify(textOf(bytes, value))}`;
        })
        .sort()
        .join("+"),
    )
    .join(",");
}
