/**
 * Loads a universe from disk:
 *
 *   a table (CSV, NDJSON, also .gz)   with a symbol column: its symbols; with a close: one symbol, named by the file; else each column is one
 *   a folder of tables                all of their symbols; columns are called FILE/COLUMN
 *   a recording                       the channels of its groups: GROUP/CHANNEL
 */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { readTable, type Table, type TableBatch } from "../../feeds/table/table.ts";
import { partitionFolders } from "../../journal/partition-folders.ts";
import { openRecording } from "../../journal/recording.ts";
import { inputs } from "../../log/read.ts";
import { COLUMNS } from "../rules/symbol-view.ts";
import { type Bar, UniverseBuilder } from "./builder.ts";
import type { Universe } from "./universe.ts";

export interface LoadOptions {
  /** Hears of rows as they are read. */
  progress?(rows: number): void;
  signal?: AbortSignal | undefined;
}

/** Tables and files in a folder that cannot be read, each with the reason. */
export interface Loaded {
  readonly universe: Universe;
  readonly unreadable: readonly EigenwatchError[];
}

const TABLE = /\.(csv|tsv|txt|ndjson|jsonl|json)(\.gz)?$/i;
/** Columns of a bar, by the names that tables give them. */
const BARS = ["open", "high", "low"] as const;

export async function loadUniverse(path: string, options: LoadOptions = {}): Promise<Loaded> {
  const found = await stat(path).catch(() => null);
  if (found === null)
    throw new EigenwatchError({
      action: `load ${path}`,
      value: "there is no such file or folder",
      kind: "notFound",
    });
  const builder = new UniverseBuilder(path);
  const unreadable: EigenwatchError[] = [];
  const load = new Loading(builder, options);
  if (!found.isDirectory()) await load.table(path, false);
  else if ((await partitionFolders(path)).length > 0) await load.recording(path);
  else await load.folder(path, unreadable);
  return { universe: builder.build(), unreadable };
}

class Loading {
  private readonly builder: UniverseBuilder;
  private readonly options: LoadOptions;
  private rows = 0;

  constructor(builder: UniverseBuilder, options: LoadOptions) {
    this.builder = builder;
    this.options = options;
  }

  async folder(path: string, unreadable: EigenwatchError[]): Promise<void> {
    const names = (await readdir(path)).filter((name) => TABLE.test(name)).sort();
    if (names.length === 0)
      throw new EigenwatchError({
        action: `load ${path}`,
        value: "the folder has no table",
        expected: "files .csv, .tsv, .ndjson, also .gz, or segments of a recording",
        kind: "input",
      });
    for (const name of names) {
      try {
        await this.table(join(path, name), true);
      } catch (error) {
        if (!(error instanceof EigenwatchError) || error.kind === "limit") throw error;
        unreadable.push(error);
      }
    }
    if (unreadable.length === names.length) throw unreadable[0]!;
  }

  async table(path: string, inFolder: boolean): Promise<void> {
    const table = await readTable(path, { beside: BARS });
    this.builder.source = `${basename(path)}, line`;
    const stem = basename(path).replace(TABLE, "");
    const add = table.format === "long" ? this.long(table) : this.wide(table, stem, inFolder);
    for await (const batch of table.batches()) {
      for (let r = 0; r < batch.rows; r++) add(batch, r);
      this.advance(batch.rows);
    }
  }

  async recording(path: string): Promise<void> {
    const bar = emptyBar();
    for (const { partition } of await partitionFolders(path)) {
      const journal = await openRecording(path, { partition });
      const indices = new Map<string, number[]>();
      this.builder.source = `partition ${partition}, input`;
      try {
        for await (const { input, sequence } of inputs(journal)) {
          if (input.type === "channels")
            indices.set(
              input.group,
              input.channels.map(({ name }) => this.builder.indexOf(`${input.group}/${name}`)),
            );
          if (input.type !== "frame") continue;
          const channels = indices.get(input.group) ?? [];
          for (let i = 0; i < input.count; i++) {
            const index = channels[input.channel[i]!];
            if (index === undefined) continue;
            bar.close = input.value[i]!;
            bar.volume = input.size?.[i] ?? Number.NaN;
            this.builder.add(index, input.time[i]!, bar, false, sequence);
          }
          this.advance(input.count);
        }
      } finally {
        await journal.close();
      }
    }
  }

  private long(table: Table): AddRow {
    const n = table.valueColumns.length;
    const names = table.valueColumns.map((name) => name.trim().toLowerCase());
    const [open, high, low] = BARS.map((name) => names.indexOf(name, 1)) as [number, number, number];
    const bars = open > 0 && high > 0 && low > 0;
    const bar = emptyBar();
    const indices: number[] = [];
    return (batch, r) => {
      const symbol = batch.symbol[r]!;
      if (symbol < 0) return;
      indices[symbol] ??= this.builder.indexOf(table.symbols[symbol]!);
      const at = r * n;
      bar.close = batch.values[at]!;
      bar.open = open > 0 ? batch.values[at + open]! : Number.NaN;
      bar.high = high > 0 ? batch.values[at + high]! : Number.NaN;
      bar.low = low > 0 ? batch.values[at + low]! : Number.NaN;
      bar.volume = batch.size.length > 0 ? batch.size[r]! : Number.NaN;
      this.builder.add(indices[symbol]!, batch.timeUs[r]!, bar, bars, batch.line[r]!);
    };
  }

  private wide(table: Table, stem: string, inFolder: boolean): AddRow {
    const n = table.valueColumns.length;
    const names = table.valueColumns.map((name) => name.trim().toLowerCase());
    const places = COLUMNS.map((name) => names.indexOf(name));
    const bar = emptyBar();
    if (names.includes("close")) {
      const bars = BARS.every((name) => names.includes(name));
      const index = this.builder.indexOf(stem);
      return (batch, r) => {
        COLUMNS.forEach((name, k) => {
          bar[name] = places[k]! < 0 ? Number.NaN : batch.values[r * n + places[k]!]!;
        });
        this.builder.add(index, batch.timeUs[r]!, bar, bars, batch.line[r]!);
      };
    }
    const indices = table.valueColumns.map((name) =>
      this.builder.indexOf(inFolder ? `${stem}/${name}` : name),
    );
    return (batch, r) => {
      indices.forEach((index, k) => {
        bar.close = batch.values[r * n + k]!;
        this.builder.add(index, batch.timeUs[r]!, bar, false, batch.line[r]!);
      });
    };
  }

  private advance(rows: number): void {
    this.rows += rows;
    this.options.progress?.(this.rows);
    this.options.signal?.throwIfAborted();
  }
}

type AddRow = (batch: TableBatch, r: number) => void;

function emptyBar(): Bar {
  return { open: Number.NaN, high: Number.NaN, low: Number.NaN, close: Number.NaN, volume: Number.NaN };
}
