// A gRPC client that hides nothing: every field of an answer is there (numbers of 64 bits as decimal strings, enums
// as numbers, bytes as Buffers, absent messages as null), an error keeps its code and text, nothing is retried.
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import { repositoryPath } from "./paths.js";
import { within } from "./process/wait.js";

const CALL_DEADLINE_MS = 20_000;

/** A decoded message. Tests look at fields by name; the compiler cannot know them. */
export type Message = Record<string, unknown>;

export type CallOutcome =
  | { readonly ok: true; readonly response: Message }
  | { readonly ok: false; readonly code: number; readonly message: string };

type MethodDefinition = protoLoader.MethodDefinition<Message, Message>;

const definitions: ReadonlyMap<string, MethodDefinition> = new Map(
  Object.values(
    protoLoader.loadSync(
      [
        ...["etcd/rpc.proto", "etcd/v3lock.proto", "etcd/v3election.proto"],
        ...["grpc/health.proto", "t4/admin.proto"],
      ],
      {
        includeDirs: [repositoryPath("proto")],
        keepCase: true,
        longs: String,
        enums: Number,
        defaults: true,
        arrays: true,
        oneofs: true,
      },
    ),
  ).flatMap((definition) =>
    "format" in definition
      ? []
      : Object.values(definition as Record<string, MethodDefinition>).map(
          (method) => [method.path, method] as const,
        ),
  ),
);

/** Every method of etcd's API and of the health service, such as `/etcdserverpb.KV/Put`. */
export const methodPaths: readonly string[] = [...definitions.keys()];

function definitionOf(path: string): MethodDefinition {
  const definition = definitions.get(path);
  if (definition === undefined) {
    throw new Error(`no such method: ${path}`);
  }
  return definition;
}

/** The bytes of a request, for tests of sizes and of broken encodings. */
export function encodeRequest(path: string, request: Message): Buffer {
  return definitionOf(path).requestSerialize(request);
}

export class GrpcClient implements Disposable {
  readonly #client: grpc.Client;
  readonly #metadata: grpc.Metadata;

  constructor(address: string, metadata: Readonly<Record<string, string>> = {}) {
    this.#client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      // Each client has its own connection, or a killed server's would be shared with the next test's.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 200,
    });
    this.#metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(metadata)) {
      this.#metadata.set(name, value);
    }
  }

  /** One call of a method such as `/etcdserverpb.KV/Put`. An error is an outcome, not an exception. */
  async call(path: string, request: Message): Promise<CallOutcome> {
    const { requestSerialize, responseDeserialize } = definitionOf(path);
    return this.#unary(path, requestSerialize, responseDeserialize, request);
  }

  /** One call with bytes that need not be a message, of a method that need not exist. */
  async callRaw(path: string, request: Buffer): Promise<CallOutcome> {
    return this.#unary(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => ({ bytes }),
      request,
    );
  }

  /** As `call`, for a test's own steps: anything but success throws. */
  async must(path: string, request: Message): Promise<Message> {
    const outcome = await this.call(path, request);
    if (!outcome.ok) {
      throw new Error(`${path} failed with ${outcome.code} ${outcome.message}`);
    }
    return outcome.response;
  }

  async #unary<Request>(
    path: string,
    serialize: (request: Request) => Buffer,
    deserialize: (bytes: Buffer) => Message,
    request: Request,
  ): Promise<CallOutcome> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        request,
        this.#metadata,
        { deadline: Date.now() + CALL_DEADLINE_MS },
        (error, response) => {
          if (error !== null) {
            resolve({ ok: false, code: error.code, message: error.details });
          } else if (response !== undefined) {
            resolve({ ok: true, response });
          } else {
            resolve({ ok: false, code: -1, message: "neither an error nor a response" });
          }
        },
      );
    });
  }

  /** A stream in both directions, or from the server after one request. */
  open(path: string): MessageStream {
    const definition = definitionOf(path);
    return new MessageStream(
      path,
      this.#client.makeBidiStreamRequest(
        path,
        definition.requestSerialize,
        definition.responseDeserialize,
        this.#metadata,
      ),
    );
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** The end of a stream: code 0 when the server closed it without an error. */
export interface StreamEnd {
  readonly code: number;
  readonly message: string;
}

export class MessageStream implements Disposable {
  /** Every message so far, in order of arrival. */
  readonly received: Message[] = [];
  readonly #path: string;
  readonly #call: grpc.ClientDuplexStream<Message, Message>;
  readonly #waiters = new Set<() => void>();
  #end: StreamEnd | undefined;

  constructor(path: string, call: grpc.ClientDuplexStream<Message, Message>) {
    this.#path = path;
    this.#call = call;
    call.on("data", (message: Message) => {
      this.received.push(message);
      this.#wake();
    });
    call.on("error", (error: grpc.ServiceError) => {
      this.#end ??= { code: error.code, message: error.details };
      this.#wake();
    });
    call.on("end", () => {
      // With an error, the status follows on its own; without one, this is all there is.
      setImmediate(() => {
        this.#end ??= { code: 0, message: "" };
        this.#wake();
      });
    });
  }

  get ended(): StreamEnd | undefined {
    return this.#end;
  }

  send(message: Message): void {
    this.#call.write(message);
  }

  halfClose(): void {
    this.#call.end();
  }

  /** Waits until `done` is true of what was received. It fails if the stream ends first or nothing comes. */
  async until(what: string, done: () => boolean, deadlineMs = 10_000): Promise<void> {
    await this.#settle(deadlineMs, what, () => {
      if (done()) {
        return true;
      }
      if (this.#end !== undefined) {
        throw new Error(
          `${this.#path} ended with ${this.#end.code} "${this.#end.message}" before ${what}`,
        );
      }
      return false;
    });
  }

  /** Waits for the stream's end. */
  async untilEnd(deadlineMs = 10_000): Promise<StreamEnd> {
    await this.#settle(deadlineMs, "the end of the stream", () => this.#end !== undefined);
    return this.#end!;
  }

  async #settle(deadlineMs: number, what: string, done: () => boolean): Promise<void> {
    if (done()) {
      return;
    }
    let check = (): void => undefined;
    const settled = new Promise<void>((resolve, reject) => {
      check = () => {
        try {
          if (done()) {
            resolve();
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#waiters.add(check);
    });
    try {
      await within(deadlineMs, `${what} on ${this.#path}`, settled);
    } finally {
      this.#waiters.delete(check);
    }
  }

  #wake(): void {
    for (const check of [...this.#waiters]) {
      check();
    }
  }

  [Symbol.dispose](): void {
    this.#call.cancel();
  }
}
