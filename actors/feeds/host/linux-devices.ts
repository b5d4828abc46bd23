/**
 * Disks and network, from /proc/diskstats and /proc/net/dev: rates, summed over the physical devices.
 *
 * Partitions, loop devices, RAM disks and device mappers repeat the traffic of a disk; bridges and virtual pairs repeat that of a network
 * card. Without a physical card (in a container), all interfaces except the loopback count.
 */

import { existsSync, readdirSync } from "node:fs";
import { channel, type Meter, Rates } from "./meter.ts";
import { ProcFile, word } from "./proc-file.ts";

/** A sector in /proc/diskstats, which may differ from the sector of the disk (Documentation/admin-guide/iostats.rst). */
const SECTOR_BYTES = 512;
const REPEATING_DISKS = /^(loop|ram|zram|dm-|md|fd|sr)/;

/** Null if no disk is visible. */
export function diskMeter(): Meter | null {
  const disks = list("/sys/block").filter((name) => !REPEATING_DISKS.test(name));
  if (disks.length === 0) return null;
  const names = disks.map((name) => word(`${name} `));
  const file = new ProcFile("/proc/diskstats");
  const rates = new Rates(4);
  return {
    channels: [
      channel("disk.read", "Disk read", "B/s"),
      channel("disk.written", "Disk written", "B/s"),
      channel("disk.reads", "Disk reads", "1/s"),
      channel("disk.writes", "Disk writes", "1/s"),
    ],
    missing: [],
    read(into, at, seconds) {
      let reads = 0;
      let sectorsRead = 0;
      let writes = 0;
      let sectorsWritten = 0;
      file.read();
      while (file.nextLine()) {
        // major minor name reads merged sectors ms writes merged sectors …
        file.skipWord();
        file.skipWord();
        file.skipSpaces();
        if (!takeOne(file, names)) continue;
        reads += file.number();
        file.number();
        sectorsRead += file.number();
        file.number();
        writes += file.number();
        file.number();
        sectorsWritten += file.number();
      }
      into[at] = rates.rate(0, sectorsRead * SECTOR_BYTES, seconds);
      into[at + 1] = rates.rate(1, sectorsWritten * SECTOR_BYTES, seconds);
      into[at + 2] = rates.rate(2, reads, seconds);
      into[at + 3] = rates.rate(3, writes, seconds);
    },
    close: () => file.close(),
  };
}

/** Null if the loopback is the only interface. */
export function networkMeter(): Meter | null {
  const all = list("/sys/class/net").filter((name) => name !== "lo");
  const physical = all.filter((name) => existsSync(`/sys/class/net/${name}/device`));
  const interfaces = physical.length > 0 ? physical : all;
  if (interfaces.length === 0) return null;
  const names = interfaces.map((name) => word(`${name}:`));
  const file = new ProcFile("/proc/net/dev");
  const rates = new Rates(4);
  return {
    channels: [
      channel("network.received", "Network received", "B/s"),
      channel("network.sent", "Network sent", "B/s"),
      channel("network.packetsReceived", "Packets received", "1/s"),
      channel("network.packetsSent", "Packets sent", "1/s"),
    ],
    missing: [],
    read(into, at, seconds) {
      let received = 0;
      let packetsReceived = 0;
      let sent = 0;
      let packetsSent = 0;
      file.read();
      while (file.nextLine()) {
        file.skipSpaces();
        if (!takeOne(file, names)) continue;
        // name: bytes packets errs drop fifo frame compressed multicast bytes packets …
        received += file.number();
        packetsReceived += file.number();
        for (let k = 0; k < 6; k++) file.number();
        sent += file.number();
        packetsSent += file.number();
      }
      into[at] = rates.rate(0, received, seconds);
      into[at + 1] = rates.rate(1, sent, seconds);
      into[at + 2] = rates.rate(2, packetsReceived, seconds);
      into[at + 3] = rates.rate(3, packetsSent, seconds);
    },
    close: () => file.close(),
  };
}

function takeOne(file: ProcFile, names: readonly Uint8Array[]): boolean {
  for (const name of names) if (file.take(name)) return true;
  return false;
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
