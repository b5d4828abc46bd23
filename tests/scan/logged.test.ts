// runtime: either
/** Scans in the log of a session: what people saw of them is durable, outlives a crash, and a replay shows it without evaluating again. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { hex } from "../../actors/core/hash.ts";
import { SCAN_OUTCOMES_KEPT, SCANS_KEPT, ScanBook } from "../../actors/detectors/scans/book.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { coreAt } from "../../actors/log/core-at.ts";
import { scanLogOf } from "../../actors/log-scans.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { FollowedScan } from "../../actors/scan/followed-scan.ts";
import { endInterrupted, loggedScans, type ScanLog } from "../../actors/scan/scan-log.ts";
import { ScanService } from "../../actors/scan/service.ts";
import { SYSTEM } from "../../actors/system.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import type { ScanFact } from "../../protocol/scan-facts.ts";
import { ReplaySession } from "../../sim/recordings/replay/session.ts";
import { ask } from "../gateway/http.ts";
import { condition } from "../support/condition.ts";
import { holdable } from "../support/held-journal.ts";
import { openPartition } from "../support/open-partition.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { InlineThread } from "./inline-thread.ts";

const SYMBOLS = 12;
const folder = temporaryDirectory();
const table = join(folder, "secret-prices.csv");
const lines = ["date,symbol,close"];
for (let day = 0; day < 30; day++)
  for (let k = 0; k < SYMBOLS; k++)
    lines.push(`${1_700_000_000 + 86_400 * day},S${k},${k % 3 === 0 ? 100 + day : 200 - day}`);
writeFileSync(table, `${lines.join("\n")}\n`);

const RISING = { universe: "prices", rule: "return(1) > 0" };

interface World {
  readonly partition: Partition;
  readonly scans: ScanService;
  close(): Promise<void>;
}

/** A worker that does nothing more once it is told so. */
class StoppableThread extends InlineThread {
  static stands = false;

  override run(task: number, jobs: readonly unknown[]): void {
    if (!StoppableThread.stands) super.run(task, jobs);
  }
}

async function world(journal: Journal, run: string): Promise<World> {
  const partition = await openPartition({
    journal,
  });
  const scanLog = scanLogOf(partition);
  await endInterrupted(scanLog);
  const scans = new ScanService({
    clock: systemClock,
    universes: { prices: table },
    workers: 1,
    startThread: (listener) => new StoppableThread(listener),
    run,
    scanLog,
  });
  const close = async () => {
    await scans.close();
    await partition.close();
  };
  return { partition, scans, close };
}

/** Resolves with its messages when the last one can be read. */
async function followed(scan: FollowedScan): Promise<readonly unknown[]> {
  const changed = condition();
  const leave = scan.scan.onMessage(() => changed.look());
  await changed.until(() => scan.scan.isOver);
  leave();
  return scan.scan.messagesAfter(0, 1_000);
}

/** What HTTP answers of a scan, as values. */
const seen = ({ id, universe, rule, by, startedUs, scan }: FollowedScan) =>
  JSON.stringify([
    id,
    universe,
    rule,
    by,
    startedUs,
    scan.messagesAfter(0, 1_000),
    scan.ranked(),
    scan.problems,
  ]);

test("of a pause and a resumption that are asked for together the later one holds", async () => {
  StoppableThread.stands = true;
  const { scans, close } = await world(createMemoryJournal(), "t");
  const { id, scan } = await scans.start(RISING, "ana");
  await Promise.all([scans.pause(id), scans.resume(id)]);
  assert.is(scan.stats().state, "running");
  await Promise.all([scans.pause(id), scans.resume(id), scans.pause(id)]);
  assert.is(scan.stats().state, "paused");
  StoppableThread.stands = false;
  await close();
});

/** As `up --record` leaves it: one scan to its end, one of which nothing but an unknown symbol is known, and then the machine stops. */
const recording = lazily(async () => {
  const directory = temporaryDirectory();
  const live = await world(await openRecordingForWriting(directory, { partition: "p0" }), "a");
  const finished = await live.scans.start(RISING, "ana");
  const messages = await followed(finished);
  StoppableThread.stands = true;
  const paused = await live.scans.start(
    { ...RISING, universe: ["S1", "S2", "NONE"], rule: "close > 1" },
    "bob",
  );
  await live.scans.pause(paused.id);
  const crashed = join(temporaryDirectory(), "crashed");
  cpSync(directory, crashed, { recursive: true, filter: (path) => !basename(path).includes("lock") });
  const view = seen(finished);
  await live.close();
  StoppableThread.stands = false;
  const hash = live.partition.stateHash();
  return { directory, crashed, finished, paused, messages, view, hash };
});

test("[L1] request, results and end are inputs: a replay shows the scan, bit for bit, and evaluates nothing", async () => {
  const { directory, finished, messages, view, hash } = await recording();
  assert.is(messages.length, SYMBOLS + 1);
  const journal = await openRecording(directory);
  const session = await ReplaySession.open({
    journal,
    recording: directory,
    definitions: SYSTEM,
    clock: systemClock,
    speed: "max",
  });
  const gateway = await createGateway({ sessions: [session], scans: session.scans() });
  try {
    const listed = async () =>
      ((await ask(gateway, "/scans")).json() as { scans: { scan_id: string; state: string }[] }).scans;
    assert.equal(await listed(), [], "before the scan there is none");
    const { core } = await coreAt(journal, SYSTEM, "latest");
    assert.is(hex(core.hash().hash), hash);
    const moved = condition();
    const leave = session.subscribe({ flush: () => moved.look() });
    await session.play();
    await moved.until(() => session.status().sequence === core.sequence);
    leave();
    assert.equal(
      (await listed()).map(({ state }) => state),
      ["failed", "done"],
    );
    assert.is(seen(session.scans().get(finished.id)), view);
    const { id } = finished;
    const page = (await ask(gateway, `/scan/results/${id}?after=2`)).json() as {
      results: { index: number }[];
      complete: boolean;
    };
    assert.equal([page.results.length, page.results[0]!.index, page.complete], [SYMBOLS - 2, 3, true]);
    const stats = (await ask(gateway, `/scan/stats/${id}`)).json() as Record<string, unknown>;
    assert.equal(
      [stats["processed"], stats["signals"], stats["reason"], (stats["signal_ms"] as unknown[]).length],
      [SYMBOLS, SYMBOLS / 3, "finished", SYMBOLS / 3],
    );
    const stopping = await ask(gateway, `/scan/stop/${id}`, { method: "POST" });
    assert.is(stopping.status, 409, stopping.body);
  } finally {
    await gateway.close();
    await session.close();
  }
});

test("after a crash what was under way has ended, with the reason, and what had ended is in the history", async () => {
  const { crashed, finished, paused, view } = await recording();
  const next = await world(await openRecordingForWriting(crashed, { partition: "p0" }), "b");
  assert.is(seen(next.scans.get(finished.id)), view);
  const { scan } = next.scans.get(paused.id);
  const { state, reason, total, errors, processed } = scan.stats();
  assert.equal([state, reason, total], ["failed", "interrupted", 3]);
  assert.ok(errors === processed && processed < 2, `${processed} are processed`);
  assert.ok(scan.isOver);
  const again = await next.scans.start(RISING, "ana");
  await followed(again);
  assert.equal(
    next.scans.list().map(({ id }) => id),
    [again.id, paused.id, finished.id],
  );
  await next.scans.remove(finished.id);
  await next.close();
  const journal = await openRecording(crashed);
  const { core } = await coreAt(journal, SYSTEM, "latest");
  await journal.close();
  assert.equal(
    loggedScans(core).map(({ requested }) => requested.scan),
    [again.id, paused.id],
    "whatever somebody removed stays removed",
  );
});

test("[N2] a recording names universes, not where they lie", async () => {
  const { directory } = await recording();
  const bytes = readdirSync(directory).map((file) => readFileSync(join(directory, file), "latin1"));
  assert.ok(bytes.some((text) => text.includes("prices")));
  assert.not(bytes.some((text) => text.includes(folder)));
  assert.not(bytes.some((text) => text.includes(basename(folder))));
});

test("[V3] whoever starts a scan is answered, and told results, when they are durable", async () => {
  const journal = holdable(createMemoryJournal({}));
  const live = await world(journal, "a");
  const acknowledge = journal.hold();
  let isAnswered = false;
  const starting = live.scans.start(RISING, "ana").then((scan) => {
    isAnswered = true;
    return scan;
  });
  await journal.reached();
  assert.not(isAnswered);
  acknowledge();
  const scan = await starting;
  const hold = journal.hold();
  const before = scan.scan.messagesAfter(0, 100).length;
  await journal.reached();
  assert.is(scan.scan.messagesAfter(0, 100).length, before);
  assert.not(scan.scan.isOver);
  hold();
  await followed(scan);
  await live.close();
});

// ---- the book -------------------------------------------------------------------------------------------------------

const request = (scan: string): ScanFact<"scanRequested"> => ({
  ...{ scan, universe: "prices", rule: "close > 1" },
  ...{ symbols: 10, startedUs: 1 },
});
const outcomes = (scan: string, first: number, count: number): ScanFact<"scanResult"> => ({
  scan,
  first,
  outcomes: Array.from({ length: count }, (_, k) => ({
    ...{ type: "result" as const, atMs: first + k },
    data: { symbol: `S${first + k}`, score: 0.5, signal: true, values: {} },
  })),
});
const end = (scan: string): ScanFact<"scanEnded"> => ({ scan, state: "done", reason: "finished", stats: {} });

test("[N1] outcomes that come twice, overlap or leave a gap count once, in order", () => {
  const book = new ScanBook();
  const scan = book.request(request("a"), "ana")!;
  for (const [first, count] of [
    [1, 3],
    [1, 3],
    [2, 4],
    [9, 1],
    [6, 1],
  ] as const)
    book.add(outcomes("a", first, count));
  assert.equal(
    scan.outcomes().map(({ data }) => data.symbol),
    ["S1", "S2", "S3", "S4", "S5", "S6"],
  );
  assert.equal(scan.counts, { outcomes: 6, results: 6, signals: 6, errors: 0 });
});

test("[N4] a scan is asked for once and ends once, and nothing follows", () => {
  const book = new ScanBook();
  book.request(request("a"), "ana");
  assert.is(book.request(request("a"), "bob"), null);
  assert.ok(book.end(end("a")) !== null);
  assert.is(book.end({ ...end("a"), reason: "stopped" }), null);
  const text = book.text();
  book.add(outcomes("a", 1, 1));
  book.hold({ scan: "a", held: true });
  assert.is(book.text(), text);
});

test("scans of another node, and of the present run of a node, are not ended with those of its earlier runs", async () => {
  const book = new ScanBook();
  for (const id of ["a.1-1", "a.2-1", "b.1-1"]) book.request(request(id), "ana");
  const ended: string[] = [];
  const log: ScanLog = { enter: async (_name, body) => void ended.push(body.scan), list: () => book.list() };
  await endInterrupted(log, { node: "a.", present: "a.2" });
  assert.equal(ended, ["a.1-1"]);
});

test("of scans that are over the newest are kept, as many as there is room for", () => {
  const book = new ScanBook();
  const runs = (id: string, count: number) => {
    book.request(request(id), "ana");
    for (let first = 1; first <= count; first += 256)
      book.add(outcomes(id, first, Math.min(256, count + 1 - first)));
    book.end(end(id));
  };
  book.request(request("open"), "ana");
  for (let k = 0; k < SCANS_KEPT + 2; k++) runs(`s${k}`, 1);
  const ids = () => book.list().map(({ requested }) => requested.scan);
  assert.is(ids().length, SCANS_KEPT + 1);
  assert.equal([ids()[0], ids().at(-1)], [`s${SCANS_KEPT + 1}`, "open"]);
  runs("large", SCAN_OUTCOMES_KEPT);
  assert.equal(ids(), ["large", "open"]);
});

test("a book that was saved and restored is the same, and goes on the same", () => {
  const book = new ScanBook();
  book.request(request("a"), "ana");
  book.add(outcomes("a", 1, 3));
  const restored = new ScanBook();
  restored.restore(book.save());
  assert.is(restored.text(), book.text());
  for (const each of [book, restored]) {
    each.add(outcomes("a", 4, 2));
    each.end(end("a"));
  }
  assert.is(restored.text(), book.text());
  assert.equal(restored.get("a")!.outcomes(), book.get("a")!.outcomes());
});

function lazily<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

test.run();
