// What keeps a process alive that waits for nothing but a time to pass: the clock's own timers do not, so that an embedded store
// never holds a program back. Without it such a process would end in the middle of its work, with Node's exit code 13.

/** The longest that a timer can be set for. */
const NEVER_MS = 0x7fffffff;

/** Until what is returned is called. Costs nothing: it never fires. */
export function stayAlive(): () => void {
  const timer = setInterval(() => {}, NEVER_MS);
  return () => {
    clearInterval(timer);
  };
}
