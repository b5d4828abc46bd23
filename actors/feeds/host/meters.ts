/** Opens the meters of this platform. */
import { platform } from "node:os";
import { errorText } from "../../../protocol/errors.ts";
import { diskMeter, networkMeter } from "./linux-devices.ts";
import { kernelMeter } from "./linux-kernel.ts";
import { memoryMeter, pagingMeter } from "./linux-memory.ts";
import { cgroupMeter, frequencyMeter, pressureMeter, temperatureMeter } from "./linux-selected.ts";
import type { Meter } from "./meter.ts";
import { loadMeter, osMemoryMeter, osProcessorMeter, ownMeter } from "./portable.ts";

export interface Meters {
  meters: Meter[];
  /** Channels that are left out, with a reason if the machine has them. */
  missing: string[];
}

/** What is taken when it is asked for (linux-selected.ts). */
export const SELECTED = {
  pressure: () => pressureMeter(),
  temperature: () => temperatureMeter(),
  frequency: () => frequencyMeter(),
  cgroup: () => cgroupMeter(),
} satisfies Record<string, () => Meter | null>;

export type Selected = keyof typeof SELECTED;

/** On any `system` except "linux", opens the meters that every platform has. `selected`: what is taken besides. */
export function openMeters(system: string = platform(), selected: readonly Selected[] = []): Meters {
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
  for (const name of selected)
    if (system === "linux") open(found, `${name}.*`, SELECTED[name]);
    else found.missing.push(`${name}.* (Linux only)`);
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
