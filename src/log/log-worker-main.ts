// Entry module of the thread that writes the log.
import { runWorker } from "../runtime/node-threads.js";
import { logWorker } from "./log-worker.js";

runWorker(logWorker);
