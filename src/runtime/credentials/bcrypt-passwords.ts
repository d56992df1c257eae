// Passwords hashed by bcrypt on a thread of their own, which is started when the first is to be hashed.
// bcrypt, because a store that is exported to etcd or imported from it keeps its users' passwords.
import type { Passwords } from "./passwords.js";
import type { Thread, Threads } from "../threads.js";

/** As etcd's --bcrypt-cost. Each step up doubles the time: 10 takes some 80 ms. */
export const BCRYPT_COST = 10;
export const BCRYPT_COST_MIN = 4;
export const BCRYPT_COST_MAX = 31;

/** Salt and digest of a hash that no password is known for. */
const NOBODYS = "7EqJtq98hPqEX7fNZaFWoOhi5jAlbYTnGyq.tVu4lpc.5n.oVBjCe";
const HASH = /^\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$/;

export type PasswordRequest =
  | { readonly kind: "hash"; readonly password: string; readonly cost: number }
  | { readonly kind: "verify"; readonly password: string; readonly hash: string };

/** To a hash its text, to a verification the verdict. */
export type PasswordReply = string | boolean;

interface Waiting {
  readonly resolve: (reply: PasswordReply) => void;
  readonly reject: (error: Error) => void;
}

export function bcryptPasswords(threads: Threads, cost: number = BCRYPT_COST): Passwords {
  return new BcryptPasswords(threads, cost);
}

class BcryptPasswords implements Passwords {
  readonly #threads: Threads;
  readonly #cost: number;
  #thread: Thread | null = null;
  /** In the order in which the thread answers. */
  #waiting: Waiting[] = [];
  #isClosed = false;

  constructor(threads: Threads, cost: number) {
    this.#threads = threads;
    this.#cost = cost;
  }

  async hash(password: string): Promise<string> {
    return String(await this.#ask({ kind: "hash", password, cost: this.#cost }));
  }

  async verify(password: string, hash: string): Promise<boolean> {
    const isHash = HASH.test(hash);
    const checked = isHash ? hash : `$2a$${String(this.#cost).padStart(2, "0")}$${NOBODYS}`;
    return (await this.#ask({ kind: "verify", password, hash: checked })) === true && isHash;
  }

  async #ask(request: PasswordRequest): Promise<PasswordReply> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new Error("passwords are not checked any more"));
        return;
      }
      const thread = (this.#thread ??= this.#start());
      this.#waiting.push({ resolve, reject });
      thread.hold();
      thread.post(request);
    });
  }

  #start(): Thread {
    const thread = this.#threads.spawn(
      "t4-passwords",
      new URL("./password-worker-main.js", import.meta.url),
      null,
    );
    thread.onMessage((reply) => {
      this.#waiting.shift()?.resolve(reply as PasswordReply);
      if (this.#waiting.length === 0) {
        thread.release();
      }
    });
    thread.onError((error) => {
      // Those who wait are told; who comes next gets a new thread.
      this.#thread = null;
      this.#failWaiting(error);
    });
    return thread;
  }

  #failWaiting(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#thread = null;
    this.#failWaiting(new Error("passwords are not checked any more"));
    await thread?.terminate();
  }
}
