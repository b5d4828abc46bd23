/** Opens the meters of this platform. */
import { platform } from "node:os";
import { errorText } from "../../../protocol/errors.ts";
import { diskMeter, networkMeter } from "./linux-devices.ts";
import { kernelMeter } from "./linux-kernel.ts";
import { memoryMeter, pagingMeter } from "./linux-memory.ts";
import type { Meter } from "./meter.ts";
import { loadMeter, osMemoryMeter, osProcessorMeter, ownMeter } from "./portable.ts";

export interface Meters {
  meters: Meter[];
  /** Channels that are left out, with a reason if the machine has them. */
  missing: string[];
}

/** On any `system` except "linux", opens the meters that every platform has. */
export function openMeters(system: string = platform()): Meters {
  const found: Meters = { meters: [], missing: [] };
  if (system === "linux") {
    open(found, "processors (/proc/stat)", kernelMeter, osProcessorMeter);
    open(found, "load.*", loadMeter);
    open(found, "memory (/proc/meminfo)", memoryMeter, osMemoryMeter);
    open(found, "paging.*", pagingMeter);
    open(found, "disk.*", diskMeter);
    open(found, "network.*", networkMeter);
  } else {
    open(found, "processors", osProcessorMeter);
    open(found, "load.*", loadMeter);
    open(found, "memory", osMemoryMeter);
    found.missing.push("kernel.*", "processes.*", "paging.*", "disk.*", "network.*", "swap.used");
  }
  open(found, "own.*", ownMeter);
  return found;
}

/** If a meter cannot be opened (hidden /proc, no permission), opens `instead` where there is one; reports it as missing in any case. */
function open(found: Meters, name: string, create: () => Meter | null, instead?: () => Meter): void {
  try {
    const meter = create();
    if (meter === null) found.missing.push(name);
    else {
      found.meters.push(meter);
      found.missing.push(...meter.missing);
    }
  } catch (error) {
    found.missing.push(`${name} (${errorText(error)})`);
    if (instead !== undefined) open(found, name, instead);
  }
}
