// The metrics that every program has by Prometheus's conventions, under the names that dashboards know.
import { readdirSync, readFileSync } from "node:fs";
import type { Metrics } from "./metrics.js";

export function declareProcessMetrics(metrics: Metrics): void {
  const startedSeconds = Date.now() / 1000 - process.uptime();
  metrics.gauge(
    "process_start_time_seconds",
    "Start time of the process since 1970 in seconds.",
    () => startedSeconds,
  );
  metrics.gauge("process_resident_memory_bytes", "Resident memory in bytes.", () =>
    process.memoryUsage.rss(),
  );
  metrics.counter("process_cpu_seconds_total", "User and system CPU time in seconds.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge("nodejs_heap_size_used_bytes", "Bytes of the heap that are in use.", () => {
    return process.memoryUsage().heapUsed;
  });
  metrics.gauge("nodejs_external_memory_bytes", "Bytes of buffers outside the heap.", () => {
    return process.memoryUsage().external;
  });
  // Linux tells these in files; other systems have no cheap way, and the metrics are left out.
  if (process.platform === "linux") {
    metrics.gauge("process_open_fds", "Open file descriptors.", openFiles);
    metrics.gauge("process_max_fds", "Most open file descriptors allowed.", openFilesMax);
    metrics.gauge("process_virtual_memory_bytes", "Virtual memory in bytes.", virtualMemoryBytes);
  }
}

function openFiles(): number {
  // One of them is that of the directory being read.
  return readdirSync("/proc/self/fd").length - 1;
}

function openFilesMax(): number {
  const found = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  return found === null ? 0 : Number(found[1]);
}

function virtualMemoryBytes(): number {
  const found = /^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  return found === null ? 0 : Number(found[1]) * 1024;
}
