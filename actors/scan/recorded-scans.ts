/**
 * The scans of a recording, as they were at the place where its replay stands. They are read: nothing is evaluated.
 *
 *   core at the place ─► list, results, statistics ─► the same addresses as live
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { UniverseState } from "../../protocol/scan-messages.ts";
import type { Core } from "../core/core.ts";
import { type FollowedScan, RecordedScan } from "./followed-scan.ts";
import { loggedScans } from "./scan-log.ts";
import type { ScanCounts, ScanDesk } from "./service.ts";

export class RecordedScans implements ScanDesk {
  private readonly core: () => Core | null;
  private readonly changes: (listener: () => void) => () => void;

  /** `changes`: calls a listener whenever the place is another one; returns how to leave. */
  constructor(core: () => Core | null, changes: (listener: () => void) => () => void) {
    this.core = core;
    this.changes = changes;
  }

  list(): FollowedScan[] {
    return this.logged().map((scan) => {
      const { scan: id } = scan.requested;
      const now = () => this.logged().find(({ requested }) => requested.scan === id);
      return new RecordedScan(scan, now, this.changes);
    });
  }

  get(id: string): FollowedScan {
    const found = this.list().find((scan) => scan.id === id);
    if (found !== undefined) return found;
    throw new EigenwatchError({
      action: "find scan",
      value: id,
      expected: "one that the recording has at this place",
      kind: "notFound",
    });
  }

  listUniverses(): UniverseState[] {
    return [];
  }

  counts(): ScanCounts | null {
    return null;
  }

  start(): Promise<never> {
    return refused("start a scan");
  }

  pause(): Promise<never> {
    return refused("pause a scan");
  }

  resume(): Promise<never> {
    return refused("resume a scan");
  }

  stop(): Promise<never> {
    return refused("stop a scan");
  }

  remove(): Promise<never> {
    return refused("remove a scan");
  }

  order(): never {
    throw refusal("show what scans taught");
  }

  chart(): Promise<never> {
    return refused("draw a symbol");
  }

  sparks(): Promise<never> {
    return refused("draw symbols");
  }

  resetOrder(): never {
    throw refusal("forget what scans taught");
  }

  private logged() {
    const core = this.core();
    return core === null ? [] : loggedScans(core);
  }
}

async function refused(action: string): Promise<never> {
  throw refusal(action);
}

function refusal(action: string): EigenwatchError {
  return new EigenwatchError({
    action,
    value: "the session is recorded",
    expected: "a live session",
    kind: "conflict",
  });
}
