/** The client of a whole session: all its partitions, each resumed from its own cursor. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ClientState } from "../../collab/client.ts";
import { eventOrder, partitionOfEvent } from "../../collab/event-order.ts";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import type { Cursors, SessionClient } from "../../collab/session-client.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { condition } from "../support/condition.ts";
import { FakeSession } from "../support/fake-session.ts";
import { onKeptPort } from "../support/kept-port.ts";
import { createProgramSessionClient } from "../support/program-client.ts";

interface Followed {
  readonly client: SessionClient;
  /** "partition title", as they came. */
  readonly titles: string[];
  readonly frames: string[];
  readonly groups: string[];
  readonly states: ClientState["state"][];
  readonly joined: string[];
  until(holds: () => boolean): Promise<void>;
}

/** A started client that subscribes to the events and samples of every partition. */
function follow(url: string, cursors: Cursors = {}): Followed {
  const { look, until } = condition();
  const [titles, frames, groups, joined]: string[][] = [[], [], [], []];
  const states: ClientState["state"][] = [];
  const client = createProgramSessionClient({
    url,
    cursors,
    retryMs: 5,
    retryMsMax: 5,
    connection: ({ state }) => {
      states.push(state);
      look();
    },
    joined: (partition, connection) => {
      joined!.push(partition);
      connection.subscribe({ channel: "events", after: 0 });
      connection.subscribe({ channel: "samples", after: 0 });
      return {
        channels: ({ group }) => void groups!.push(`${partition} ${group}`),
        event: ({ title }) => {
          titles!.push(`${partition} ${title}`);
          look();
        },
        samples: (_, inputSequence) => {
          frames!.push(`${partition} ${inputSequence}`);
          look();
        },
      };
    },
  });
  client.start();
  return { client, titles: titles!, frames: frames!, groups: groups!, joined: joined!, states, until };
}

function partitions(...names: string[]): FakeSession[] {
  return names.map((partition) => new FakeSession("plant", partition));
}

async function withGateway(
  sessions: readonly FakeSession[],
  act: (gateway: Gateway) => Promise<void>,
): Promise<void> {
  const gateway = await createGateway({ sessions });
  try {
    await act(gateway);
  } finally {
    await gateway.close();
  }
}

test("[S2] a client of a session gets the groups, events and samples of all its partitions", async () => {
  const [first, second] = partitions("p0", "p1");
  first!.declare("a", ["x"]);
  second!.declare("b", ["y"]);
  first!.announce("one");
  second!.announce("two");
  await withGateway([first!, second!], async ({ url }) => {
    const seen = follow(url);
    await seen.until(() => seen.titles.length === 2);
    first!.measure("a", [[1, 0, 1]]);
    second!.measure("b", [[1, 0, 1]]);
    second!.measure("b", [[2, 0, 1]]);
    await seen.until(() => seen.frames.length === 3);
    assert.equal(seen.titles.toSorted(), ["p0 one", "p1 two"]);
    assert.equal(seen.frames.toSorted(), ["p0 1", "p1 1", "p1 2"]);
    assert.equal(seen.groups.toSorted(), ["p0 a", "p1 b"]);
    assert.equal(seen.joined, ["p0", "p1"]);
    assert.equal(seen.client.partitions, ["p0", "p1"]);
    assert.equal(seen.client.cursors, { p0: 1, p1: 1 });
    assert.equal(seen.states, ["connecting", "open"]);
    seen.client.stop();
    assert.is(seen.states.at(-1), "stopped");
  });
});

test("[S1] another client goes on in each partition where the cursors say, and begins where they name none", async () => {
  const sessions = partitions("p0", "p1", "p2");
  for (const session of sessions) for (const title of ["one", "two", "three"]) session.announce(title);
  await withGateway(sessions, async ({ url }) => {
    const seen = follow(url, { p0: 1, p1: 2 });
    await seen.until(() => seen.titles.length === 6);
    const expected = ["p0 two", "p0 three", "p1 three", "p2 one", "p2 two", "p2 three"];
    assert.equal(seen.titles.toSorted(), expected.toSorted());
    assert.equal(seen.client.cursors, { p0: 3, p1: 3, p2: 3 });
    seen.client.stop();
  });
});

test("[S1] each event and frame of each partition comes once across restarts of the gateway", async () => {
  const sessions = partitions("p0", "p1");
  let gateway = await onKeptPort((port) => createGateway({ sessions, port }));
  const { port } = gateway;
  const seen = follow(gateway.url);
  const happen = (): void => {
    for (const session of sessions) {
      session.announce(String(session.allEvents.length + 1));
      session.measure("a", [[session.allEvents.length, 0, 1]]);
    }
  };
  try {
    for (let round = 1; round <= 3; round++) {
      happen();
      await seen.until(() => seen.titles.length === 4 * round - 2 && seen.frames.length === 4 * round - 2);
      await gateway.close();
      happen();
      gateway = await createGateway({ sessions, port });
      await seen.until(() => seen.titles.length === 4 * round && seen.frames.length === 4 * round);
    }
  } finally {
    seen.client.stop();
    await gateway.close();
  }
  for (const partition of ["p0", "p1"]) {
    const expected = ["1", "2", "3", "4", "5", "6"].map((k) => `${partition} ${k}`);
    assert.equal(
      seen.titles.filter((title) => title.startsWith(partition)),
      expected,
    );
    assert.equal(
      seen.frames.filter((frame) => frame.startsWith(partition)),
      expected,
    );
  }
  assert.equal(seen.joined, ["p0", "p1"]);
});

test("[S3] a session of one partition has one connection, and its welcome names no others", async () => {
  const [session] = partitions("p0");
  session!.announce("one");
  await withGateway([session!], async ({ url }) => {
    const opened: (string | null)[] = [];
    const { look, until } = condition();
    const welcomes: object[] = [];
    const client = createProgramSessionClient({
      url,
      opening: (partition) => opened.push(partition),
      joined: (_, connection) => {
        connection.subscribe({ channel: "events", after: 0 });
        return { welcome: (welcome) => void welcomes.push(welcome), event: look };
      },
    });
    client.start();
    await until(() => client.cursors["p0"] === 1);
    assert.equal(opened, [null]);
    assert.is("partitions" in welcomes[0]!, false);
    client.stop();
  });
});

test("[S4] a partition that the session no longer has is let go, and goes on at its cursor when it is back", async () => {
  const [first, second] = partitions("p0", "p1");
  second!.announce("one");
  let gateway = await onKeptPort((port) => createGateway({ sessions: [first!, second!], port }));
  const { port } = gateway;
  const seen = follow(gateway.url);
  try {
    await seen.until(() => seen.titles.length === 1);
    await gateway.close();
    gateway = await createGateway({ sessions: [first!], port });
    await seen.until(() => seen.client.state.state === "open" && seen.client.partitions.length === 1);
    second!.announce("two");
    await gateway.close();
    gateway = await createGateway({ sessions: [first!, second!], port });
    await seen.until(() => seen.titles.length === 2);
    assert.equal(seen.titles, ["p1 one", "p1 two"]);
  } finally {
    seen.client.stop();
    await gateway.close();
  }
});

test("a session is as open as the connection of it that is furthest from it", async () => {
  const [first, second] = partitions("p0", "p1");
  await withGateway([first!, second!], async ({ url }) => {
    let mayConnect = false;
    const { look, until } = condition();
    const client = createProgramSessionClient({
      url,
      retryMs: 5,
      retryMsMax: 5,
      opening: (partition) => {
        if (partition === "p1" && !mayConnect) return "http://127.0.0.1:9/ws";
        return undefined;
      },
      connection: look,
      joined: () => ({}),
    });
    client.start();
    await until(() => client.state.state === "waiting");
    assert.equal(client.partitions, ["p0"]);
    assert.equal(client.notConnected, ["p1"], "its data is old, that of p0 is not");
    mayConnect = true;
    await until(() => client.state.state === "open");
    assert.equal(client.partitions, ["p0", "p1"]);
    assert.equal(client.notConnected, []);
    client.stop();
  });
});

test("events are ordered by time, then partition, then sequence", () => {
  const event = (timeUs: number, partition: string, sequence: number) =>
    ({ timeUs, sequence, id: `${partition}/${10 * sequence}/0` }) as EventMessage;
  const ordered = [
    event(1, "p1", 7),
    event(2, "p0", 8),
    event(2, "p0", 9),
    event(2, "p1", 1),
    event(3, "p0", 1),
  ];
  assert.equal([...ordered].reverse().sort(eventOrder), ordered);
  assert.is(partitionOfEvent({ id: "hall/2/70/1" }), "hall/2");
});

test.run();
