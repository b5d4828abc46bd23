/**
 * The scans that the log of a session has: those that are not over, and the newest of those that are.
 *
 *   scanRequested ─► running ⇄ paused ─► over ─► forgotten: the oldest first, or removed by a person
 *
 * N4  Two facts that say the same count once: a scan is asked for once, ends once, and has each outcome once.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { ScanFact } from "../../../protocol/scan-facts.ts";
import { LoggedScan, type SavedScan } from "./logged-scan.ts";

/** Scans that are over and can still be read, with their results: a page lists as many. */
export const SCANS_KEPT = 64;
/** Outcomes of all of them: 10 MB of a snapshot. The newest is kept whatever it has. */
export const SCAN_OUTCOMES_KEPT = 65_536;
/** Scans that are not over: twice what one process runs at the same time. */
export const SCANS_OPEN = 512;

export class ScanBook {
  private readonly scans = new Map<string, LoggedScan>();

  get(id: string): LoggedScan | undefined {
    return this.scans.get(id);
  }

  /** The newest first. */
  list(): LoggedScan[] {
    return [...this.scans.values()].reverse();
  }

  /** Null: there is one of this id. */
  request(requested: ScanFact<"scanRequested">, by: string): LoggedScan | null {
    if (this.scans.has(requested.scan)) return null;
    const scan = new LoggedScan({ ...requested, by });
    this.scans.set(requested.scan, scan);
    this.forget();
    return scan;
  }

  add({ scan, first, outcomes }: ScanFact<"scanResult">): void {
    const found = this.open(scan);
    found?.add({ first, outcomes });
  }

  hold({ scan, held }: ScanFact<"scanHeld">): void {
    const found = this.open(scan);
    if (found !== undefined) found.held = held;
  }

  /** Null: there is none that could end. */
  end({ scan, ...end }: ScanFact<"scanEnded">): LoggedScan | null {
    const found = this.open(scan);
    if (found === undefined) return null;
    found.end = end;
    this.forget();
    return found;
  }

  /** One that is not over stays. */
  remove({ scan }: ScanFact<"scanRemoved">): void {
    if (this.scans.get(scan)?.end != null) this.scans.delete(scan);
  }

  get isEmpty(): boolean {
    return this.scans.size === 0;
  }

  text(): string {
    return Array.from(this.scans.values(), (scan) => scan.text()).join("\n");
  }

  save(): Uint8Array {
    return new Encoder().encode(Array.from(this.scans.values(), (scan) => scan.save()));
  }

  restore(bytes: Uint8Array): void {
    this.scans.clear();
    for (const saved of new Decoder().decode(bytes) as SavedScan[])
      this.scans.set(saved.requested.scan, LoggedScan.restored(saved));
  }

  private open(id: string): LoggedScan | undefined {
    const found = this.scans.get(id);
    return found?.end === null ? found : undefined;
  }

  private forget(): void {
    const all = [...this.scans.values()];
    let [over, outcomes, open] = [0, 0, 0];
    for (const { requested, end, counts } of all.reverse()) {
      if (end === null) {
        if (++open > SCANS_OPEN) this.scans.delete(requested.scan);
        continue;
      }
      outcomes += counts.outcomes;
      if (++over > SCANS_KEPT || (over > 1 && outcomes > SCAN_OUTCOMES_KEPT))
        this.scans.delete(requested.scan);
    }
  }
}
