/** Meters that every platform has: their channels, and readings between what the runtime says before and after them. */
import { cpus, loadavg, platform, totalmem } from "node:os";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Meter } from "../../actors/feeds/host/meter.ts";
import { loadMeter, osMemoryMeter, osProcessorMeter, ownMeter } from "../../actors/feeds/host/portable.ts";

/** One reading, written after one other number. */
function reading(meter: Meter, seconds: number): number[] {
  const into = new Float64Array(meter.channels.length + 2).fill(-1);
  meter.read(into, 1, seconds);
  assert.equal([into[0], into.at(-1)], [-1, -1], "a meter writes its own places only");
  return [...into.subarray(1, -1)];
}

const shape = ({ channels }: Meter) => channels.map(({ name, title, unit }) => `${name}|${title}|${unit}`);

/** Keeps a processor busy for at least so long, by its own clock. */
function work(ms: number): void {
  const cpuMs = () => process.cpuUsage().user / 1000;
  for (const end = cpuMs() + ms; cpuMs() < end; );
}

test("the load is that of the system, over 1, 5 and 15 minutes", () => {
  const meter = loadMeter();
  if (platform() === "win32") return assert.is(meter, null);
  const expected = ["load.1m|Load, 1 minute|", "load.5m|Load, 5 minutes|", "load.15m|Load, 15 minutes|"];
  assert.equal(shape(meter!), expected);
  assert.equal(meter!.missing, []);
  const before = loadavg();
  const found = reading(meter!, 1);
  const after = loadavg();
  // The system renews them every five seconds.
  assert.ok(found.every((load, k) => load === before[k] || load === after[k]));
});

test("the processor time of this process is in percent of one core", () => {
  const meter = ownMeter();
  assert.equal(shape(meter), [
    "own.cpu|Own processor time|%",
    "own.memory|Own memory|B",
    "own.heap|Own heap used|B",
  ]);
  const total = () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const bounds = [total()];
  assert.ok(Number.isNaN(reading(meter, 1)[0]!), "a first reading has no rate");
  bounds.push(total());
  work(30);
  bounds.push(total());
  const [cpu, memory, heap] = reading(meter, 0.5);
  bounds.push(total());
  // µs in half a second, as percent of a core.
  assert.ok(
    cpu! >= (bounds[2]! - bounds[1]!) / 5_000 - 1e-9 && cpu! <= (bounds[3]! - bounds[0]!) / 5_000 + 1e-9,
  );
  assert.ok(memory! > heap! && heap! > 1e6, `${memory} bytes, of the heap ${heap}`);
});

test("processors are busy between 0 and 100 %, known from the second reading on", () => {
  const meter = osProcessorMeter();
  const cores = Math.min(cpus().length, 32);
  assert.equal(
    shape(meter),
    Array.from({ length: cores }, (_, k) => `cpu${k}.busy|Core ${k} busy|%`),
  );
  assert.ok(reading(meter, 1).every(Number.isNaN));
  const before = cpus();
  // A tick of the system's counters is 10 ms.
  work(200);
  const shares = reading(meter, 1);
  assert.is(shares.length, cores);
  const busy = shares.filter((share) => !Number.isNaN(share));
  assert.ok(busy.length > 0 && busy.every((share) => share >= 0 && share <= 100), shares.join());
  const now = cpus();
  const spent = now.map(({ times }, k) => times.user - before[k]!.times.user);
  assert.ok(Math.max(...shares.map((share) => share || 0)) > 0 || Math.max(...spent) === 0);
});

test("the memory that is used is part of what there is", () => {
  const meter = osMemoryMeter();
  assert.equal(shape(meter), ["memory.used|Memory used|B"]);
  const [used] = reading(meter, 1);
  assert.ok(used! > 0 && used! < totalmem());
});

test.run();
