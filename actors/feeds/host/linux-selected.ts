/**
 * Meters of Linux that are taken when they are asked for, because not every machine has them and who watches others need not see more:
 *
 *   pressure      /proc/pressure                      share of time in which work waited for processors, memory or disks
 *   temperature   /sys/class/hwmon, else thermal      of each sensor
 *   frequency     /sys/devices/system/cpu             of the cores
 *   cgroup        /sys/fs/cgroup (version 2)          of the group that this program belongs to: processor, memory, disks, and what its limit withheld
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Channel, channel, type Meter, Rates } from "./meter.ts";
import { ProcFile, word } from "./proc-file.ts";

/** Sensors, and cores, at most: all channels of a machine are one group. */
const SENSORS_MAX = 16;
const CORES_MAX = 80;

const SOME = word("some ");
const FULL = word("full ");

/** µs a second to percent. */
const PERCENT = 1e-4;

/** Pressure stall information (Documentation/accounting/psi.rst): `some` of the work waited, or all of it. Null without it. */
export function pressureMeter(root = "/proc/pressure"): Meter | null {
  const resources = ["cpu", "memory", "io"].filter((name) => existsSync(join(root, name)));
  if (resources.length === 0) return null;
  const files = resources.map((name) => new ProcFile(join(root, name)));
  const rates = new Rates(2 * files.length);
  return {
    channels: resources.flatMap((name) => [
      channel(`pressure.${name}`, `Some waited for ${name}`, "%"),
      channel(`pressure.${name}.full`, `All waited for ${name}`, "%"),
    ]),
    missing: [],
    read(into, at, seconds) {
      for (const [k, file] of files.entries()) {
        into.fill(Number.NaN, at + 2 * k, at + 2 * k + 2);
        file.read();
        while (file.nextLine()) {
          const place = file.take(SOME) ? 2 * k : file.take(FULL) ? 2 * k + 1 : -1;
          if (place < 0) continue;
          // avg10=… avg60=… avg300=… total=µs
          for (let each = 0; each < 3; each++) file.skipWord();
          into[at + place] = rates.rate(place, file.number(), seconds) * PERCENT;
        }
      }
    },
    close: () => closeAll(files),
  };
}

/** Sensors of hwmon, else thermal zones, in °C. Null without any. */
export function temperatureMeter(root = "/sys/class"): Meter | null {
  const sensors = [...hwmonSensors(join(root, "hwmon"))];
  if (sensors.length === 0) sensors.push(...thermalZones(join(root, "thermal")));
  const files = openable(sensors.slice(0, SENSORS_MAX));
  if (files.length === 0) return null;
  return {
    channels: uniquelyNamed(
      files.map(({ name }) => channel(`temperature.${name}`, `Temperature, ${name}`, "°C")),
    ),
    missing:
      sensors.length > SENSORS_MAX ? [`temperatures of ${sensors.length - SENSORS_MAX} more sensors`] : [],
    read(into, at) {
      for (const [k, { file }] of files.entries()) into[at + k] = numberIn(file) / 1_000;
    },
    close: () => closeAll(files.map(({ file }) => file)),
  };
}

/** Mean and lowest of all cores. Null where the system does not tell. */
export function frequencyMeter(root = "/sys/devices/system/cpu"): Meter | null {
  const cores = list(root)
    .filter((name) => /^cpu\d+$/.test(name))
    .slice(0, CORES_MAX);
  const files = openable(
    cores.map((name) => ({ name, path: join(root, name, "cpufreq", "scaling_cur_freq") })),
  );
  if (files.length === 0) return null;
  return {
    channels: [
      channel("frequency.mean", "Frequency of the cores, mean", "Hz"),
      channel("frequency.lowest", "Frequency of the cores, lowest", "Hz"),
    ],
    missing: [],
    read(into, at) {
      let sum = 0;
      let lowest = Number.POSITIVE_INFINITY;
      for (const { file } of files) {
        const hertz = numberIn(file) * 1_000;
        sum += hertz;
        lowest = Math.min(lowest, hertz);
      }
      into[at] = sum / files.length;
      into[at + 1] = lowest;
    },
    close: () => closeAll(files.map(({ file }) => file)),
  };
}

/** Of the group that this program belongs to. Null without files of version 2. */
export function cgroupMeter(root = "/sys/fs/cgroup", own = "/proc/self/cgroup"): Meter | null {
  const folder = join(root, /^0::(.*)$/m.exec(readFileSync(own, "utf8"))?.[1] ?? "");
  const parts = [cgroupProcessor, cgroupMemory, cgroupDisks].flatMap((part) => part(folder) ?? []);
  if (parts.length === 0) return null;
  return {
    channels: parts.flatMap(({ channels }) => channels),
    missing: [],
    read(into, at, seconds) {
      let place = at;
      for (const part of parts) {
        part.read(into, place, seconds);
        place += part.channels.length;
      }
    },
    close() {
      for (const part of parts) part.close();
    },
  };
}

const USAGE = word("usage_usec ");
const THROTTLED = word("throttled_usec ");

function cgroupProcessor(folder: string): Meter | null {
  const path = join(folder, "cpu.stat");
  if (!existsSync(path)) return null;
  const file = new ProcFile(path);
  const rates = new Rates(2);
  return {
    channels: [
      channel("cgroup.cpu", "Processor time of the cgroup", "%"),
      channel("cgroup.throttled", "Processor time that the cgroup's limit withheld", "%"),
    ],
    missing: [],
    read(into, at, seconds) {
      into.fill(Number.NaN, at, at + 2);
      file.read();
      while (file.nextLine())
        if (file.take(USAGE)) into[at] = rates.rate(0, file.number(), seconds) * PERCENT;
        else if (file.take(THROTTLED)) into[at + 1] = rates.rate(1, file.number(), seconds) * PERCENT;
    },
    close: () => file.close(),
  };
}

function cgroupMemory(folder: string): Meter | null {
  const path = join(folder, "memory.current");
  if (!existsSync(path)) return null;
  const file = new ProcFile(path);
  return {
    channels: [channel("cgroup.memory", "Memory of the cgroup", "B")],
    missing: [],
    read(into, at) {
      into[at] = numberIn(file);
    },
    close: () => file.close(),
  };
}

/** A line per device: `8:0 rbytes=1 wbytes=2 rios=3 …`. */
function cgroupDisks(folder: string): Meter | null {
  const path = join(folder, "io.stat");
  if (!existsSync(path)) return null;
  const file = new ProcFile(path);
  const rates = new Rates(2);
  return {
    channels: [
      channel("cgroup.read", "Disk read by the cgroup", "B/s"),
      channel("cgroup.written", "Disk written by the cgroup", "B/s"),
    ],
    missing: [],
    read(into, at, seconds) {
      let read = 0;
      let written = 0;
      file.read();
      while (file.nextLine()) {
        file.skipWord();
        const bytes = file.number();
        // A device that was not used has no numbers.
        if (Number.isNaN(bytes)) continue;
        read += bytes;
        written += file.number();
      }
      into[at] = rates.rate(0, read, seconds);
      into[at + 1] = rates.rate(1, written, seconds);
    },
    close: () => file.close(),
  };
}

interface Sensor {
  readonly name: string;
  readonly path: string;
}

function* hwmonSensors(root: string): Generator<Sensor> {
  for (const chip of list(root)) {
    const folder = join(root, chip);
    for (const file of list(folder)) {
      const input = /^(temp\d+)_input$/.exec(file)?.[1];
      if (input === undefined) continue;
      const label = textIn(join(folder, `${input}_label`)) ?? input;
      yield { name: `${textIn(join(folder, "name")) ?? chip}.${label}`, path: join(folder, file) };
    }
  }
}

function* thermalZones(root: string): Generator<Sensor> {
  for (const zone of list(root))
    if (zone.startsWith("thermal_zone"))
      yield { name: textIn(join(root, zone, "type")) ?? zone, path: join(root, zone, "temp") };
}

/** Those that can be read now: a sensor may be asleep, or not for everybody. */
function openable(sensors: readonly Sensor[]): { name: string; file: ProcFile }[] {
  return sensors.flatMap(({ name, path }) => {
    try {
      const file = new ProcFile(path);
      file.read();
      return [{ name, file }];
    } catch {
      return [];
    }
  });
}

/** The number that a file consists of; NaN where it cannot be read at the moment. */
function numberIn(file: ProcFile): number {
  try {
    file.read();
  } catch {
    return Number.NaN;
  }
  if (!file.nextLine()) return Number.NaN;
  const sign = file.take(MINUS) ? -1 : 1;
  return sign * file.number();
}

const MINUS = word("-");

function uniquelyNamed(channels: readonly Channel[]): Channel[] {
  return channels.map((each, k) => {
    const before = channels.slice(0, k).filter(({ name }) => name === each.name).length;
    return before === 0
      ? each
      : { ...each, name: `${each.name}.${before + 1}`, title: `${each.title} ${before + 1}` };
  });
}

/** Null where there is no such file. */
function textIn(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim() || null;
  } catch {
    return null;
  }
}

function list(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder).sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    : [];
}

function closeAll(files: readonly ProcFile[]): void {
  for (const file of files) file.close();
}
