// runtime: either
/** Events whose record was cut off between its parts when their owner died: the next owner records them again, whole. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { derivedEvents } from "../../actors/log/read.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { machineOf, toy } from "../core/toy-core.ts";
import { createManualClock } from "../support/clock.ts";
import { FaultyStream } from "../support/faulty-stream.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { openStreamJournal, PARTITION } from "./streamed.ts";

/** Events of each row: their record is longer than a message may be. */
const EVENTS = 3_000;
const TEXT = "x".repeat(2_000);

const announces = {
  type: "announce",
  params: { kind: "toy.said", severity: "info", title: "said", detail: { text: TEXT } },
};
const talkative = toy(
  "talkative",
  () => ({
    fields: { rows: new Uint32Array(1) },
    update(batch, context) {
      this.fields["rows"]![0]! += batch.rows;
      for (let k = 0; k < EVENTS; k++) context.signal({ type: "said", timeUs: context.now });
    },
  }),
  { machine: machineOf({ on: { on: { said: { actions: announces } } } }) },
);

test("[V2] a record that was cut off between its parts is written again, whole, by the next owner", async () => {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const stream = new FaultyStream();
  const start = async (owner: string) => {
    const { journal, epoch } = await openStreamJournal({ bus, clock, stream, owner });
    return openPartition({
      session: "s",
      partition: PARTITION,
      journal,
      epoch,
      clock,
      settings: parseSettings({}),
      definitions: { group: [talkative], session: [] },
    });
  };
  const first = await start("n1@1");
  const feed = scriptedFeed("feed", "live");
  first.startFeeds([feed]);
  const sink = await feed.sink;
  let cut = 0;
  // The first part shares the entry of its block; the rest, in entries of their own, never arrives.
  stream.fault = (id) => (id.includes("derivedRecord") && ++cut > 0 ? "lost" : null);
  sink.channels(channels(1));
  sink.frame(row(clock.nowUs(), [1], 1));
  while (cut === 0) await clock.advance(10);
  const [before] = await recorded(stream);
  assert.is(before, 0, "the record is in the log, with its last part missing");
  stream.fault = () => null;
  const second = await start("n2@1");
  await clock.advance(1_000);
  const [events, distinct, largest] = await recorded(stream);
  assert.is(events, EVENTS);
  assert.is(distinct, EVENTS);
  assert.ok(largest <= MAX_MESSAGE_BYTES);
  assert.is(second.core.eventSequence, EVENTS);
});

/** Events of the actor that a reader finds recorded, how many ids they have, and the bytes of the largest entry. */
async function recorded(stream: FaultyStream): Promise<[events: number, distinct: number, largest: number]> {
  const log = await AdmittedLog.open(stream, PARTITION);
  const ids: string[] = [];
  for await (const { events } of derivedEvents({ read: (from = 1) => log.entries(from) }))
    ids.push(...events.filter(({ kind }) => kind === "toy.said").map(({ id }) => id));
  log.end();
  let largest = 0;
  for await (const { bytes } of stream.read(1)) largest = Math.max(largest, bytes.length);
  return [ids.length, new Set(ids).size, largest];
}

test.run();
