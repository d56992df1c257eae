// Entry module of the thread that makes the store's files.
import { runWorker } from "../runtime/node-threads.js";
import { readSegments } from "./upkeep/read-segments.js";
import { tableWorker } from "./upkeep/table-worker.js";

runWorker(tableWorker(readSegments));
