// runtime: either
/** What a feed hands to its sink: numbered frames, names within their limit, and slices of frames. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ChannelGroups } from "../../actors/feeds/channel-groups.ts";
import { clipName, FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { FrameSlice } from "../../actors/feeds/frame-slice.ts";
import type { FeedSink } from "../../actors/ports/feed.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import { vector } from "../support/quantum.ts";
import { frameOf } from "../support/rows.ts";

interface Sent {
  group: string;
  sequence: number;
  samples: [timeUs: number, channel: number, value: number][];
  size: number[] | null;
}

function given() {
  const declared: Channels[] = [];
  const frames: Sent[] = [];
  const quantum: QuantumInput[] = [];
  const statuses: FeedStatus[] = [];
  const order: string[] = [];
  const full = { now: false };
  const sink: FeedSink = {
    channels(declaration) {
      declared.push(declaration);
      order.push(`channels ${declaration.group}`);
    },
    frame({ group, sequence, count, time, channel, value, size }: Frame) {
      const samples = Array.from({ length: count }, (_, k): Sent["samples"][number] => [
        time[k]!,
        channel[k]!,
        value[k]!,
      ]);
      frames.push({ group, sequence, samples, size: size && Array.from(size.subarray(0, count)) });
      order.push(`frame ${group}`);
      return !full.now;
    },
    quantum(input) {
      quantum.push(input);
      return !full.now;
    },
    status: (status) => void statuses.push(status),
    drained: async () => {},
  };
  return { writer: new FeedWriter("feed", sink), declared, frames, quantum, statuses, order, full };
}

test("frames and states of a feed have one numbering, and its name", () => {
  const { writer, frames, quantum, full } = given();
  assert.ok(writer.frame(frameOf([[1, 0, 5]])));
  assert.ok(writer.quantum({ ...vector(2, [1, 0]), source: "other" }));
  full.now = true;
  assert.not(writer.frame(frameOf([[3, 0, 5]])));
  assert.not(writer.quantum(vector(4, [1, 0])));
  assert.equal(
    frames.map(({ sequence }) => sequence),
    [1, 3],
  );
  assert.equal(
    quantum.map(({ source, sequence }) => [source, sequence]),
    [
      ["feed", 2],
      ["feed", 4],
    ],
  );
});

test("a report has the feed's name, an empty detail and no counts by default, and a detail of at most 4096 bytes", () => {
  const { writer, statuses } = given();
  writer.status("running");
  writer.status("failed", "x".repeat(5_000), { nan: 2 });
  assert.equal(statuses[0], {
    type: "feedStatus",
    source: "feed",
    status: "running",
    detail: "",
    counts: {},
  });
  assert.equal(statuses[1]!.counts, { nan: 2 });
  assert.is(statuses[1]!.detail, `${"x".repeat(4_093)}…`);
});

test("a name of 128 bytes is kept, a longer one is cut between characters and ends in an ellipsis", () => {
  for (const name of ["", "a".repeat(42), "a".repeat(128), "é".repeat(64), "\u{1F600}".repeat(32)])
    assert.is(clipName(name), name);
  assert.is(clipName("a".repeat(129)), `${"a".repeat(125)}…`);
  assert.is(clipName("é".repeat(65)), `${"é".repeat(62)}…`);
  assert.is(clipName("\u{1F600}".repeat(33)), `${"\u{1F600}".repeat(31)}…`);
  assert.is(new TextEncoder().encode(clipName("a".repeat(999))).length, 128);
});

test("a slice has the samples from one to another, and is the frame itself when that is all of it", () => {
  const slice = new FrameSlice();
  const frame = { ...frameOf([10, 20, 30, 40].map((value, k) => [k, k % 2, value])), sequence: 9 };
  assert.is(slice.of(frame, 0, 4), frame);
  const part = slice.of(frame, 1, 3);
  assert.equal([part.group, part.source, part.count, part.size], ["group", "test", 2, null]);
  const columns = ({ time, channel, value }: Frame, count: number) => [
    [...time.subarray(0, count)],
    [...channel.subarray(0, count)],
    [...value.subarray(0, count)],
  ];
  assert.equal(columns(part, 2), [
    [1, 2],
    [1, 0],
    [20, 30],
  ]);
  assert.equal(columns(slice.of(frame, 0, 3), 3), [
    [0, 1, 2],
    [0, 1, 0],
    [10, 20, 30],
  ]);
  assert.equal(columns(slice.of(frame, 3, 4), 1), [[3], [1], [40]]);
});

test("slices of frames with sizes have theirs, also after frames without, and of longer frames", () => {
  const slice = new FrameSlice();
  const frame = (length: number, sized: boolean) => ({
    ...frameOf(Array.from({ length }, (_, k) => [k, 0, k])),
    size: sized ? Float64Array.from({ length }, (_, k) => 100 + k) : null,
  });
  const sizes = (length: number, sized: boolean, from: number, to: number) => {
    const { size, count } = slice.of(frame(length, sized), from, to);
    return size && [...size.subarray(0, count)];
  };
  assert.is(sizes(3, false, 0, 2), null);
  assert.equal(sizes(3, true, 1, 3), [101, 102]);
  assert.equal(sizes(9, true, 1, 9), [101, 102, 103, 104, 105, 106, 107, 108]);
  assert.is(sizes(9, false, 1, 9), null);
});

const TRAITS = {
  group: "prices",
  unit: "EUR",
  sampling: "rows",
  everyUs: 1_000,
  innovation: "logReturn",
} as const;

test("channels of a table are declared in their order, 128 to a group, and only groups with new ones again", () => {
  const { writer, declared } = given();
  const groups = new ChannelGroups(writer, TRAITS);
  const slots = Array.from({ length: 130 }, (_, k) => groups.add(`c${k}`));
  assert.equal(
    slots,
    Array.from({ length: 130 }, (_, k) => k),
  );
  assert.ok(groups.declare());
  const shape = () => declared.splice(0).map(({ group, channels }) => [group, channels.length]);
  assert.equal(declared[0]!.channels[1], { name: "c1", title: "c1", unit: "EUR" });
  assert.equal(
    [declared[0]!.sampling, declared[0]!.everyUs, declared[0]!.innovation],
    ["rows", 1_000, "logReturn"],
  );
  assert.equal(shape(), [
    ["prices", 128],
    ["prices-2", 2],
  ]);
  groups.add("late");
  groups.declare();
  assert.equal(shape(), [["prices-2", 3]]);
  groups.declare();
  assert.equal(shape(), []);
});

test("a table has channels for 64 groups of 128, and no more", () => {
  const groups = new ChannelGroups(given().writer, TRAITS);
  for (let k = 0; k < 64 * 128; k++) assert.is(groups.add(`c${k}`), k);
  assert.is(groups.add("one more"), -1);
});

test("a long name is shortened, its title up to 200 characters", () => {
  const { writer, declared } = given();
  const groups = new ChannelGroups(writer, TRAITS);
  groups.add("x".repeat(300));
  groups.declare();
  const [channel] = declared[0]!.channels;
  assert.equal([channel!.name.length, channel!.title.length], [126, 200]);
});

test("samples leave before new channels are declared, those of all groups together", () => {
  const { writer, frames, order } = given();
  const groups = new ChannelGroups(writer, TRAITS);
  for (let k = 0; k < 129; k++) groups.add(`c${k}`);
  groups.declare();
  groups.sample(0, 10, 1, Number.NaN);
  groups.sample(127, 10, 2, Number.NaN);
  groups.sample(128, 10, 3, 7);
  groups.add("late");
  order.length = 0;
  groups.declare();
  assert.equal(order, ["frame prices", "frame prices-2", "channels prices-2"]);
  assert.equal(
    frames.map(({ samples, size }) => [samples, size]),
    [
      [
        [
          [10, 0, 1],
          [10, 127, 2],
        ],
        null,
      ],
      [[[10, 0, 3]], [7]],
    ],
  );
});

test("a frame of one group leaves when a row no longer fits in 256 samples; frames of several leave with each row", () => {
  const one = given();
  const groups = new ChannelGroups(one.writer, TRAITS);
  for (let k = 0; k < 100; k++) groups.add(`c${k}`);
  groups.declare();
  for (let row = 0; row < 3; row++) {
    assert.ok(groups.makeRoom());
    for (let k = 0; k < 100; k++) groups.sample(k, row, k, Number.NaN);
  }
  assert.equal(
    one.frames.map(({ samples }) => samples.length),
    [200],
  );
  assert.ok(groups.hasRoom(0));
  const two = given();
  const more = new ChannelGroups(two.writer, TRAITS);
  for (let k = 0; k < 129; k++) more.add(`c${k}`);
  more.declare();
  more.sample(0, 0, 1, Number.NaN);
  assert.ok(more.makeRoom());
  assert.is(two.frames.length, 1);
});

test("a full frame has no room, and a full sink is told", () => {
  const { writer, full } = given();
  const groups = new ChannelGroups(writer, TRAITS);
  groups.add("a");
  assert.ok(groups.declare());
  for (let k = 0; k < 256; k++) {
    assert.ok(groups.hasRoom(0), `${k} samples`);
    groups.sample(0, k, k, Number.NaN);
  }
  assert.not(groups.hasRoom(0));
  full.now = true;
  assert.not(groups.makeRoom());
  groups.sample(0, 256, 1, Number.NaN);
  assert.not(groups.flush());
  assert.ok(groups.flush(), "nothing is left to send");
  groups.sample(0, 257, 1, Number.NaN);
  assert.not(groups.declare());
});

test.run();
