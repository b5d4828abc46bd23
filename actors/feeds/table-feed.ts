/**
 * A table as a feed: what the kinds file and stdin share. Lines that hold states of a quantum system are read in state-feed.ts.
 *
 *   batch ─► row by row: count bad samples ─► frames of 256 ─► sink (waits while the sink is full, or until a row is due)
 *
 * R1  Bad samples are counted per reason and never end the feed. A table that cannot be read further ends it, with the status `failed`
 *     after its good rows.
 * R2  Samples whose time goes back are sent in their place, and counted.
 * R3  The frames of a recorded table, their numbers and the reports depend on its rows and the speed alone, not on the speed of bytes,
 *     sink or clock: after a restart the table is read again, and frames that are already in the log are recognised by number. A stopped
 *     feed therefore does not send the frame that it was filling.
 * R4  With a speed, a row leaves when (its time − first time) / speed has passed since the first row left, within the millisecond of
 *     rows that leave together.
 */
import { stat } from "node:fs/promises";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "../ports/feed.ts";
import { BadSamples, type Reason } from "./bad-samples.ts";
import { ChannelGroups, MOST_CHANNELS } from "./channel-groups.ts";
import { FeedWriter } from "./feed-writer.ts";
import { Pace } from "./pace.ts";
import { Pause } from "./pause.ts";
import { runStates } from "./state-feed.ts";
import { holdsStates } from "./state-lines.ts";
import type { ByteSource } from "./table/bytes.ts";
import { shortList, volumeColumns } from "./table/columns.ts";
import { FINE, REASONS } from "./table/rows.ts";
import { type OpenedSource, openSource, type Table, type TableBatch, tableOf } from "./table/table.ts";
import { inferTraits, QUEUED_US, type TableTraits, TRAITS_ROWS } from "./table/traits.ts";
import type { TableFeedOptions } from "./table-options.ts";

/** A jump of more spacings between rows is a gap: one or two missing rows are normal. */
const GAP_SPACINGS = 5;
/** Steps between rows of a live table from whose median its spacing is learnt, and how many are needed. */
const STEPS_KEPT = 32;
const STEPS_NEEDED = 8;
/** Rows between two reports of totals; for live tables also the time between them. */
const REPORT_ROWS = 10_000;
const REPORT_US = 1_000_000;
/** Frames between two turns of the event loop while the sink is not full. */
const FLUSHES_PER_TURN = 64;

interface TableFeedSource {
  source: string;
  group: string;
  /** Name of the table in errors. */
  name: string;
  bytes: ByteSource;
  live: boolean;
  options: TableFeedOptions;
  clock: Clock;
}

export function createTableFeed(feed: TableFeedSource): Feed {
  const pause = new Pause(feed.clock);
  return {
    source: feed.source,
    kind: feed.live ? "live" : "recorded",
    refusal: () => refusalOf(feed),
    run: (sink) => runSource(feed, pause, new FeedWriter(feed.source, sink)),
    stop() {
      pause.stop();
      return Promise.resolve();
    },
  };
}

/** From the first rows of a file. What comes through a stream or a named pipe comes once. */
async function refusalOf(feed: TableFeedSource): Promise<EigenwatchError | null> {
  if (typeof feed.bytes !== "string" || !(await isRegularFile(feed.bytes))) return null;
  try {
    const source = await openSource(feed.bytes, feed.name);
    if (holdsStates(source.opened)) {
      await source.chunks.return(undefined);
      return null;
    }
    const table = tableIn(source, feed);
    for await (const batch of table.batches()) {
      traitsOf(feed, table, batch);
      break;
    }
  } catch (error) {
    if (error instanceof EigenwatchError && error.kind === "limit") return error;
  }
  return null;
}

async function isRegularFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function traitsOf({ name, live, options }: TableFeedSource, table: Table, first: TableBatch): TableTraits {
  const most = { channels: MOST_CHANNELS, choose: "columns=NAMES" };
  return inferTraits(table, first, { name, live, options, most });
}

async function runSource(feed: TableFeedSource, pause: Pause, writer: FeedWriter): Promise<void> {
  try {
    const source = await pause.unlessStopped(openSource(feed.bytes, feed.name));
    if (source === null) writer.status("ended", "stopped before its first row");
    else if (holdsStates(source.opened)) await runStates(feed, source, pause, writer);
    else await runTable(feed, tableIn(source, feed), pause, writer);
  } catch (error) {
    writer.status("failed", errorText(error));
  }
}

async function runTable(
  feed: TableFeedSource,
  table: Table,
  pause: Pause,
  writer: FeedWriter,
): Promise<void> {
  let reader: TableRows | null = null;
  try {
    const batches = table.batches();
    for (;;) {
      const next = await pause.unlessStopped(batches.next());
      if (next === null || next.done === true) {
        // Not awaited: a stream that waits for its next bytes does not return.
        void batches.return(undefined).catch(() => {});
        break;
      }
      reader ??= new TableRows(feed, table, next.value, writer);
      await deliver(reader, next.value, pause, writer);
    }
    // When the table is read again, the number of an unfinished frame belongs to a longer frame (R3).
    if (feed.live || !pause.stopped) reader?.finish();
    writer.status("ended", reader?.summary() ?? "no rows", reader?.badSamples.take());
  } catch (error) {
    reader?.finish();
    writer.status("failed", errorText(error), reader?.badSamples.take());
  }
}

function tableIn(source: OpenedSource, { options, live, clock }: TableFeedSource): Table {
  return tableOf(source, {
    ...options,
    everyUs: options.every,
    firstRows: live ? 1 : TRAITS_ROWS,
    ...(live && options.time === undefined ? { arrival: () => clock.nowUs() } : {}),
  });
}

async function deliver(
  reader: TableRows,
  batch: TableBatch,
  pause: Pause,
  writer: FeedWriter,
): Promise<void> {
  reader.begin(batch);
  while (!pause.stopped && !reader.advance()) {
    if (reader.waitUs > 0) await pause.wait(reader.waitUs / 1000);
    else if (reader.blocked) await pause.until(writer.drained());
    else await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Puts the rows of a table into frames. `advance` works until it must wait. */
class TableRows {
  readonly badSamples: BadSamples;
  /** Why `advance` returned false: the time until the next row is due, a full sink (`blocked`), or neither: a turn of the event loop is due. */
  waitUs = 0;
  blocked = false;

  readonly #table: Table;
  readonly #traits: TableTraits;
  readonly #groups: ChannelGroups;
  readonly #clock: Clock;
  readonly #live: boolean;
  readonly #name: string;
  readonly #chosen: ReadonlySet<string>;
  readonly #skipped: ReadonlySet<string>;
  /** Slot of each column (wide) or symbol (long) that is sent; LEFT_OUT or NO_ROOM for the others. */
  readonly #slots: number[] = [];
  /** Wide: for each column of values that of what was traded at it; −1: none. */
  readonly #volumes: readonly number[];
  /** Long: of the chosen symbols that the first rows have. */
  readonly #slotsByName = new Map<string, number>();
  #batch: TableBatch | null = null;
  #row = 0;
  #rows = 0;
  #samples = 0;
  #flushes = 0;
  #reportedRows = 0;
  #reportedUs = 0;
  /** Latest time so far; NaN before the first row. */
  #latestUs = Number.NaN;
  readonly #pace: Pace | null;
  /** What the table is said to have; 0: it is learnt. */
  readonly #every: number;
  /** The last steps between rows of a live table, µs. */
  readonly #stepsUs: number[] = [];

  constructor(feed: TableFeedSource, table: Table, first: TableBatch, writer: FeedWriter) {
    const { options } = feed;
    this.#table = table;
    this.#clock = feed.clock;
    this.#live = feed.live;
    const paced = !feed.live && options.speed < Number.POSITIVE_INFINITY;
    this.#pace = paced ? new Pace(feed.clock, options.speed) : null;
    this.#name = feed.name;
    this.#chosen = new Set(options.columns);
    this.#skipped = new Set(options.skip);
    this.#every = options.every;
    this.#volumes = volumeColumns(table.valueColumns);
    this.#traits = traitsOf(feed, table, first);
    const { sampling, everyUs, innovation, columns } = this.#traits;
    const unit = options.unit ?? "";
    this.#groups = new ChannelGroups(writer, { group: feed.group, unit, sampling, everyUs, innovation });
    this.badSamples = new BadSamples((status, detail, counts) => {
      // Samples before a bad row must precede its report.
      if (!this.#groups.flush()) this.blocked = true;
      writer.status(status, detail, counts);
    });
    this.#reportedUs = feed.clock.nowUs();
    if (table.format === "wide")
      for (const k of columns) this.#slots.push(this.#groups.add(table.valueColumns[k]!));
    else this.#addSymbols(Math.min(first.rows, TRAITS_ROWS), first);
    this.#groups.declare();
    writer.status("opened", this.#openedText());
  }

  begin(batch: TableBatch): void {
    this.#batch = batch;
    this.#row = 0;
  }

  /** True when the batch is done. False: `waitUs` and `blocked` say what to wait for. */
  advance(): boolean {
    const batch = this.#batch!;
    this.waitUs = 0;
    this.blocked = false;
    while (this.#row < batch.rows) {
      if (this.blocked) return false;
      if (this.#flushes >= FLUSHES_PER_TURN) {
        this.#flushes = 0;
        return false;
      }
      const time = batch.timeUs[this.#row]!;
      if (Number.isNaN(time)) this.#countProblem("badTime", batch.line[this.#row]!);
      else {
        if (this.#pace !== null && !this.#isDue(this.#pace, time)) return false;
        this.#takeRow(batch, this.#row, time);
      }
      this.#row++;
      this.#rows++;
      if (this.#rows - this.#reportedRows >= REPORT_ROWS) this.#reportTotals();
    }
    if (this.#live) this.#endOfBytes();
    return !this.blocked;
  }

  /** Sends the samples that are left. */
  finish(): void {
    this.#groups.flush();
  }

  summary(): string {
    const absent = [...this.#chosen].filter(
      (name) => this.#table.format === "long" && !this.#table.symbols.includes(name),
    );
    const text = `${this.#rows} rows, ${this.#samples} samples${this.#leftOutText()}`;
    return absent.length === 0 ? text : `${text}; never seen: ${absent.join(", ")}`;
  }

  #takeRow(batch: TableBatch, row: number, time: number): void {
    const newTime = time !== this.#latestUs;
    if (batch.ragged[row] === 1) this.#count("ragged", batch.line[row]!, "more cells than columns");
    this.#checkTime(time, batch.line[row]!);
    if (this.#table.format === "wide") {
      this.#makeRoom();
      const n = this.#table.valueColumns.length;
      const { columns } = this.#traits;
      for (let k = 0; k < columns.length; k++) {
        const volume = this.#volumes[columns[k]!]!;
        const size = volume < 0 ? Number.NaN : batch.values[row * n + volume]!;
        this.#sample(batch, row, row * n + columns[k]!, this.#slots[k]!, time, size);
      }
      return;
    }
    const symbol = batch.symbol[row]!;
    if (symbol < 0) {
      this.#count("noSymbol", batch.line[row]!, "the symbol is empty");
      return;
    }
    if (symbol >= this.#slots.length) this.#meetSymbol(symbol);
    const slot = this.#slots[symbol]!;
    if (slot < 0) {
      if (slot === NO_ROOM)
        this.#count("tooManyChannels", batch.line[row]!, "there are more symbols than groups can hold");
      return;
    }
    if (newTime && this.#traits.sampling === "rows") this.#makeRoom();
    const size = batch.size.length > 0 ? batch.size[row]! : Number.NaN;
    this.#sample(batch, row, row, slot, time, size);
  }

  #sample(batch: TableBatch, row: number, at: number, slot: number, time: number, size: number): void {
    const reason = batch.reasons[at]!;
    if (reason !== FINE) {
      this.#countProblem(REASONS[reason] as Reason, batch.line[row]!);
      return;
    }
    const value = batch.values[at]!;
    if (value <= 0 && this.#traits.innovation === "logReturn") {
      this.#count("notPositive", batch.line[row]!, `${value} has no logarithm (innovation=logReturn)`);
      return;
    }
    if (!this.#groups.hasRoom(slot)) this.#makeRoom();
    this.#groups.sample(slot, time, value, size);
    this.#samples++;
  }

  #checkTime(time: number, line: number): void {
    if (!(time <= this.#latestUs)) {
      const jump = time - this.#latestUs;
      const spacing = this.#spacingUs();
      if (this.#live && jump >= QUEUED_US) this.#learnStep(jump);
      this.#latestUs = time;
      if (this.#traits.sampling === "rows" && spacing > 0 && jump > spacing * GAP_SPACINGS)
        this.#count("gap", line, `no rows for ${Math.round(jump / spacing)} spacings`);
    } else if (time < this.#latestUs) {
      const back = (this.#latestUs - time) / 1e6;
      this.#count("backward", line, `time goes back by ${back} s`);
    }
  }

  /** Usual spacing of rows, µs; 0: not known. What a live table was like when it was opened says little of later. */
  #spacingUs(): number {
    if (!this.#live || this.#every > 0) return this.#traits.everyUs;
    if (this.#stepsUs.length < STEPS_NEEDED) return 0;
    const sorted = [...this.#stepsUs].sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  }

  #learnStep(us: number): void {
    this.#stepsUs.push(us);
    if (this.#stepsUs.length > STEPS_KEPT) this.#stepsUs.shift();
  }

  /** Whether the row at `time` may leave. If not, sends all samples before it and sets `waitUs`. */
  #isDue(pace: Pace, time: number): boolean {
    if (pace.begins(time)) this.#flush();
    this.waitUs = pace.waitUs(time);
    return this.waitUs === 0;
  }

  #makeRoom(): void {
    this.#flushes++;
    if (!this.#groups.makeRoom()) this.blocked = true;
  }

  #flush(): void {
    this.#flushes++;
    if (!this.#groups.flush()) this.blocked = true;
  }

  #addSymbols(rows: number, batch: TableBatch): void {
    const seen = new Set(Array.from(batch.symbol.subarray(0, rows), (symbol) => this.#table.symbols[symbol]));
    // A list of channels to watch is in the order in which somebody wants to read it.
    for (const name of this.#chosen)
      if (seen.has(name) && !this.#skipped.has(name)) this.#slotsByName.set(name, this.#groups.add(name));
    for (let r = 0; r < rows; r++) {
      const symbol = batch.symbol[r]!;
      while (symbol >= this.#slots.length)
        this.#slots.push(this.#slotFor(this.#table.symbols[this.#slots.length]!));
    }
  }

  /** A symbol that appears later is added to the last group, or to a new one. */
  #meetSymbol(symbol: number): void {
    while (symbol >= this.#slots.length)
      this.#slots.push(this.#slotFor(this.#table.symbols[this.#slots.length]!));
    if (!this.#groups.declare()) this.blocked = true;
  }

  #slotFor(symbol: string): number {
    if (this.#skipped.has(symbol) || (this.#chosen.size > 0 && !this.#chosen.has(symbol))) return LEFT_OUT;
    const slot = this.#slotsByName.get(symbol) ?? this.#groups.add(symbol);
    return slot < 0 ? NO_ROOM : slot;
  }

  #count(reason: Reason, line: number, what: string): void {
    if (this.badSamples.add(reason)) this.badSamples.first(reason, `line ${line}: ${what}`);
  }

  #countProblem(reason: Reason, line: number): void {
    if (!this.badSamples.add(reason)) return;
    const problem = this.#table.problems.get(reason);
    const place = problem?.line === line ? `, column ${problem.column}: "${problem.text}"` : "";
    this.badSamples.first(reason, `line ${line}${place} is ${reason}`);
  }

  /** A live table sends its samples when the bytes that were read are used up. */
  #endOfBytes(): void {
    this.#flush();
    if (this.#clock.nowUs() - this.#reportedUs >= REPORT_US) this.#reportTotals();
  }

  #reportTotals(): void {
    this.badSamples.total();
    this.#reportedRows = this.#rows;
    this.#reportedUs = this.#clock.nowUs();
  }

  #openedText(): string {
    const { sampling, everyUs, innovation } = this.#traits;
    const channels = this.#slots.filter((slot) => slot >= 0).length;
    const spacing = everyUs === 0 ? "at unknown spacing" : `every ${everyUs / 1e6} s`;
    return `${this.#name}: ${channels} channels, ${sampling} ${spacing}, innovation ${innovation}${this.#leftOutText()}`;
  }

  #leftOutText(): string {
    const { textColumns } = this.#traits;
    return textColumns.length === 0 ? "" : `; left out, no numbers: ${shortList(textColumns)}`;
  }
}

/** Slots of channels that are not sent: the user excluded them, or all groups are full. */
const LEFT_OUT = -1;
const NO_ROOM = -2;
