/**
 * What the orders of several universes have learnt, in one file: it survives the end of the program.
 *
 * M1  A file that cannot be read is left as it is: nothing is learnt from it, nothing is written over it, and the log says so.
 * M2  It is written beside and renamed: after a crash there is the old one or the new one, whole.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { emptyOrder, LearnedOrder, type OrderState } from "./learned-order.ts";
import { TRAITS } from "./traits.ts";

/** A step where the meaning of traits or weights changes: older files are then not used. */
const FILE_VERSION = 1;

const number = v.pipe(v.number(), v.finite());
const weights = v.pipe(
  v.array(v.strictObject({ mean: number, precision: v.pipe(number, v.gtValue(0)) })),
  v.length(TRAITS.length),
);
const order = v.strictObject({
  scans: number,
  symbols: v.record(
    v.string(),
    v.strictObject({ tried: number, hits: number, signalUs: v.nullable(number), seenUs: number }),
  ),
  weights: v.record(v.string(), weights),
  terms: v.record(v.string(), v.strictObject({ tried: number, hits: v.record(v.string(), number) })),
});
const file = v.strictObject({
  version: v.literal(FILE_VERSION),
  universes: v.record(v.string(), order),
});

export class OrderMemory {
  private readonly path: string | null;
  private readonly orders = new Map<string, LearnedOrder>();
  private readonly log: (line: string) => void;
  private isWritable: boolean;

  /** `path` null: it is kept in memory alone. */
  constructor(path: string | null, log: (line: string) => void) {
    this.path = path;
    this.log = log;
    this.isWritable = path !== null;
    if (path !== null) this.load(path);
  }

  /** That of a universe. */
  of(universe: string): LearnedOrder {
    let found = this.orders.get(universe);
    if (found === undefined) {
      found = new LearnedOrder();
      this.orders.set(universe, found);
    }
    return found;
  }

  save(): void {
    if (this.path === null || !this.isWritable) return;
    const universes: Record<string, OrderState> = {};
    for (const [name, { learned }] of this.orders) if (learned.scans > 0) universes[name] = learned;
    const beside = `${this.path}.${process.pid}`;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      writeFileSync(beside, JSON.stringify({ version: FILE_VERSION, universes }));
      renameSync(beside, this.path);
    } catch (error) {
      this.isWritable = false;
      this.log(`what scans learn is kept in memory alone: ${(error as Error).message}`);
    }
  }

  private load(path: string): void {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.refuse(path, (error as Error).message);
      return;
    }
    const read = v.safeParse(file, parsed(text));
    if (!read.success) {
      this.refuse(path, `${v.getDotPath(read.issues[0]) ?? "the whole"} does not fit`);
      return;
    }
    for (const [name, state] of Object.entries(read.output.universes))
      this.orders.set(name, new LearnedOrder({ ...emptyOrder(), ...state }));
  }

  private refuse(path: string, why: string): void {
    this.isWritable = false;
    this.log(
      `what scans learnt is not used, and nothing new is kept: ${path}: ${why}; delete it to begin anew`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
