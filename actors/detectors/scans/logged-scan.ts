/**
 * One scan as the log has it: what was asked for, the outcomes so far, and how it ended.
 *
 * Outcomes are kept encoded, a piece for each input: they are many, and seldom read.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import type { ScanFact, ScanOutcome, ScanState } from "../../../protocol/scan-facts.ts";

/** What was asked for, by whom. */
export interface RequestedScan extends ScanFact<"scanRequested"> {
  readonly by: string;
}

export interface ScanCounts {
  readonly outcomes: number;
  readonly results: number;
  readonly signals: number;
  /** Symbols that could not be evaluated. */
  readonly errors: number;
}

export type ScanEnd = Omit<ScanFact<"scanEnded">, "scan">;

export interface SavedScan {
  readonly requested: RequestedScan;
  readonly held: boolean;
  readonly counts: ScanCounts;
  readonly pieces: readonly Uint8Array[];
  readonly end: ScanEnd | null;
}

export class LoggedScan {
  readonly requested: RequestedScan;
  held = false;
  counts: ScanCounts = { outcomes: 0, results: 0, signals: 0, errors: 0 };
  end: ScanEnd | null = null;
  private readonly pieces: Uint8Array[] = [];
  /** Of all pieces: two FNV-1a hashes of 32 bits from different beginnings. */
  private readonly digest = new Uint32Array([0x811c9dc5, 0x01000193]);

  constructor(requested: RequestedScan) {
    this.requested = requested;
  }

  static restored({ requested, held, counts, pieces, end }: SavedScan): LoggedScan {
    const scan = new LoggedScan(requested);
    scan.held = held;
    scan.counts = counts;
    scan.end = end;
    // A piece is a view of the bytes of the snapshot, which are many more.
    for (const piece of pieces) scan.keep(piece.slice());
    return scan;
  }

  get state(): ScanState {
    return this.end?.state ?? (this.held ? "paused" : "running");
  }

  /** [N1] Takes those whose number comes next. */
  add({ first, outcomes }: Pick<ScanFact<"scanResult">, "first" | "outcomes">): void {
    const known = this.counts.outcomes + 1 - first;
    const fresh = known < 0 ? [] : outcomes.slice(known);
    if (fresh.length === 0) return;
    this.keep(new Encoder().encode(fresh));
    this.counts = countedWith(this.counts, fresh);
  }

  /** All outcomes so far: of number 1, 2, … */
  outcomes(): ScanOutcome[] {
    return this.pieces.flatMap((piece) => new Decoder().decode(piece) as ScanOutcome[]);
  }

  /** The same for the same scan, whatever the way to it. */
  text(): string {
    const { requested, held, counts, end, digest } = this;
    return JSON.stringify([requested, held, counts, end, [...digest]]);
  }

  save(): SavedScan {
    const { requested, held, counts, pieces, end } = this;
    return { requested, held, counts, pieces, end };
  }

  private keep(piece: Uint8Array): void {
    this.pieces.push(piece);
    let [one, two] = this.digest as unknown as [number, number];
    for (const byte of piece) {
      one = Math.imul(one ^ byte, 0x01000193);
      two = Math.imul(two ^ byte, 0x01000193) + 1;
    }
    this.digest[0] = one;
    this.digest[1] = two;
  }
}

function countedWith(counts: ScanCounts, fresh: readonly ScanOutcome[]): ScanCounts {
  let { outcomes, results, signals, errors } = counts;
  for (const outcome of fresh) {
    outcomes++;
    if (outcome.type === "result") {
      results++;
      if (outcome.data.signal) signals++;
    } else if (!outcome.data.evaluated) errors++;
  }
  return { outcomes, results, signals, errors };
}
