// Tells systemd that the server is ready, as etcd does: units with Type=notify wait for it. Node cannot send to the socket
// itself (it is a datagram socket of the file system), so systemd's own small program does.
import { execFile } from "node:child_process";
import type { Logger } from "../../runtime/logger.js";

const TIMEOUT_MS = 5000;

export function notifySystemd(logger: Logger): void {
  if ((process.env["NOTIFY_SOCKET"] ?? "") === "") {
    return;
  }
  logger.info("notifying init daemon");
  const args = ["--ready", `--pid=${String(process.pid)}`];
  execFile("systemd-notify", args, { timeout: TIMEOUT_MS }, (error) => {
    if (error === null) {
      logger.info("successfully notified init daemon");
    } else {
      logger.warn(
        "systemd was not told that the server is ready: the unit needs NotifyAccess=all, or Type=exec",
        { reason: error.message },
      );
    }
  });
}
