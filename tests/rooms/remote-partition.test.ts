// runtime: either
/** Commands of a room on their way to the owner of a partition, which may be another node. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { systemClock } from "../../actors/clock.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { inputs } from "../../actors/log/read.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { RoomCommand } from "../../collab/rooms/forwarder.ts";
import { servePartition } from "../../collab/rooms/partition-service.ts";
import { commandsSubject, RemotePartition } from "../../collab/rooms/remote-partition.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { condition } from "../support/condition.ts";
import { openPartition } from "../support/open-partition.ts";
import { threshold } from "./edits.ts";

const SUBJECT = commandsSubject("plant", "p0");

/** A partition whose owner takes commands, and what sends them. */
async function world() {
  const bus = createMemoryBus(systemClock);
  const journal = createMemoryJournal({});
  const said: string[] = [];
  const partition = await openPartition({
    ...{ session: "plant", partition: "p0", journal, clock: systemClock, settings: defaultSettings() },
    ...{ definitions: SYSTEM, versions: {}, recording: null, log() {} },
  });
  const log = (message: string): void => void said.push(message);
  const end = servePartition({ bus, clock: systemClock, partition, epoch: 1, log });
  const place = { bus, clock: systemClock, session: "plant", partition: "p0" };
  return {
    bus,
    partition,
    said,
    end,
    remote: new RemotePartition({ ...place, asker: "a@1", epoch: () => 1 }),
    async ids(): Promise<string[]> {
      const found: string[] = [];
      for await (const { input } of inputs(journal))
        if (input.type === "command") found.push((input.body as { id: string }).id);
      return found;
    },
    async close(): Promise<void> {
      end();
      await partition.close();
    },
  };
}

function sets(sequence: number, source = "room"): RoomCommand {
  const body = { id: `t${sequence}`, ...threshold(sequence) };
  return { name: "threshold.set", body, author: { id: "ana" }, source, sequence };
}

test("commands enter the partition's log in their order, and the answer names the last", async () => {
  const { remote, ids, close } = await world();
  assert.is(await remote.take([]), 0);
  assert.is(await remote.take([sets(3), sets(7)]), 7);
  assert.is(await remote.take([]), 7);
  assert.equal(await ids(), ["t3", "t7"]);
  await close();
});

test("[W1] commands that are sent again count once", async () => {
  const { remote, ids, close } = await world();
  await remote.take([sets(3), sets(7)]);
  assert.is(await remote.take([sets(3), sets(7), sets(9)]), 9);
  assert.equal(await ids(), ["t3", "t7", "t9"]);
  await close();
});

test("more commands than a message holds are sent one message after the other", async () => {
  const { remote, ids, close } = await world();
  const many = Array.from({ length: 300 }, (_, k) => sets(k + 1));
  assert.is(await remote.take(many), 300);
  assert.equal(
    await ids(),
    many.map(({ sequence }) => `t${sequence}`),
  );
  await close();
});

test("a command that the table does not take is passed over, and those after it are taken", async () => {
  const { remote, ids, said, close } = await world();
  const wrong = { ...sets(3), body: { id: "t3", level: "high" } };
  assert.is(await remote.take([wrong, sets(7)]), 7);
  assert.equal(await ids(), ["t7"]);
  assert.is(said.length, 1);
  await close();
});

test("commands of another source, and bytes that are no commands, are passed over", async () => {
  const { bus, ids, said, close } = await world();
  const other = encodeMessage({ type: "command", ...sets(1, "gateway") });
  const offers = [other, Uint8Array.of(1, 2, 3)].map((message) =>
    encodeMessage({ type: "offer", id: "x", messages: [message] }),
  );
  for (const offer of offers) await bus.request(SUBJECT, offer, 50).catch(() => {});
  assert.equal(await ids(), []);
  assert.ok(said.length > 0);
  await close();
});

test("[W3] without an owner, and from one that closes, commands come back as not taken", async () => {
  const { remote, partition, end, close } = await world();
  const refused = (commands: RoomCommand[]) =>
    remote.take(commands).then(
      () => "taken",
      ({ kind, value }: EigenwatchError) => `${kind}: ${value}`,
    );
  const closing = partition.close();
  assert.is(await refused([sets(1)]), "unavailable: Cannot take what a feed offers: the session is closing");
  await closing;
  end();
  assert.is(await refused([sets(1)]), "unavailable: no node owns it at the moment");
  await close();
});

test("whoever asks is told that thresholds have changed", async () => {
  const { remote, bus, partition, close } = await world();
  const { look, until } = condition();
  const kinds: string[] = [];
  let looks = 0;
  bus.subscribe("ew.plant.p0.event.>", (_subject, bytes) => {
    kinds.push(decodeAs("event", bytes).kind);
  });
  const endLooks = remote.onChange(() => {
    looks++;
    look();
  });
  await partition.command(sets(1));
  await until(() => looks > 0);
  assert.equal(kinds, ["threshold.set"]);
  endLooks();
  await close();
});

test.run();
