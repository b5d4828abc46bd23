/**
 * What every session promises to a gateway (actors/ports/session.ts), as tests to run on each implementation:
 *
 *     sessionContract("session of another node", async () => ({ session, sink, measure, passMs, close }));
 *
 * The world begins with a session that has no groups. What its feed offers is delivered after `passMs`.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { FeedSink } from "../../actors/ports/feed.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { decodeAs } from "../../protocol/codec.ts";
import type { Command } from "../../protocol/commands.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { range } from "../journal/builders.ts";
import { channels, row } from "../support/inputs.ts";
import { inWorlds } from "./in-worlds.ts";

export interface SessionWorld {
  readonly session: LiveSession;
  /** Of a live feed with the source `feed`; its frames are numbered by the test. */
  readonly sink: FeedSink;
  /** µs; samples may have this time. */
  nowUs(): number;
  /** Lets so much time pass, at least until what was offered is delivered. */
  passMs(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Between two rows of the feed, µs. */
const EVERY_US = 10_000;

export function sessionContract(name: string, make: () => Promise<SessionWorld>): void {
  const test = suite(name);
  const contract = inWorlds(test, make, (world) => world.close());

  contract(`${name} delivers declarations and frames once, in order, as they were offered`, async (world) => {
    const heard = listen(world.session);
    await offer(world, 1, 20);
    await offer(world, 21, 40);
    assert.equal(heard.groups, ["g"]);
    assert.equal(heard.values, range(1, 40));
    assert.ok(heard.inputs.every((input, k) => k === 0 || input > heard.inputs[k - 1]!));
    assert.equal(
      world.session.groups().map(({ group, channels }) => [group, channels.length]),
      [["g", 2]],
    );
  });

  contract(
    `${name} flushes after what was released together, and leaves nothing unflushed`,
    async (world) => {
      const heard = listen(world.session);
      await offer(world, 1, 10);
      assert.is(heard.unflushed, 0);
      assert.ok(heard.flushes > 0);
    },
  );

  contract(`${name} delivers frames as encoded messages that stay as they are`, async (world) => {
    const kept: { bytes: Uint8Array; copy: Uint8Array }[] = [];
    world.session.subscribe({ ...DEAF, frame: ({ bytes }) => kept.push({ bytes, copy: bytes.slice() }) });
    await offer(world, 1, 20);
    assert.is(kept.length, 20);
    for (const [k, { bytes, copy }] of kept.entries()) {
      assert.equal(bytes, copy);
      assert.is(decodeAs("frame", bytes).value[0], k + 1);
    }
  });

  contract(`[S3] ${name} numbers events without gaps, and reads back what it delivered`, async (world) => {
    const heard = listen(world.session);
    await offer(world, 1, 5);
    for (const value of [3, 4, 5, 6]) await ask(world, setting(value));
    await world.passMs(50);
    const { events } = heard;
    assert.ok(events.length >= 4);
    const before = events[0]!.sequence - 1;
    assert.equal(
      events.map(({ sequence }) => sequence),
      range(before + 1, before + events.length),
    );
    assert.is(world.session.describe().lastEventSequence, events.at(-1)!.sequence);
    assert.equal(await world.session.events(before, 1_000), events);
    assert.equal(await world.session.events(before + 2, 1), events.slice(2, 3));
    assert.equal(await world.session.events(events.at(-1)!.sequence, 10), []);
    const all = await world.session.events(0, 1_000);
    assert.equal(
      all.map(({ sequence }) => sequence),
      range(1, all.length),
    );
  });

  contract(`${name} keeps recent frames, to resume after any of them`, async (world) => {
    const heard = listen(world.session);
    await offer(world, 1, 30);
    const { inputs } = heard;
    const recent = (after: number, limit?: number) => world.session.recentFrames(after, limit);
    for (const k of [0, 7, 29]) {
      const { complete, frames } = recent(inputs[k]!);
      assert.is(complete, true);
      assert.equal(
        frames.map(({ inputSequence }) => inputSequence),
        inputs.slice(k + 1),
      );
    }
    assert.equal(
      recent(inputs[4]!, 3).frames.map(({ frame }) => frame.value[0]),
      [6, 7, 8],
    );
    assert.is(world.session.describe().lastInputSequence >= inputs.at(-1)!, true);
  });

  contract(`${name} knows its last states and gauges`, async (world) => {
    const states: string[] = [];
    const gauges: number[] = [];
    world.session.subscribe({
      ...DEAF,
      state: ({ group }) => states.push(group),
      metrics: (metrics) => gauges.push(metrics.gauges["samples"]!),
    });
    for (const k of range(0, 29)) await offer(world, 1 + 10 * k, 10 + 10 * k);
    await world.passMs(2_000);
    assert.ok(states.length > 0);
    assert.equal(
      world.session.lastStates().map(({ group }) => group),
      ["g"],
    );
    assert.is(world.session.gauges()["samples"], 600);
    assert.ok(gauges.length > 0);
  });

  contract(`${name} describes itself and the state of its feeds`, async (world) => {
    await offer(world, 1, 1);
    world.sink.status({ type: "feedStatus", source: "feed", status: "gap", detail: "1 s", counts: {} });
    await world.passMs(50);
    const { session, partition, timeUs, feeds } = world.session.describe();
    assert.equal([session, partition], [world.session.session, world.session.partition]);
    assert.ok(timeUs > 0);
    assert.equal(
      feeds.filter(({ source }) => source === "feed"),
      [{ source: "feed", status: "gap", detail: "1 s" }],
    );
    assert.is(world.session.notReady(), null);
  });

  contract(`${name} carries a command out, and its event names the author`, async (world) => {
    const heard = listen(world.session);
    const { settings } = await ask(world, setting(7));
    await world.passMs(50);
    assert.is(settings.anomaly.cooldownSamples, 7);
    const told = heard.events.filter(({ kind }) => kind === "config.changed");
    assert.equal(
      told.map(({ detail }) => detail["author"]),
      [AUTHOR.author],
    );
  });

  contract(`${name} refuses a command for the reason that its handler gives`, async (world) => {
    const error = await ask(world, setting(-1)).then(
      () => assert.unreachable("was not refused") as never,
      (refused: EigenwatchError) => refused,
    );
    assert.is(error.kind, "input");
    assert.match(error.message, "anomaly.cooldownSamples");
  });

  contract(`${name} delivers nothing to a listener that left, and goes on when one throws`, async (world) => {
    const left = listen(world.session);
    world.session.subscribe({ ...DEAF, frame: () => assert.unreachable("thrown by a listener") });
    const stays = listen(world.session);
    await offer(world, 1, 3);
    left.leave();
    await offer(world, 4, 6);
    assert.equal(left.values, [1, 2, 3]);
    assert.equal(stays.values, range(1, 6));
  });

  test.run();
}

const AUTHOR = { author: "ana at 127.0.0.1", authorId: "ana", authorRole: "owner" } as const;

const DEAF = { frame() {}, event() {}, state() {}, metrics() {}, channels() {}, flush() {} };

function setting(value: number): Command<"changeSetting"> {
  return { name: "changeSetting", body: { path: "anomaly.cooldownSamples", value } };
}

/** Carries a command out while time passes. */
async function ask({ session, passMs }: SessionWorld, command: Command<"changeSetting">) {
  let isSettled = false;
  const answer = session.commands.carryOut(command, AUTHOR, new AbortController().signal).finally(() => {
    isSettled = true;
  });
  answer.catch(() => {});
  for (let ms = 0; ms < 5_000 && !isSettled; ms += 10) await passMs(10);
  return answer;
}

/** Rows `from` to `to` of group g: the first channel has the number of the row. */
async function offer({ sink, nowUs, passMs }: SessionWorld, from: number, to: number): Promise<void> {
  if (from === 1) sink.channels(channels(2, { everyUs: EVERY_US }));
  for (const k of range(from, to)) {
    await passMs(EVERY_US / 1000);
    sink.frame(row(nowUs(), [k, Math.sin(k)], k));
  }
  await passMs(50);
}

/** A listener that writes down what it hears. */
function listen(session: LiveSession) {
  const heard = {
    groups: [] as string[],
    inputs: [] as number[],
    /** First value of each frame. */
    values: [] as number[],
    events: [] as EventMessage[],
    flushes: 0,
    unflushed: 0,
    leave: () => {},
  };
  heard.leave = session.subscribe({
    channels({ group }) {
      heard.groups.push(group);
      heard.unflushed++;
    },
    frame({ inputSequence, frame }) {
      heard.inputs.push(inputSequence);
      heard.values.push(frame.value[0]!);
      heard.unflushed++;
    },
    event(event) {
      heard.events.push(event);
      heard.unflushed++;
    },
    state: () => void heard.unflushed++,
    metrics: () => void heard.unflushed++,
    flush() {
      heard.flushes++;
      heard.unflushed = 0;
    },
  });
  return heard;
}
