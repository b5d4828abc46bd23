/** What a node says when the servers run out of room for its logs. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { watchStorage } from "../../collab/live/watch-storage.ts";
import { createManualClock } from "../support/clock.ts";

test("a node says at four fifths of a limit that the log becomes full, and again at each step, but not each minute", async () => {
  const clock = createManualClock();
  let usedBytes = 700;
  const said: string[] = [];
  const end = watchStorage({
    bus: {
      storage: async (streams) => [
        { what: `stream ${streams[0]}`, usedBytes, limitBytes: 1_000 },
        { what: "JetStream of this account", usedBytes: 1e12, limitBytes: null },
      ],
    },
    clock,
    streams: ["log"],
    say: (level, message) => said.push(`${level}: ${message}`),
  });
  const lines: number[] = [];
  for (const used of [700, 799, 800, 849, 850, 600, 990, 990]) {
    usedBytes = used;
    await clock.advance(60_000);
    lines.push(said.length);
  }
  assert.equal(lines, [0, 0, 1, 1, 2, 2, 3, 3]);
  assert.match(said[2]!, /^error: /, "the next entry does not fit");
  assert.match(
    said[0]!,
    /^warning: stream log has used 80 % of its 1000 bytes; when it is full no input is taken: raise the limit/,
  );
  end();
  usedBytes = 1_000;
  await clock.advance(600_000);
  assert.is(said.length, 3);
});

test("servers that do not answer are asked again", async () => {
  const clock = createManualClock();
  let asked = 0;
  const said: string[] = [];
  const end = watchStorage({
    bus: {
      async storage() {
        if (++asked < 3) throw new Error("no answer");
        return [{ what: "stream log", usedBytes: 9, limitBytes: 10 }];
      },
    },
    clock,
    streams: ["log"],
    say: (level, message) => said.push(`${level}: ${message}`),
  });
  for (let k = 0; k < 4; k++) await clock.advance(60_000);
  assert.ok(asked >= 4);
  assert.is(said.length, 1);
  end();
});

test.run();
