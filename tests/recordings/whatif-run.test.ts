// runtime: either
// slow

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openRecording, SYSTEM } from "../../actors/mod.ts";
import type { WhatIfRequest } from "../../protocol/commands.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { applySetting, defaultSettings } from "../../protocol/settings.ts";
import { diffRecordings } from "../../sim/recordings/diff/diff.ts";
import { parentOf } from "../../sim/recordings/parent.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import type { WhatIfResult } from "../../sim/recordings/whatif/result.ts";
import { runWhatIf, type WhatIfOptions } from "../../sim/recordings/whatif/whatif.ts";
import { createManualClock } from "../support/clock.ts";
import { coreAtEnd } from "../support/core-at.ts";
import { CHANNELS, marketFeed, rowUs } from "../support/market-feed.ts";
import { openPartition } from "../support/open-partition.ts";
import { type Block, blocksOf, copied, eventsOf, inputsOf, samplesIn } from "../support/recorded-blocks.ts";
import { type RecordedRun, recordFeeds, temporaryDirectory } from "../support/recorded-run.ts";

const ROWS = 2_400;
/** A third group is declared at this row. */
const LATE = 1_200;

let run: RecordedRun;
let blocks: Block[];
let recorded: EventMessage[];

test.before(async () => {
  run = await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(ROWS, { late: LATE })] });
  blocks = await blocksOf(run.directory);
  recorded = await eventsOf(run.directory);
  assert.ok(blocks.length > 10 && recorded.length > 20, "a recording worth branching");
});

test("[W1] a branch in which nothing is different has the blocks, events and state of the original, wherever it begins", async () => {
  const middle = blocks[Math.floor(blocks.length / 2)]!;
  const places = [1, middle.firstSequence, middle.firstSequence + 1, middle.lastSequence, run.inputs];
  for (const at of places) {
    const { result, directory } = await branched({ at });
    assert.is(result.finalHash, run.hash, `at ${at}`);
    assert.equal(result.events, result.original);
    assert.equal(
      result.events,
      recorded.filter((event) => inputOf(event) >= at),
    );
    assert.is(result.counts.same, result.events.length);
    const branch = await blocksOf(directory);
    assert.equal(
      branch,
      blocks.filter(({ lastSequence }) => lastSequence >= at),
    );
    assert.equal(
      await eventsOf(directory),
      recorded.filter((event) => inputOf(event) >= branch[0]!.firstSequence),
    );
  }
});

test("a branch is a recording that replays and verifies, and that names its parent", async () => {
  const at = rowUs(900);
  const { result, directory } = await branched({ at, set: { "collapse.falseAlarmsPerDay": 500 }, seed: 9 });
  const journal = await openRecording(directory);
  const report = await replay(journal, SYSTEM, { verify: true });
  const parent = parentOf(journal.createdFrom)!;
  await journal.close();
  assert.is(report.difference, null);
  assert.is(report.finalHash, result.finalHash);
  assert.is.not(result.finalHash, run.hash);
  assert.ok(report.compared.checkpoints > 0 && report.compared.derived > 0);
  assert.equal(parent, result.parent);
  const shared = blocks.find(({ number }) => number === parent.block)!;
  assert.is(parent.hash, shared.hash);
  assert.is(parent.recording, run.directory);
  assert.equal(parent.changes, { set: { "collapse.falseAlarmsPerDay": 500, seed: 9 } });
  assert.is(firstAt(at).sequence, parent.sequence);
});

test("diff of a recording and its branch counts what moved, changed, went and came as the branch itself does", async () => {
  // Bursts are a minute apart and found within seconds: with a wide tolerance other pairs would be made.
  for (const at of [2, rowUs(300)]) {
    const { result, directory } = await branched({
      at,
      set: { "collapse.falseAlarmsPerDay": 1e-6 },
      seed: 9,
    });
    assert.is(result.toleranceUs, 10_000_000, "a recording of minutes, wherever it begins");
    const [a, b] = [await openRecording(run.directory), await openRecording(directory)];
    const compared = [
      { recording: "a", journal: a },
      { recording: "b", journal: b },
    ] as const;
    const { events } = await diffRecordings(...compared);
    await a.close();
    await b.close();
    const { same: _, ...counts } = result.counts;
    const { same: shared, ...others } = events;
    assert.equal(others, counts);
    assert.ok(shared >= result.counts.same, "the block of the point may begin before it");
    assert.ok(counts.gone + counts.moved > 0);
  }
});

test("[W2] the same request gives the same branch, byte for byte", async () => {
  const request = {
    at: rowUs(900),
    drop: ["a"],
    inject: [{ scenario: "spike", group: "west", durationSeconds: 20 }],
  };
  const [one, other] = [await branched(request), await branched(request)];
  assert.equal(await blocksOf(one.directory), await blocksOf(other.directory));
  assert.equal({ ...one.result, branch: "" }, { ...other.result, branch: "" });
});

test("a setting is changed in the log at the point, by the author what-if, and the actors follow it from there", async () => {
  const at = rowUs(900);
  const { result, directory } = await branched({ at, set: { "collapse.enabled": "false" } });
  const [change] = (await inputsOf(directory)).filter(({ input }) => input.type === "configChanged");
  assert.equal(change!.input, {
    type: "configChanged",
    path: "collapse.enabled",
    value: false,
    author: "what-if",
  });
  assert.is(change!.timeUs, at);
  assert.is(change!.sequence, result.sequence);
  assert.not(
    result.events.some(({ actor }) => actor === "collapse"),
    "no collapse without its detector",
  );
  const gone = new Set(result.differences.filter(({ type }) => type === "gone").map((d) => d.original));
  for (const event of result.original)
    if (event.actor === "collapse") assert.ok(gone.has(event.id), event.id);
  assert.is(result.events[0]!.kind, "config.changed");
});

test("a session that is opened again after the branch begins keeps the change", async () => {
  const twice = await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(300)] });
  await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(600)], directory: twice.directory });
  const request = { at: rowUs(100), set: { "anomaly.windowSamples": 64 }, seed: 5 };
  const { result, directory } = await branched(request, {}, twice.directory);
  const opened = (await inputsOf(directory)).filter(({ input }) => input.type === "sessionOpened");
  assert.is(opened.length, 1, "only the second one lies after the branch begins");
  const expected = applySetting(applySetting(defaultSettings(), "anomaly.windowSamples", 64), "seed", 5);
  const { input } = opened[0]!;
  assert.ok(input.type === "sessionOpened");
  assert.equal([input.settings, input.seed], [{ ...expected }, 5]);
  const core = await coreAtEnd(directory);
  assert.equal(core.settings, expected);
  assert.ok(result.inputs > 0);
});

test("a branch from the very beginning is opened with the settings, and changes none", async () => {
  const { directory } = await branched({ at: 1, set: { "anomaly.windowSamples": 64 } });
  const inputs = await inputsOf(directory);
  assert.not(inputs.some(({ input }) => input.type === "configChanged"));
  assert.is((await coreAtEnd(directory)).settings.anomaly.windowSamples, 64);
  assert.is(inputs.length, run.inputs);
});

test("a dropped channel falls silent in groups that are there, and is not declared in those that come later", async () => {
  const { directory, result } = await branched({ at: rowUs(900), drop: ["b", "west/c"] });
  const silent = new Map([
    ["east", ["b"]],
    ["west", ["b", "c"]],
    ["late", ["b"]],
  ]);
  const expected = samplesIn(await inputsOf(run.directory), result.sequence).filter(
    ({ group, channel }) => !silent.get(group)!.includes(channel),
  );
  assert.equal(
    samplesIn(await inputsOf(directory), result.sequence, declarationsBefore(result.sequence)),
    expected,
  );
  const core = await coreAtEnd(directory);
  assert.equal(namesOf(core, "late"), ["a", "c", "d"]);
  assert.equal(namesOf(core, "east"), CHANNELS);
});

test("a frame that loses all its samples goes", async () => {
  const { directory, result } = await branched({
    at: rowUs(900),
    drop: CHANNELS.map((name) => `west/${name}`),
  });
  const frames = (await inputsOf(directory)).filter(
    (each) => each.sequence >= result.sequence && each.input.type === "frame",
  );
  assert.ok(frames.length > 0);
  assert.not(frames.some(({ input }) => input.type === "frame" && input.group === "west"));
  const journal = await openRecording(directory);
  assert.is((await replay(journal, SYSTEM, { verify: true })).difference, null);
  await journal.close();
});

test("an injection changes its samples for its time and no others, and stands in the log from begin to end", async () => {
  const injection = {
    scenario: "level-shift",
    group: "east",
    channels: ["c"],
    strength: 20,
    durationSeconds: 30,
  };
  const { directory, result } = await branched({
    at: rowUs(900),
    inject: [{ ...injection, at: rowUs(1_000) }],
  });
  const inputs = await inputsOf(directory);
  const notices = inputs.filter(({ input }) => input.type === "notice");
  assert.equal(
    notices.map(({ input }) => input.type === "notice" && input.kind),
    ["injection.started", "injection.ended"],
  );
  assert.is(notices[0]!.timeUs, rowUs(1_000));
  const before = samplesIn(await inputsOf(run.directory), 1);
  const after = samplesIn(inputs, 1, declarationsBefore(inputs[0]!.sequence));
  const from = before.length - after.length;
  const changed = after.filter(({ value }, k) => value !== before[from + k]!.value);
  assert.ok(changed.length > 100, `${changed.length} samples`);
  for (const { group, channel, timeUs } of changed) {
    assert.equal([group, channel], ["east", "c"]);
    assert.ok(timeUs >= rowUs(1_000) && timeUs <= rowUs(1_000) + 30e6, String(timeUs));
  }
  assert.ok(result.differences.some(({ type }) => type === "new"));
});

const ABOVE_90 = {
  id: "east-a",
  of: { group: "east", channel: "a" },
  direction: "above" as const,
  level: 90,
};

test("a command is given where the branch begins, by the author what-if, and its actor obeys it from there", async () => {
  const at = rowUs(900);
  const { result, directory } = await branched({ at, commands: [{ name: "threshold.set", body: ABOVE_90 }] });
  const [given] = (await inputsOf(directory)).filter(({ input }) => input.type === "command");
  const body = { ...ABOVE_90, clearLevel: 90, dwellSeconds: 0, severity: "warning", title: "" };
  const author = "what-if";
  assert.equal(given!.input, {
    type: "command",
    name: "threshold.set",
    body,
    author: { id: author },
    source: author,
    sequence: 0,
  });
  assert.is(given!.timeUs, at);
  const kinds = new Set(result.events.map(({ kind }) => kind));
  assert.ok(kinds.has("threshold.set") && kinds.has("alert.fired"), [...kinds].join(" "));
  const journal = await openRecording(directory);
  assert.is((await replay(journal, SYSTEM, { verify: true })).difference, null);
  assert.equal(parentOf(journal.createdFrom)!.changes, { commands: [{ name: "threshold.set", body }] });
  await journal.close();
});

test("a command in a branch from the very beginning is given when the session is open", async () => {
  const { result } = await branched({ at: 1, commands: [{ name: "threshold.set", body: ABOVE_90 }] });
  assert.is(result.events.filter(({ kind }) => kind === "alert.fired").length > 0, true);
});

test("commands that people gave are left out by name, the others stay", async () => {
  const watched = await recordFeeds({
    definitions: SYSTEM,
    feeds: [marketFeed(300)],
    before: async (partition) => {
      const from = { author: { id: "ana" }, source: "gateway", sequence: 0 };
      await partition.command({ name: "threshold.set", body: ABOVE_90, ...from });
      await partition.command({ name: "threshold.removed", body: { id: ABOVE_90.id }, ...from });
    },
  });
  const asked = { at: 2, dropCommands: ["threshold.removed"] };
  const { result, directory } = await branched(asked, {}, watched.directory);
  const names = (await inputsOf(directory)).map(({ input }) => (input.type === "command" ? input.name : ""));
  assert.equal(
    names.filter((name) => name !== ""),
    ["threshold.set"],
  );
  const fires = (lane: EventMessage[]): boolean => lane.some(({ kind }) => kind === "alert.fired");
  assert.equal([fires(result.original), fires(result.events)], [false, true]);
  await refused(
    runWhatIf(watched.directory, { at: 2, dropCommands: ["alert.assigned"] }),
    /Cannot drop alert\.assigned: nobody gave it .*; expected one of threshold\.removed, threshold\.set/,
  );
});

test("original and branch end with the last input until a time", async () => {
  const untilUs = rowUs(1_500);
  const { result, directory } = await branched({
    at: rowUs(900),
    untilUs,
    set: { "anomaly.enabled": false },
  });
  assert.is(result.untilUs, untilUs);
  assert.equal(
    result.original,
    recorded.filter((event) => event.timeUs <= untilUs && inputOf(event) >= result.sequence),
  );
  assert.is(Math.max(...(await inputsOf(directory)).map(({ timeUs }) => timeUs)), untilUs);
});

test("differences are reported while the branch runs, and the result has it in order of time", async () => {
  const reported: string[] = [];
  const options: WhatIfOptions = { difference: (difference) => reported.push(JSON.stringify(difference)) };
  const { result } = await branched({ at: rowUs(900), set: { "collapse.falseAlarmsPerDay": 500 } }, options);
  assert.equal(reported.sort(), result.differences.map((each) => JSON.stringify(each)).sort());
  const times = result.differences.map((each) => timeOf(result, each));
  assert.equal(
    times,
    [...times].sort((a, b) => a - b),
  );
});

test("events whose notes are missing, or came late, are those of the original all the same", async () => {
  const request = { at: rowUs(500), set: { "collapse.falseAlarmsPerDay": 500 } };
  const expected = await runWhatIf(run.directory, request);
  const lacking = [
    await copied(run.directory, { notes: "none", snapshots: false }),
    await copied(run.directory, { notes: "half", snapshots: true }),
    await copied(run.directory, { notes: "late", snapshots: true }),
    await copied(run.directory, { notes: "half", snapshots: true, foreignFrom: rowUs(500) }),
  ];
  for (const journal of lacking) {
    const result = await runWhatIf(journal, request, { recording: run.directory });
    assert.equal(result, expected);
  }
});

test("[W4] the recording of a running session can be branched", async () => {
  const directory = temporaryDirectory();
  const { openRecordingForWriting } = await import("../../actors/mod.ts");
  const partition = await openPartition({
    journal: await openRecordingForWriting(directory, { partition: "p0" }),
    // Its timers do not run: nothing enters the log after the feed has ended.
    clock: createManualClock(),
    recording: directory,
  });
  partition.startFeeds([marketFeed(600)]);
  await partition.feedsEnded();
  const result = await runWhatIf(directory, { at: rowUs(300) });
  assert.is(result.finalHash, partition.stateHash());
  assert.equal(result.events, result.original);
  await partition.close();
});

test("[W3] a request that cannot be is refused before anything is written", async () => {
  const to = join(temporaryDirectory(), "branch");
  const range = /outside of the recording; expected 2026-01-05T00:00:00\.000Z to /;
  const refusals: [WhatIfRequest, RegExp][] = [
    [{ at: rowUs(-1) }, range],
    [{ at: rowUs(ROWS) }, range],
    [{ at: run.inputs + 1 }, /is not in the recording; expected 1 to /],
    [{ at: "yesterday" }, /Cannot read at: "yesterday"; expected .* ISO 8601/],
    [
      { at: 100, set: { "colapse.statistic": "sr" } },
      /no such setting; expected perhaps collapse\.statistic/,
    ],
    [{ at: 100, set: { "anomaly.windowSamples": 3 } }, /expected a number ≥ 32/],
    [{ at: 100, drop: ["west/e"] }, /Cannot drop west\/e: the recording has no such channel; expected/],
    [{ at: 100, inject: [{ scenario: "spik", group: "west" }] }, /expected perhaps spike/],
    [{ at: 100, inject: [{ scenario: "spike" }] }, /no group is given; expected one of east, west/],
    [
      { at: 100, inject: [{ scenario: "spike", group: "west", channels: ["x"] }] },
      /Cannot inject into channel x/,
    ],
    [{ at: rowUs(500), untilUs: rowUs(400) }, /Cannot branch: until is .*; expected a time after at \(/],
    [{ at: 100, untilUs: 1e18 }, /untilUs is 1000000000000000000; expected a whole number$/],
    [{ at: 100, untilUs: rowUs(ROWS) }, /Cannot branch until .* outside of the recording; expected at most/],
    [
      { at: 100, inject: [{ scenario: "spike", group: "west", at: rowUs(ROWS) }] },
      /Cannot inject spike at .* outside of the recording; expected a time up to/,
    ],
    [JSON.parse('{ "at": 100, "set": { "__proto__": 1 } }') as WhatIfRequest, /no such setting/],
    [
      { at: 100, commands: [{ name: "threshold.sett", body: ABOVE_90 }] },
      /Cannot enter a command: "threshold\.sett"; expected perhaps threshold\.set/,
    ],
    [
      { at: 100, commands: [{ name: "threshold.set", body: { ...ABOVE_90, level: "x" } }] },
      /Cannot set a threshold: level is "x"/,
    ],
    [{ at: 100, dropCommands: ["seek"] }, /Cannot enter a command: "seek"; expected/],
    [
      { at: 100, dropCommands: ["alert.snoozed"] },
      /Cannot drop alert\.snoozed: nobody gave it .*; expected an earlier place: nobody gave a command/,
    ],
    [{ at: 100, sett: {} } as WhatIfRequest, /there is no field sett; expected perhaps set/],
  ];
  for (const [request, message] of refusals) {
    const error = await runWhatIf(run.directory, request, { to }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.instance(error, EigenwatchError, JSON.stringify(request));
    assert.match((error as EigenwatchError).message, message);
    assert.is(exitCodeOf((error as EigenwatchError).kind), 2);
    assert.equal(readdirSync(join(to, "..")), []);
  }
});

test("[W3] a damaged recording is named with its place, and a run that fails leaves nothing", async () => {
  const directory = join(temporaryDirectory(), "damaged");
  cpSync(run.directory, directory, { recursive: true });
  const file = readdirSync(directory).find((name) => name.endsWith(".seg"))!;
  const bytes = readFileSync(join(directory, file));
  bytes[Math.floor(bytes.length * 0.7)]! ^= 1;
  writeFileSync(join(directory, file), bytes);
  const folder = temporaryDirectory();
  await refused(
    runWhatIf(directory, { at: 100 }, { to: join(folder, "branch") }),
    /damaged: \d+\.seg at byte \d+/,
  );
  const ending = new AbortController();
  ending.abort(new EigenwatchError({ action: "branch", value: "stopped" }));
  const options = { to: join(folder, "branch"), signal: ending.signal };
  await refused(runWhatIf(run.directory, { at: 100 }, options), /stopped/);
  assert.equal(readdirSync(folder), []);
});

test("[W3] a branch that cannot be written is refused with its place and the reason", async () => {
  const file = join(temporaryDirectory(), "file");
  writeFileSync(file, "");
  const to = join(file, "branch");
  await refused(
    runWhatIf(run.directory, { at: 100 }, { to }),
    /Cannot write the branch to .*branch: E[A-Z]+/,
  );
});

test("[W3] a folder that is there is not written into", async () => {
  const to = temporaryDirectory();
  await refused(runWhatIf(run.directory, { at: 100 }, { to }), /it exists; expected a new folder/);
  assert.equal(readdirSync(to), []);
});

async function refused(act: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await act.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, EigenwatchError);
  assert.match((error as Error).message, message);
}

async function branched(
  request: WhatIfRequest,
  options: WhatIfOptions = {},
  recording = run.directory,
): Promise<{ result: WhatIfResult; directory: string }> {
  const directory = join(temporaryDirectory(), "branch");
  const result = await runWhatIf(recording, request, { ...options, to: directory });
  assert.is(result.branch, directory);
  assert.ok(existsSync(directory));
  return { result, directory };
}

/** Groups and their channels as the original has declared them before an input. */
function declarationsBefore(sequence: number): Map<string, string[]> {
  const declared = new Map<string, string[]>();
  for (const { inputs } of blocks) {
    for (const { sequence: number, input } of inputs)
      if (number < sequence && input.type === "channels")
        declared.set(
          input.group,
          input.channels.map(({ name }) => name),
        );
  }
  return declared;
}

function firstAt(timeUs: number) {
  return blocks.flatMap(({ inputs }) => inputs).find((each) => each.timeUs >= timeUs)!;
}

function namesOf(core: Awaited<ReturnType<typeof coreAtEnd>>, name: string): string[] {
  const declaration = core.declarations().find(({ group }) => group === name)!;
  return declaration.channels.map((channel) => channel.name);
}

function inputOf({ id }: EventMessage): number {
  return Number(id.split("/").at(-2));
}

function timeOf(result: WhatIfResult, { original, branch }: WhatIfResult["differences"][number]): number {
  const times = [
    ...result.original.filter(({ id }) => id === original),
    ...result.events.filter(({ id }) => id === branch),
  ].map(({ timeUs }) => timeUs);
  return Math.min(...times);
}

test.run();
