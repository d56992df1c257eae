// One header field, and what HTTP/2 thinks of its name: looked up once, when the field enters a table, because most
// requests are made of fields seen before. Strings are latin1: one char = one byte.

/** The fields the transport itself acts on. */
export const FIELD = {
  OTHER: 0,
  METHOD: 1,
  SCHEME: 2,
  PATH: 3,
  AUTHORITY: 4,
  CONTENT_TYPE: 5,
  CONTENT_LENGTH: 6,
  TE: 7,
  GRPC_TIMEOUT: 8,
  GRPC_ENCODING: 9,
  /** Makes the request malformed (RFC 9113, 8.2): a forbidden name, a bad character, an unknown pseudo-header. */
  FORBIDDEN: 10,
} as const;

export type FieldKind = (typeof FIELD)[keyof typeof FIELD];

export interface HeaderField {
  readonly name: string;
  readonly value: string;
  readonly kind: FieldKind;
  /** Size as RFC 7541, 4.1 counts it. */
  readonly size: number;
}

const KINDS: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  [":method", FIELD.METHOD],
  [":scheme", FIELD.SCHEME],
  [":path", FIELD.PATH],
  [":authority", FIELD.AUTHORITY],
  ["content-type", FIELD.CONTENT_TYPE],
  ["content-length", FIELD.CONTENT_LENGTH],
  ["te", FIELD.TE],
  ["grpc-timeout", FIELD.GRPC_TIMEOUT],
  ["grpc-encoding", FIELD.GRPC_ENCODING],
  ["connection", FIELD.FORBIDDEN],
  ["keep-alive", FIELD.FORBIDDEN],
  ["proxy-connection", FIELD.FORBIDDEN],
  ["transfer-encoding", FIELD.FORBIDDEN],
  ["upgrade", FIELD.FORBIDDEN],
]);

/** Lower-case token characters (RFC 9110, 5.6.2): what a field name may be made of in HTTP/2. */
const isNameChar = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  isNameChar[char.charCodeAt(0)] = 1;
}

function isName(name: string): boolean {
  for (let i = 0; i < name.length; i += 1) {
    if (isNameChar[name.charCodeAt(i)] !== 1) {
      return false;
    }
  }
  return name.length > 0;
}

/** No NUL, CR or LF anywhere, no blank at either end (RFC 9113, 8.2.1). */
function isValue(value: string): boolean {
  const length = value.length;
  if (length === 0) {
    return true;
  }
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  if (first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09) {
    return false;
  }
  for (let i = 0; i < length; i += 1) {
    const char = value.charCodeAt(i);
    if (char === 0 || char === 0x0a || char === 0x0d) {
      return false;
    }
  }
  return true;
}

function kindOfName(name: string): FieldKind {
  const known = KINDS.get(name);
  if (known !== undefined) {
    return known;
  }
  return isName(name) ? FIELD.OTHER : FIELD.FORBIDDEN;
}

class Field implements HeaderField {
  readonly name: string;
  readonly value: string;
  readonly kind: FieldKind;
  readonly size: number;

  constructor(name: string, value: string, kind: FieldKind) {
    this.name = name;
    this.value = value;
    this.kind = isValue(value) ? kind : FIELD.FORBIDDEN;
    this.size = name.length + value.length + 32;
  }
}

/** A field whose name is new. */
export function makeField(name: string, value: string): HeaderField {
  return new Field(name, value, kindOfName(name));
}

/** A field named as one seen before: its name is not looked up again. */
export function makeFieldNamedAs(known: HeaderField, value: string): HeaderField {
  // A forbidden value says nothing of the name.
  const kind = known.kind === FIELD.FORBIDDEN ? kindOfName(known.name) : known.kind;
  return new Field(known.name, value, kind);
}
