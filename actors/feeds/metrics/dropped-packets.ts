/** How many packets of a UDP port the system has dropped: the last column of /proc/net/udp and udp6 (proc(5)). */
import { existsSync, readFileSync } from "node:fs";

const TABLES = ["/proc/net/udp", "/proc/net/udp6"];

export class DroppedPackets {
  private readonly place: string;
  private known = 0;

  private constructor(port: number) {
    this.place = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
    this.known = this.total();
  }

  /** Null where the system does not tell. */
  static of(port: number): DroppedPackets | null {
    return TABLES.some((path) => existsSync(path)) ? new DroppedPackets(port) : null;
  }

  /** Since the call before, or since the beginning. */
  sinceLast(): number {
    const now = this.total();
    const since = Math.max(0, now - this.known);
    this.known = now;
    return since;
  }

  private total(): number {
    let total = 0;
    for (const path of TABLES)
      for (const line of existsSync(path) ? readFileSync(path, "latin1").split("\n") : []) {
        const [, local = "", ...rest] = line.trim().split(/\s+/);
        if (local.endsWith(this.place)) total += Number(rest.at(-1));
      }
    return total;
  }
}
