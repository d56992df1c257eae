// Slows down who guesses passwords, and nobody else: failures count for one user from one address, and all they cost is a
// pause of at most half a minute. So no one can be locked out by others who fail in its name elsewhere, nor for long by
// those who share its address.
import {
  GUESSES_FREE,
  GUESSES_REMEMBERED_MAX,
  GUESS_FORGET_MS,
  GUESS_PAUSE_MS,
  GUESS_PAUSE_MS_MAX,
} from "../../core/limits.js";
import { sha256Hex } from "../../lib/hashes/sha256.js";

interface Failures {
  count: number;
  pauseUntilMs: number;
  lastMs: number;
}

export class GuessLimiter {
  /** By user and address, least recently failed first. */
  readonly #failures = new Map<string, Failures>();

  /** Whether a password may be tried now. */
  mayTry(user: string, peer: string, nowMs: number): boolean {
    const failures = this.#failures.get(keyOf(user, peer));
    return failures === undefined || nowMs >= failures.pauseUntilMs;
  }

  failed(user: string, peer: string, nowMs: number): void {
    const key = keyOf(user, peer);
    const before = this.#failures.get(key);
    const isFresh = before === undefined || nowMs - before.lastMs >= GUESS_FORGET_MS;
    const count = isFresh ? 1 : before.count + 1;
    const over = count - GUESSES_FREE;
    const pauseMs = over < 0 ? 0 : Math.min(GUESS_PAUSE_MS * 2 ** over, GUESS_PAUSE_MS_MAX);
    this.#failures.delete(key);
    this.#failures.set(key, { count, pauseUntilMs: nowMs + pauseMs, lastMs: nowMs });
    if (this.#failures.size > GUESSES_REMEMBERED_MAX) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    }
  }

  succeeded(user: string, peer: string): void {
    this.#failures.delete(keyOf(user, peer));
  }
}

/** Of one size, whatever was sent as a user's name. */
function keyOf(user: string, peer: string): string {
  return `${addressOf(peer)} ${sha256Hex(user)}`;
}

/**
 * The address of "address:port". Of IPv6 the first half, since whoever has one address there has all of those; an address
 * of IPv4 in IPv6's form whole.
 */
export function addressOf(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  if (!address.includes(":") || address.includes(".")) {
    return address;
  }
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const tailGroups = tail === "" ? [] : tail.split(":");
    while (groups.length + tailGroups.length < 8) {
      groups.push("0");
    }
    groups.push(...tailGroups);
  }
  return groups.slice(0, 4).join(":");
}
