// Makes checkpoints when one is due, and collects what is no longer needed after each. One at a time, whoever asks.
// Must never: delay a write, or stop the node because the object store fails: a checkpoint that fails is tried again.
import { T4Error } from "../../core/errors.js";
import type { Term } from "../../core/words.js";
import type { Archive } from "../../archive/archive.js";
import type { StoreContext } from "../../archive/store-context.js";
import { collect } from "../../checkpoint/collection/collect.js";
import { uploadCheckpoint, type UploadResult } from "../../checkpoint/upload/upload-checkpoint.js";
import { TaskGroup } from "../../lib/task-group.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { HeldManifest } from "../../store/disk/store-files.js";
import type { CheckpointConfig } from "./archive-config.js";

/** How often it is looked whether a checkpoint is due. */
const LOOK_MS = 1_000;
/** After one failed, the least time to the next try. */
const RETRY_MS = 10_000;
