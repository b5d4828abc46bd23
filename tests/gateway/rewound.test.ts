/** A recorded session moves: every client learns of it first, then gets what comes after the place again. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createProgramClient } from "../support/program-client.ts";
import { ask, withGateway } from "./http.ts";
import { TestSocket } from "./socket.ts";

test("a client gets the place before anything after it, and then the rest without asking", async () => {
  await withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    const socket = await new TestSocket(gateway).join();
    socket.send({ type: "subscribe", id: 1, channel: "events", after: 0 });
    socket.send({ type: "subscribe", id: 2, channel: "samples" });
    socket.send({ type: "subscribe", id: 3, channel: "state" });
    await socket.settled();
    for (let k = 1; k <= 4; k++) {
      session.measure("a", [[k, 0, k]]);
      session.announce(`first ${k}`);
      session.publishState("a", 1_000 * k);
    }
    session.rewind(2, 1);
    session.measure("a", [[3, 0, 30]]);
    session.announce("second 2");
    session.publishState("a", 2_500);
    await socket.settled();
    const lines = socket.received.map((message) => {
      if (message.type === "rewound") return `rewound ${message.cursors.input} ${message.cursors.event}`;
      if (message.type === "event") return `event ${message.sequence} ${message.title}`;
      if (message.type === "samples") return `samples ${message.inputSequence}`;
      return message.type === "state" ? `state ${message.timeUs}` : message.type;
    });
    const at = lines.indexOf("rewound 2 1");
    assert.ok(at > 0, lines.join(", "));
    assert.ok(lines.slice(0, at).includes("event 4 first 4"));
    assert.equal(
      lines
        .slice(at + 1)
        .filter((line) => !line.startsWith("pong"))
        .sort(),
      ["channels", "event 2 second 2", "samples 3", "state 2500"],
    );
  });
});

test("a client that has not seen all events before the place gets those first", async () => {
  await withGateway({}, async (gateway, session) => {
    for (let k = 1; k <= 5; k++) session.announce(`event ${k}`);
    const socket = await new TestSocket(gateway).join();
    socket.send({ type: "subscribe", id: 1, channel: "events", after: 2 });
    session.rewind(0, 4);
    await socket.settled();
    session.announce("another 5");
    await socket.settled();
    const titles = socket.of("event").map(({ title }) => title);
    assert.equal(titles.slice(-3), ["event 3", "event 4", "another 5"]);
  });
});

test("the reconnecting client delivers everything after the place again, with the same sequences", async () => {
  await withGateway({}, async (gateway, session) => {
    session.declare("a", ["x"]);
    const lines: string[] = [];
    let wake: () => void = () => {};
    const note = (line: string): void => {
      lines.push(line);
      wake();
    };
    const until = (line: string): Promise<void> =>
      new Promise((resolve) => {
        wake = () => {
          if (lines.includes(line)) resolve();
        };
        wake();
      });
    const client = createProgramClient({
      url: gateway.url,
      handlers: {
        event: ({ sequence, title }) => note(`${sequence} ${title}`),
        samples: (_frame, inputSequence) => note(`input ${inputSequence}`),
        rewound: ({ cursors }) => note(`rewound ${cursors.event}`),
        connection: ({ state }) => note(state),
        missed: () => note("missed"),
      },
    });
    client.subscribe({ channel: "events", after: 0 });
    client.subscribe({ channel: "samples", after: 0 });
    client.start();
    await until("open");
    for (let k = 1; k <= 3; k++) {
      session.measure("a", [[k, 0, k]]);
      session.announce("a");
    }
    await until("3 a");
    session.rewind(1, 1);
    session.measure("a", [[2, 0, 2]]);
    session.announce("b");
    await until("2 b");
    client.stop();
    const again = lines.slice(lines.indexOf("rewound 1") + 1);
    assert.equal(again.filter((line) => line !== "stopped").sort(), ["2 b", "input 2"]);
    assert.not.ok(lines.includes("missed"));
  });
});

test("a decimated subscription starts its intervals again", async () => {
  await withGateway({ limits: { decimationUsMin: 1 } }, async (gateway, session) => {
    session.declare("a", ["x"]);
    const socket = await new TestSocket(gateway).join();
    socket.send({ type: "subscribe", id: 1, channel: "samples", group: "a", decimationUs: 1_000 });
    await socket.settled();
    session.measure("a", [[5_100, 0, 7]]);
    session.rewind(0, 0);
    session.measure("a", [[100, 0, 1]]);
    session.measure("a", [[1_200, 0, 2]]);
    await socket.settled();
    const [decimated, ...more] = socket.of("decimated");
    assert.equal(more, []);
    const { last } = decimated!;
    assert.equal([...new Float64Array(last.slice().buffer)], [1]);
  });
});

test("an event stream gets rewound with the id to resume after", async () => {
  await withGateway({}, async (gateway, session) => {
    for (let k = 1; k <= 3; k++) session.announce(`event ${k}`);
    const stop = new AbortController();
    const response = await fetch(`${gateway.url}events?after=0`, { signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (part: string): Promise<void> => {
      while (!text.includes(part)) text += (await reader.read()).value ?? "";
    };
    await until("event 3");
    session.rewind(0, 1);
    session.announce("another 2");
    await until("another 2");
    assert.ok(text.includes('event: rewound\nid: 1\ndata: {"event":1}\n\n'), text);
    stop.abort();
    await reader.cancel().catch(() => {});
  });
});

test("a poll with a cursor after the place gets reset", async () => {
  await withGateway({}, async (gateway, session) => {
    for (let k = 1; k <= 3; k++) session.announce(`event ${k}`);
    session.rewind(0, 1);
    const answer = (await ask(gateway, "/api/events?after=3")).json() as { reset: boolean; next: number };
    assert.equal([answer.reset, answer.next], [true, 1]);
  });
});

test.run();
