// The database as an object: every call checks and converts its arguments, asks the node, and converts the answer.
// Must never: decide anything about data; that is the core's.
import type { RangeOperation, RangeOutcome } from "../core/command.js";
import { T4Error } from "../core/errors.js";
import { ALL_KEYS } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import type { HasNode } from "../node/has-node.js";
import type { Consistency, Node } from "../node/node.js";
import type { Clock } from "../runtime/clock.js";
import type { Random } from "../runtime/random.js";
import { stayAlive } from "../runtime/stay-alive.js";
import { selectedRange, wholeNumber, type KeySelector } from "./arguments.js";
import {
  conditionalResult,
  deleteIfUnchanged,
  putIfMissing,
  putIfUnchanged,
  type ConditionalResult,
} from "./db/conditional-write.js";
import { OpenWatches } from "./db/open-watches.js";
import { dbStatus, shownCompactRevision, type Checkpoint, type DbStatus } from "./db/status.js";
import { encodeKey, type Bytes, type ValueCodec } from "./encoding.js";
import { change, keyValue, type Change, type KeyInfo, type KeyValue } from "./key-value.js";
import { leasesOf, type Leases } from "./leases.js";
import { nodeAccess, promised, type NodeAccess } from "./node-access.js";
import {
  checkSize,
  deleteOperation,
  putOperation,
  rangeOperation,
  type DeleteOptions,
  type KeepValueOptions,
  type ListOptions,
  type PutValueOptions,
  type ReadOptions,
} from "./operations.js";
import { deleteResult, listResult, putResult, txnOperation, txnResult } from "./txn-convert.js";
import type { DeleteResult, ListResult, Ops, PutResult, TxnRequest, TxnResult } from "./txn.js";
import type { Watch, WatchOptions } from "./watch.js";

export type { Checkpoint, ConditionalResult, DbStatus };

/** How current a read must be: as of its call (the default), or whatever this node has. */
export interface ConsistencyOption {
  readonly consistency?: Consistency;
}

/**
 * An open database; `open` makes one. Keys are text (UTF-8) or bytes and sort by their bytes; `Value` is what reads
 * return and `Input` what writes take. Every call may also throw T4_CLOSED after `close`, T4_UNAVAILABLE when the node
 * cannot serve it now (and did not apply it), and T4_IO or T4_CORRUPT when a file fails.
 */
export class Db<Value = string, Input = Bytes> implements AsyncDisposable, HasNode {
  /** Leases: `grant`, `keepAlive`, `revoke`, `timeToLive`, `list`. */
  readonly leases: Leases;
  readonly #node: Node;
  readonly #access: NodeAccess;
  readonly #codec: ValueCodec<Value, Input>;
  readonly #watches: OpenWatches<Value>;
  readonly #stopped: Promise<void>;
  #closing: Promise<void> | null = null;
  readonly #closeRest: (() => Promise<void>) | null;

  /** @internal `closeRest`: what has to be closed behind a node with an object store. */
  constructor(
    node: Node,
    codec: ValueCodec<Value, Input>,
    world: { readonly clock: Clock; readonly random: Random },
    closeRest: (() => Promise<void>) | null = null,
  ) {
    this.#closeRest = closeRest;
    this.#node = node;
    this.#codec = codec;
    this.#watches = new OpenWatches(world.clock, codec);
    this.#access = nodeAccess(node, () => this.#closing !== null);
    this.leases = leasesOf(this.#access, world.random);
    this.#stopped = node.stopped.then((error) => {
      this.#watches.end(error ?? new T4Error("T4_CLOSED", "the database is closed"));
    });
  }

  /** For `serve` of `t4db/server`. */
  get "t4db.node"(): Node {
    return this.#access.node();
  }

  /** The revision of the last change that is committed; 1 if there never was one. */
  get currentRevision(): number {
    return this.#access.node().revision;
  }

  /** The oldest revision that can be read; 0 before the first compaction. */
  get compactRevision(): number {
    return shownCompactRevision(this.#access.node().compactRevision);
  }

  /** Whether this node takes writes itself. */
  get isLeader(): boolean {
    return this.#access.node().status().isLeader;
  }

  /** Figures about the node and its files. */
  status(): DbStatus {
    return dbStatus(this.#access.node().status());
  }

  /**
   * Creates or replaces a key. Resolves when the write is durable.
   *
   * @param value - `undefined` together with `ignoreValue`, which keeps the value that is there
   * @throws T4Error T4_KEY_EMPTY, T4_LEASE_NOT_FOUND, T4_KEY_NOT_FOUND (`ignoreValue` or `ignoreLease` without a key),
   *   T4_REQUEST_TOO_LARGE, T4_NO_SPACE, T4_TIMEOUT (it may still be applied)
   * @example
   * await db.put("config/theme", "dark");
   * const { previous } = await db.put("config/theme", "light", { prevKv: true });
   */
  async put(key: Bytes, value: Input, options?: PutValueOptions): Promise<PutResult<Value>>;
  async put(key: Bytes, value: undefined, options: KeepValueOptions): Promise<PutResult<Value>>;
  async put(
    key: Bytes,
    value: Input | undefined,
    options?: PutValueOptions | KeepValueOptions,
  ): Promise<PutResult<Value>> {
    const operation = putOperation(this.#codec, key, value, options);
    checkSize(operation.key.length + operation.value.length);
    return putResult(await this.#access.propose(operation), this.#codec);
  }

  /**
   * Creates a key that must not exist yet. Returns the revision that this made.
   *
   * @throws T4Error T4_KEY_EXISTS, and what `put` throws
   * @example
   * await db.create("locks/backup", "worker 7");
   */
  async create(
    key: Bytes,
    value: Input,
    options: { readonly lease?: bigint } = {},
  ): Promise<number> {
    const put = putOperation(this.#codec, key, value, options);
    checkSize(put.key.length + put.value.length);
    const { succeeded, revision } = await this.#access.propose(putIfMissing(put));
    if (!succeeded) {
      throw new T4Error("T4_KEY_EXISTS", "the key exists");
    }
    return revision;
  }

  /**
   * Replaces a key that must exist; with `ifRevision` only if that is still the revision of its last change.
   *
   * @throws T4Error T4_KEY_NOT_FOUND, and what `put` throws
   * @example
   * const row = await db.get("counter");
   * const { succeeded } = await db.update("counter", "8", { ifRevision: row.modRevision });
   */
  async update(
    key: Bytes,
    value: Input,
    options: { readonly ifRevision?: number; readonly lease?: bigint } = {},
  ): Promise<ConditionalResult<Value>> {
    const { ifRevision, ...putOptions } = options;
    const put = putOperation(this.#codec, key, value, putOptions);
    checkSize(put.key.length + put.value.length);
    const expected = wholeNumber("ifRevision", ifRevision, 1, 0);
    const outcome = await this.#access.propose(putIfUnchanged(put, expected));
    const result = conditionalResult(outcome, this.#codec);
    if (!result.succeeded && result.current === undefined) {
      throw new T4Error("T4_KEY_NOT_FOUND", "the key does not exist, so it cannot be updated");
    }
    return result;
  }

  /**
   * Deletes one key. `deleted` is 0 if there was none, and then no revision is made.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_NO_SPACE, T4_TIMEOUT (it may still be applied)
   */
  async delete(key: Bytes, options?: DeleteOptions): Promise<DeleteResult<Value>> {
    return this.deleteRange({ key }, options);
  }

  /**
   * Deletes a key if `revision` is still that of its last change.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_INVALID_ARGUMENT, T4_NO_SPACE, T4_TIMEOUT (it may still be applied)
   */
  async deleteIfRevision(key: Bytes, revision: number): Promise<ConditionalResult<Value>> {
    const encoded = encodeKey(key);
    const expected = wholeNumber("revision", revision, 1, 1);
    const outcome = await this.#access.propose(deleteIfUnchanged(encoded, expected));
    return conditionalResult(outcome, this.#codec);
  }

  /**
   * Deletes all keys of a set in one revision.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_NO_SPACE, T4_TIMEOUT (it may still be applied)
   * @example
   * const { deleted } = await db.deleteRange({ prefix: "sessions/" });
   */
  async deleteRange(keys: KeySelector, options?: DeleteOptions): Promise<DeleteResult<Value>> {
    const operation = deleteOperation(selectedRange(keys), options);
    return deleteResult(await this.#access.propose(operation), this.#codec);
  }

  /**
   * Runs operations all at once, in one revision: those of `then` if every condition holds, else those of `else`.
   * Operations see what those before them wrote; conditions are all about the state before. At most 128 in a list.
   *
   * @throws T4Error T4_TOO_MANY_OPERATIONS, T4_DUPLICATE_KEY (a key written twice), T4_FUTURE_REVISION, T4_COMPACTED,
   *   and what `put` throws: then nothing was done
   * @example
   * const { succeeded } = await db.txn({
   *   if: [compare.missing("leader")],
   *   then: [op.put("leader", "me")],
   *   else: [op.get("leader")],
   * });
   */
  async txn<const Then extends Ops<Input> = [], const Else extends Ops<Input> = []>(
    request: TxnRequest<Input, Then, Else>,
  ): Promise<TxnResult<Then, Else, Value>> {
    const outcome = await this.#access.propose(txnOperation(request, this.#codec));
    return txnResult(request, outcome, this.#codec) as TxnResult<Then, Else, Value>;
  }

  /**
   * Forgets the history before `revision`: older states can no longer be read, and watches cannot start there. The state
   * at `revision` and after stays.
   *
   * @throws T4Error T4_COMPACTED (already done), T4_FUTURE_REVISION
   */
  async compact(revision: number): Promise<void> {
    const checked = wholeNumber("revision", revision, 0, 0);
    await this.#access.propose({ kind: "compact", revision: checked });
  }

  /**
   * The key with its value, or undefined.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_FUTURE_REVISION, T4_COMPACTED
   * @example
   * const theme = (await db.get("config/theme"))?.value;
   */
  async get(
    key: Bytes,
    options?: ReadOptions & ConsistencyOption,
  ): Promise<KeyValue<Value> | undefined> {
    const encoded = encodeKey(key);
    const revision = wholeNumber("revision", options?.revision, 1, 0);
    const consistency = options?.consistency ?? "linearizable";
    const found = this.#access.node().get(encoded, revision, consistency);
    const text = typeof key === "string" ? key : undefined;
    // A row in hand is answered without an await, which would cost up to a tenth of the call.
    return found instanceof Promise
      ? found.then((row) => this.#pair(row, text))
      : this.#pair(found, text);
  }

  /**
   * The keys of a set, in order of their bytes. Text or bytes alone are a prefix; "" stands for all keys.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_INVALID_ARGUMENT, T4_FUTURE_REVISION, T4_COMPACTED
   * @example
   * const page = await db.list("users/", { limit: 100 });
   * const after = page.items.at(-1)?.keyBytes ?? "";
   * const next = await db.list({ prefix: "users/", after }, { limit: 100, revision: page.revision });
   */
  async list(
    keys: Bytes | KeySelector,
    options: ListOptions & ConsistencyOption & { readonly keysOnly: true },
  ): Promise<ListResult<KeyInfo>>;
  async list(
    keys: Bytes | KeySelector,
    options?: ListOptions & ConsistencyOption & { readonly keysOnly?: false },
  ): Promise<ListResult<KeyValue<Value>>>;
  async list(
    keys: Bytes | KeySelector,
    options?: ListOptions & ConsistencyOption,
  ): Promise<ListResult<KeyInfo> | ListResult<KeyValue<Value>>> {
    const operation = rangeOperation(selectedRange(keys), options);
    return listResult(await this.#range(operation, options), this.#codec);
  }

  /**
   * How many keys a set has. Reads no values.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_FUTURE_REVISION, T4_COMPACTED
   */
  async count(
    keys: Bytes | KeySelector,
    options?: ReadOptions & ConsistencyOption,
  ): Promise<number> {
    const operation = rangeOperation(selectedRange(keys), options);
    return (await this.#range({ ...operation, countOnly: true }, options)).count;
  }

  /**
   * Whether a key exists. Reads no value.
   *
   * @throws T4Error T4_KEY_EMPTY, T4_FUTURE_REVISION, T4_COMPACTED
   */
  async exists(key: Bytes, options?: ReadOptions & ConsistencyOption): Promise<boolean> {
    return (await this.count({ key }, options)) > 0;
  }

  /**
   * Every change of a key since the last compaction, oldest first, as far as this node knows it.
   *
   * @throws T4Error T4_KEY_EMPTY
   */
  async history(key: Bytes): Promise<Change<Value>[]> {
    return promised(() =>
      this.#access
        .node()
        .history(encodeKey(key))
        .map((row) => change(row, undefined, this.#codec)),
    );
  }

  /**
   * Every change with a revision from `fromRevision` up to and including `toRevision`, in order.
   *
   * @throws T4Error T4_FUTURE_REVISION, T4_COMPACTED, T4_INVALID_ARGUMENT
   * @example
   * for await (const change of db.diff(100, 120, { prefix: "config/" })) {
   *   console.log(change.modRevision, change.type, change.key);
   * }
   */
  async *diff(
    fromRevision: number,
    toRevision: number,
    keys?: Bytes | KeySelector,
  ): AsyncGenerator<Change<Value>, void, undefined> {
    const from = wholeNumber("fromRevision", fromRevision, 1, 1);
    const to = wholeNumber("toRevision", toRevision, 1, 1);
    const range = keys === undefined ? ALL_KEYS : selectedRange(keys);
    for await (const row of this.#access.node().changes(range, from, to)) {
      yield change(row, undefined, this.#codec);
    }
  }

  /**
   * Every change of a set of keys from now on, or from `startRevision`, in batches of whole revisions. Text or bytes
   * alone are a prefix. Nothing is lost however slowly it is read: what does not fit into its buffer is read from
   * history later.
   *
   * @throws T4Error T4_COMPACTED (the history from `startRevision` is gone), T4_CANCELLED (the signal is aborted)
   * @example
   * for await (const { revision, events } of db.watch("config/", { startRevision: 2 })) {
   *   for (const event of events) console.log(event.type, event.key, event.value);
   * }
   */
  watch(keys: Bytes | KeySelector, options: WatchOptions = {}): Watch<Value> {
    return this.#watches.open(this.#access.node(), selectedRange(keys), options);
  }

  /**
   * Resolves when `revision` is committed here.
   *
   * @throws T4Error T4_CANCELLED when the signal is aborted first
   */
  async waitForRevision(
    revision: number,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { signal } = options;
    const checked = wholeNumber("revision", revision, 0, 0);
    try {
      await this.#access.node().waitForRevision(checked, signal);
    } catch (error) {
      if (signal?.aborted === true && !(error instanceof T4Error)) {
        throw new T4Error("T4_CANCELLED", "the wait was cancelled by its signal", { cause: error });
      }
      throw error;
    }
  }

  /** Makes everything committed part of the store's files, so that the next start reads no log. Not needed for safety. */
  async flush(): Promise<void> {
    await this.#access.node().flush();
  }

  /**
   * Makes a checkpoint in the object store: from here on a restore reads no log from before it. Made by itself every
   * `checkpointIntervalMs`.
   *
   * @throws T4Error T4_NO_OBJECT_STORE, T4_UNAVAILABLE, T4_FENCED
   */
  async checkpoint(): Promise<Checkpoint> {
    const { key, revision, wallMs, bytes } = await this.#access.node().checkpoint();
    return { key, revision, time: new Date(wallMs), bytes };
  }

  /**
   * Finishes what was asked for, ends all watches with T4_CLOSED, and gives the data directory back. May be called
   * twice.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#watches.end(new T4Error("T4_CLOSED", "the database is closed"));
    await stayAlive(async () => {
      await this.#node.close();
      await this.#stopped;
      await this.#closeRest?.();
    });
  }

  #range(
    operation: RangeOperation,
    options: ConsistencyOption | undefined,
  ): RangeOutcome | Promise<RangeOutcome> {
    return this.#access.node().range(operation, options?.consistency ?? "linearizable");
  }

  #pair(row: Row | undefined, text: string | undefined): KeyValue<Value> | undefined {
    return row === undefined ? undefined : keyValue(row, this.#codec, text);
  }
}
