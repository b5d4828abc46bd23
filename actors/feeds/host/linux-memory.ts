/** Memory and paging, from /proc/meminfo and /proc/vmstat. */

import { channel, type Meter, Rates } from "./meter.ts";
import { ProcFile, word } from "./proc-file.ts";

const KIBIBYTE = 1024;

const TOTAL = word("MemTotal:");
const FREE = word("MemFree:");
const AVAILABLE = word("MemAvailable:");
const BUFFERS = word("Buffers:");
const CACHED = word("Cached:");
const RECLAIMABLE = word("SReclaimable:");
const DIRTY = word("Dirty:");
const SWAP_TOTAL = word("SwapTotal:");
const SWAP_FREE = word("SwapFree:");
const FAULTS = word("pgfault ");
const MAJOR_FAULTS = word("pgmajfault ");

/** Used memory is total − free − buffers − cached − reclaimable, as in free(1); it is not the complement of available memory. */
export function memoryMeter(): Meter {
  const file = new ProcFile("/proc/meminfo");
  const swap = swapTotal(file) > 0;
  return {
    channels: [
      channel("memory.used", "Memory used", "B"),
      channel("memory.available", "Memory available", "B"),
      channel("memory.cached", "Memory cached", "B"),
      channel("memory.dirty", "Memory to be written", "B"),
      ...(swap ? [channel("swap.used", "Swap used", "B")] : []),
    ],
    missing: swap ? [] : ["swap.used"],
    read(into, at) {
      let used = 0;
      let swapUsed = 0;
      file.read();
      while (file.nextLine()) {
        if (file.take(TOTAL)) used += file.number();
        else if (file.take(FREE) || file.take(BUFFERS)) used -= file.number();
        else if (file.take(AVAILABLE)) into[at + 1] = file.number() * KIBIBYTE;
        else if (file.take(CACHED)) {
          const cached = file.number();
          used -= cached;
          into[at + 2] = cached * KIBIBYTE;
        } else if (file.take(RECLAIMABLE)) used -= file.number();
        else if (file.take(DIRTY)) into[at + 3] = file.number() * KIBIBYTE;
        else if (file.take(SWAP_TOTAL)) swapUsed += file.number();
        else if (file.take(SWAP_FREE)) swapUsed -= file.number();
      }
      into[at] = used * KIBIBYTE;
      if (swap) into[at + 4] = swapUsed * KIBIBYTE;
    },
    close: () => file.close(),
  };
}

export function pagingMeter(): Meter {
  const file = new ProcFile("/proc/vmstat");
  const rates = new Rates(2);
  return {
    channels: [
      channel("paging.faults", "Page faults", "1/s"),
      channel("paging.majorFaults", "Page faults from disk", "1/s"),
    ],
    missing: [],
    read(into, at, seconds) {
      file.read();
      while (file.nextLine()) {
        if (file.take(FAULTS)) into[at] = rates.rate(0, file.number(), seconds);
        else if (file.take(MAJOR_FAULTS)) {
          into[at + 1] = rates.rate(1, file.number(), seconds);
          // No later line is needed.
          return;
        }
      }
    },
    close: () => file.close(),
  };
}

function swapTotal(file: ProcFile): number {
  file.read();
  while (file.nextLine()) if (file.take(SWAP_TOTAL)) return file.number();
  return 0;
}
