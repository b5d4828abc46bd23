// runtime: either
import { Buffer } from "node:buffer";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as ws from "ws";
import { joinFrames, splitFrames, TurnFrames } from "../../collab/gateway/turn-frames.ts";

/** Its types do not name it. */
const { Sender } = ws as unknown as {
  Sender: { frame(data: Buffer, options: object): Buffer[] };
};

function byLibrary(messages: readonly Uint8Array[]): Buffer {
  const options = { fin: true, rsv1: false, opcode: 2, mask: false, readOnly: true };
  return Buffer.concat(messages.flatMap((message) => Sender.frame(Buffer.from(message), options)));
}

test("messages of every length have the frames that the library gives", () => {
  const lengths = [0, 1, 125, 126, 127, 0xffff, 0x10000, 200_000];
  const messages = lengths.map((length) => new Uint8Array(length).fill(length & 0xff));
  const joined = joinFrames(messages);
  assert.ok(joined.equals(byLibrary(messages)));
  const split = splitFrames(joined);
  assert.is(split.length, messages.length);
  for (const [k, message] of messages.entries()) assert.ok(Buffer.from(message).equals(split[k]!));
  for (const message of messages) assert.ok(joinFrames([message]).equals(byLibrary([message])));
});

test("clients that get the same messages share one buffer, others get their own", () => {
  const [a, b, c] = [Uint8Array.of(1), Uint8Array.of(2, 2), Uint8Array.of(3)];
  const frames = new TurnFrames();
  const first = frames.join([a, b]);
  assert.is(frames.join([a, b]), first);
  assert.ok(first.equals(byLibrary([a, b])));
  assert.ok(frames.join([a]).equals(byLibrary([a])));
  assert.ok(frames.join([a, c]).equals(byLibrary([a, c])));
  assert.ok(frames.join([Uint8Array.of(1), c]).equals(byLibrary([a, c])));
});

test.run();
