// A worker for tests: answers each message, throws when told to.
import { runWorker } from "../../src/runtime/node-threads.js";
import type { WorkerContext } from "../../src/runtime/threads.js";

export function echoWorker(context: WorkerContext): void {
  context.onMessage((message) => {
    if (message === "throw") {
      throw new Error("the worker was told to throw");
    }
    if (message === "exit") {
      process.exit(3);
    }
    context.post({ data: context.data, message });
  });
}

runWorker(echoWorker);
