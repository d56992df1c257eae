// Requests and answers of the fake S3 as plain values: what handles them knows no sockets.

export interface S3Request {
  readonly method: string;
  /** As sent, before any decoding: what was signed. */
  readonly path: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** S3's own name for it. */
  readonly operation: string;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Thrown by handlers for an answer that is an error. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** More elements of the answer's XML. */
  readonly elements: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    more: {
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly elements?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(more.message ?? `the fake answers ${code}`);
    this.status = status;
    this.code = code;
    this.headers = more.headers ?? {};
    this.elements = more.elements ?? {};
  }
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/gu, (character) => `&#${character.charCodeAt(0)};`);
}

/** Undoes the escapes of XML, in the request bodies of clients. */
export function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
  };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/giu, (_, hex, decimal, name) => {
    if (typeof hex === "string") {
      return String.fromCodePoint(Number.parseInt(hex, 16));
    }
    return typeof decimal === "string"
      ? String.fromCodePoint(Number(decimal))
      : (named[String(name)] ?? "");
  });
}

export function xmlAnswer(
  root: string,
  inner: string,
  headers: Readonly<Record<string, string>> = {},
): S3Answer {
  const text =
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`;
  return {
    status: 200,
    headers: { "content-type": "application/xml", ...headers },
    body: Buffer.from(text),
  };
}

export function emptyAnswer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): S3Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

export function errorAnswer(refusal: S3Refusal): S3Answer {
  const elements = Object.entries({
    Code: refusal.code,
    Message: refusal.message,
    ...refusal.elements,
    RequestId: "fake",
  }).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  return {
    status: refusal.status,
    headers: { "content-type": "application/xml", ...refusal.headers },
    body: Buffer.from(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.join("")}</Error>`,
    ),
  };
}

/** S3's name for a request: what policies, counters and fault scripts call it. */
export function operationOf(method: string, key: string, query: URLSearchParams): string {
  if (key === "") {
    if (query.has("versioning")) {
      return method === "PUT" ? "PutBucketVersioning" : "GetBucketVersioning";
    }
    if (method === "POST" && query.has("delete")) {
      return "DeleteObjects";
    }
    const bucketOperations: Readonly<Record<string, string>> = {
      PUT: "CreateBucket",
      HEAD: "HeadBucket",
      GET: query.has("versions") ? "ListObjectVersions" : "ListObjectsV2",
    };
    return bucketOperations[method] ?? "Unknown";
  }
  if (method === "POST") {
    return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
  }
  if (query.has("uploadId")) {
    return method === "PUT" ? "UploadPart" : "AbortMultipartUpload";
  }
  const objectOperations: Readonly<Record<string, string>> = {
    PUT: "PutObject",
    GET: "GetObject",
    HEAD: "HeadObject",
    DELETE: "DeleteObject",
  };
  return objectOperations[method] ?? "Unknown";
}
