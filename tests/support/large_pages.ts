/**
 * What tests of memory on large pages ask of the system.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";

const SETTING = "/sys/kernel/mm/transparent_hugepage/enabled";
const AVAILABLE_KB = /^MemAvailable:\s+(\d+) kB$/m;
const LARGE_KB = /^AnonHugePages:\s+(\d+) kB$/m;

/** Why such a test cannot run here, or `false`. */
export function lacksLargePages(): string | false {
  if (!existsSync(SETTING) || readFileSync(SETTING, "utf8").includes("[never]")) {
    return "The system has no large pages for those who ask.";
  }
  const kilobytes = Number(AVAILABLE_KB.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]);
  return kilobytes < 3 << 20 ? "With little memory left, a system has no large pages." : false;
}

/** Bytes of this process that lie on large pages. */
export function largePageBytes(): number {
  return 1024 * Number(LARGE_KB.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]);
}
