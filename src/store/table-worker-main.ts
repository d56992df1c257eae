// Entry module of the thread that makes the store's files.
import { runWorker } from "../runtime/node-threads.js";
import { readSegments } from "./work/read-segments.js";
import { tableWorker } from "./work/table-worker.js";

runWorker(tableWorker(readSegments));
