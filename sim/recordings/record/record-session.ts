/**
 * Records a session of a cluster to a folder: the log of each partition, side by side, as far as the servers have it, and what comes after.
 *
 *   logs of the session ─► folders opened, each with its lock ─► recorded to the present end ─► looked again every second … ─► stopped, closed
 *                                                                  ▲                └─ servers gone, or a log went back: met again from the folder's end
 *                                                                  └──────────────────┘
 *
 * A partition that begins meanwhile is recorded like the others.
 */
import { existsSync, statSync } from "node:fs";
import { snapshotsBucket } from "../../../actors/cluster/mod.ts";
import { hex } from "../../../actors/core/mod.ts";
import { JournalHalted, LogRewound } from "../../../actors/journal/mod.ts";
import { type NatsBus, NatsRefused, openPartitionForWriting, partitionFolders } from "../../../actors/mod.ts";
import { NoAnswer } from "../../../actors/ports/bus.ts";
import type { Clock } from "../../../actors/ports/clock.ts";
import { expectedAmong } from "../../../protocol/closest-name.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { parseSubject, subjectOf, subjectPatterns } from "../../../protocol/subjects.ts";
import { LogRecorder } from "./log-recorder.ts";

/** What was not recorded yet is safe on the servers: a second later is soon enough, and each look costs them a reading. */
const LOOK_MS = 1_000;

/** A partition begins a few times in the life of a session, and its log is kept: nothing is lost by finding it later. */
const FIND_MS = 5_000;

/** After a failure. New leaders of the servers know the end of a log within it. */
const RETRY_MS = 5_000;

/** Between two copies of snapshots: so much of a log is run again at most when its recording is opened, beside what snapshots of the owner leave. */
const SNAPSHOT_MS = 60_000;

export interface RecordSessionOptions {
  readonly bus: Pick<NatsBus, "stream" | "snapshots" | "streams">;
  readonly clock: Clock;
  readonly session: string;
  readonly directory: string;
  /** Ends at the present end. */
  readonly once: boolean;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Entries of the logs that were read, of those that there were at the start. */
  progress?(entries: number, total: number): void;
  /** All partitions were recorded to the end that they had. */
  present?(partitions: readonly RecordedPartition[]): void;
  report(message: string): void;
}

export interface RecordedPartition {
  readonly partition: string;
  /** Written by this process. */
  readonly blocks: number;
  readonly firstBlock: number | null;
  readonly lastBlock: number | null;
  readonly lastSequence: number | null;
  readonly timeUs: number | null;
  /** SHA-256 of the last block, by which the log before it is known; hexadecimal. */
  readonly lastHash: string | null;
}

/** Resolves when everything that was read is durable and the folders are closed. */
export async function recordSession(options: RecordSessionOptions): Promise<RecordedPartition[]> {
  const { bus, session, directory } = options;
  const partitions = await loggedPartitions(bus, session);
  await checkFolder(directory, session, partitions);
  const recorders: LogRecorder[] = [];
  try {
    for (const partition of partitions) recorders.push(await openRecorder(partition, options));
    await recordAll(recorders, options);
    return recorders.map(recorded);
  } finally {
    await Promise.all(recorders.map(({ options: { journal } }) => journal.close()));
  }
}

/** `recorders`: those that are found meanwhile are added. */
async function recordAll(recorders: LogRecorder[], options: RecordSessionOptions): Promise<void> {
  const { progress = () => {}, present = () => {} } = options;
  const ends = await Promise.all(recorders.map(({ options: { stream } }) => stream.lastSequence()));
  const total = ends.reduce((sum, end) => sum + end, 0);
  const advanced = () =>
    progress(
      recorders.reduce((sum, { entriesRead }) => sum + entriesRead, 0),
      total,
    );
  let behind = recorders.length;
  const reached = () => {
    if (--behind === 0) present(recorders.map(recorded));
  };
  // One that fails ends the others: they would go on for ever.
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  const failures: unknown[] = [];
  const running: Promise<void>[] = [];
  const run = (work: Promise<void>): void => {
    running.push(
      work.catch((error: unknown) => {
        failures.push(error);
        failing.abort();
      }),
    );
  };
  const record = (recorder: LogRecorder): void =>
    run(recordOne(recorder, { ...options, signal }, advanced, reached));
  for (const recorder of recorders) record(recorder);
  if (!options.once) run(findNew(recorders, { ...options, signal }, record));
  // It grows while a partition may be found.
  for (let k = 0; k < running.length; k++) await running[k];
  if (failures.length > 0) throw failures[0];
}

/** Until the signal: begins a recorder for each partition of which the servers have a log now. */
async function findNew(
  recorders: LogRecorder[],
  options: RecordSessionOptions,
  record: (recorder: LogRecorder) => void,
): Promise<void> {
  const { bus, session, clock, signal, report } = options;
  for (;;) {
    await pause(clock, FIND_MS, signal);
    if (signal.aborted) return;
    try {
      for (const partition of await loggedPartitions(bus, session)) {
        if (recorders.some((each) => each.options.partition === partition)) continue;
        const recorder = await openRecorder(partition, options);
        recorders.push(recorder);
        report(`partition ${partition} has begun, and is recorded as well`);
        record(recorder);
      }
    } catch (error) {
      // Those that record say so.
      if (!mayPass(error)) throw error;
    }
  }
}

async function recordOne(
  recorder: LogRecorder,
  { clock, once, signal, report }: RecordSessionOptions,
  advanced: () => void,
  reached: () => void,
): Promise<void> {
  let isPresent = false;
  let snapshotMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    let waitMs = LOOK_MS;
    try {
      await recorder.toPresent(signal, advanced);
      if (signal.aborted) break;
      if (clock.monotonicMs() - snapshotMs >= SNAPSHOT_MS) {
        await keepSnapshot(recorder, report);
        snapshotMs = clock.monotonicMs();
      }
      if (!isPresent) reached();
      isPresent = true;
      if (once) return;
    } catch (error) {
      if (once || !mayPass(error)) throw error;
      report(
        `${recorder.options.partition}: ${error instanceof Error ? error.message : error}; it is tried again`,
      );
      waitMs = RETRY_MS;
    }
    await pause(clock, waitMs, signal);
  }
  await keepSnapshot(recorder, report);
}

/** The servers may be back soon, and a log that went back be met again: the folder says where. */
function mayPass(error: unknown): boolean {
  return error instanceof NoAnswer || error instanceof NatsRefused || error instanceof LogRewound;
}

/** A recording without it is whole, only slower to open at its end. */
async function keepSnapshot(recorder: LogRecorder, report: (message: string) => void): Promise<void> {
  try {
    await recorder.keepSnapshot();
  } catch (error) {
    if (error instanceof JournalHalted) throw error;
    report(
      `${recorder.options.partition}: no snapshot was copied: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** The partitions of a session of which the servers have a log, the first one first. */
async function loggedPartitions(bus: Pick<NatsBus, "streams">, session: string): Promise<string[]> {
  const [ofSession] = subjectPatterns(session, undefined, "log");
  const names = await bus.streams(ofSession);
  if (names.length > 0) return names.map((name) => parseSubject(name).partition).sort();
  const [ofAll] = subjectPatterns(undefined, undefined, "log");
  const sessions = new Set((await bus.streams(ofAll)).map((name) => parseSubject(name).session));
  throw new EigenwatchError({
    action: `record session ${session}`,
    value: "the servers have no log of it",
    expected: expectedAmong(session, [...sessions]),
    kind: "notFound",
  });
}

/** Another session's recording is refused before anything is opened: partitions that this session lacks. */
async function checkFolder(directory: string, session: string, partitions: readonly string[]): Promise<void> {
  if (!existsSync(directory)) return;
  if (!statSync(directory).isDirectory())
    throw new EigenwatchError({
      action: `record to ${directory}`,
      value: "it is a file",
      expected: "a folder, or a name for a new one",
    });
  const other = (await partitionFolders(directory)).find(({ partition }) => !partitions.includes(partition));
  if (other === undefined) return;
  throw new EigenwatchError({
    action: `record session ${session} to ${directory}`,
    value: `it holds partition ${other.partition || "of an unreadable segment"}`,
    expected: `a recording of ${partitions.join(", ")}, or a new folder`,
  });
}

async function openRecorder(
  partition: string,
  { bus, session, directory, report }: RecordSessionOptions,
): Promise<LogRecorder> {
  const journal = await openPartitionForWriting(directory, partition, { log: report });
  const stream = bus.stream(subjectOf(session, partition, "log"));
  const snapshots = bus.snapshots(snapshotsBucket(session));
  return new LogRecorder({ session, partition, stream, snapshots, journal, report });
}

function recorded({ options, blocks }: LogRecorder): RecordedPartition {
  const { partition, journal } = options;
  const { first, last } = journal;
  return {
    partition,
    blocks,
    firstBlock: first?.number ?? null,
    lastBlock: last?.number ?? null,
    lastSequence: last?.lastSequence ?? null,
    timeUs: last?.timeUs ?? null,
    lastHash: last === null ? null : hex(last.hash),
  };
}
