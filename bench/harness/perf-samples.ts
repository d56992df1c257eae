// Samples of `perf script` put into groups that a reader of docs/benchmarks.md knows by name.

/** Where a sample belongs if one of its frames matches; tried in this order. */
const groups: readonly (readonly [name: string, matches: RegExp])[] = [
  [
    "garbage collector",
    /Scaveng|MarkCompact|Sweep|GarbageCollect|IncrementalMarking|Evacuat|ConcurrentMarking|MarkingVisitor/,
  ],
  ["compiler", /OptimizingCompile|internal::compiler|internal::baseline|Compiler::Compile/],
  ["kernel: sockets", /\btcp_|\bsock_|\binet_/],
  [
    "kernel: files",
    /\bext4_|\bvfs_p?write|\bvfs_fsync|\bblk_|x64_sys_(pwrite|pread|fsync|fdatasync)/,
  ],
  ["kernel: waiting and waking", /x64_sys_(epoll|futex)|\bschedule\b|\beventfd|ksys_/],
];

/** A function of ours: the folder of its file below dist/. */
const ownFrame = /\/dist\/(?:cli\/)?([a-z]+)\//;

interface Sample {
  readonly thread: string;
  readonly frames: readonly string[];
}

/** Blocks of a line with a thread's id and lines with frames, innermost first. */
function* samplesIn(text: string): Generator<Sample> {
  let thread = "";
  let frames: string[] = [];
  for (const line of text.split("\n")) {
    if (line === "") {
      if (thread !== "") {
        yield { thread, frames };
      }
      thread = "";
      frames = [];
    } else if (/^\s*\d+\s*$/.test(line)) {
      thread = line.trim();
    } else {
      frames.push(line.trim());
    }
  }
}

function groupOf(frames: readonly string[]): string {
  for (const [name, matches] of groups) {
    if (frames.some((frame) => matches.test(frame))) {
      return name;
    }
  }
  for (const frame of frames) {
    const folder = frame.includes("node_modules") ? undefined : ownFrame.exec(frame)?.[1];
    if (folder !== undefined) {
      return `src/${folder}`;
    }
  }
  return "Node and V8 beside";
}

/** Rows for a table: thread, group, microseconds per put, most first. */
export function groupSamples(
  text: string,
  nameOf: (thread: string) => string,
  byThread: ReadonlyMap<string, number>,
): string[][] {
  const counts = new Map<string, Map<string, number>>();
  for (const { thread, frames } of samplesIn(text)) {
    const name = nameOf(thread);
    const ofThread = counts.get(name) ?? new Map<string, number>();
    counts.set(name, ofThread);
    const group = groupOf(frames);
    ofThread.set(group, (ofThread.get(group) ?? 0) + 1);
  }
  const rows: string[][] = [];
  for (const [thread, ofThread] of counts) {
    const total = [...ofThread.values()].reduce((sum, count) => sum + count, 0);
    for (const [group, count] of [...ofThread].sort((left, right) => right[1] - left[1])) {
      const microseconds = ((byThread.get(thread) ?? 0) * count) / total;
      if (microseconds >= 0.05) {
        rows.push([thread, group, microseconds.toFixed(2)]);
      }
    }
  }
  return rows;
}
