/** A session of several partitions at the gateway: each is reached by its name, and without one the first. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import type { EventMessage, Welcome } from "../../protocol/messages.ts";
import { FakeSession } from "../support/fake-session.ts";
import { createProgramClient } from "../support/program-client.ts";
import { ask, errorOf } from "./http.ts";

async function withPartitions(
  act: (gateway: Gateway, sessions: FakeSession[]) => Promise<void>,
): Promise<void> {
  const sessions = ["p0", "p1"].map((partition) => new FakeSession("plant", partition));
  const gateway = await createGateway({ sessions });
  try {
    await act(gateway, sessions);
  } finally {
    await gateway.close();
  }
}

test("a request that names a partition gets that one, and without a name the first", async () => {
  await withPartitions(async (gateway, [first, second]) => {
    first!.announce("in the first");
    second!.announce("in the second");
    second!.announce("in the second again");
    const titles = async (query: string) => {
      const { events } = (await ask(gateway, `/api/events?after=0${query}`)).json() as {
        events: EventMessage[];
      };
      return events.map(({ title }) => title);
    };
    assert.equal(await titles(""), ["in the first"]);
    assert.equal(await titles("&session=plant"), ["in the first"]);
    assert.equal(await titles("&session=plant&partition=p1"), ["in the second", "in the second again"]);
    const answer = await ask(gateway, "/api/events?partition=p7");
    assert.is(answer.status, 404);
    const { action, value, expected } = errorOf(answer);
    assert.equal([action, value, expected], ["find partition of session plant", "p7", "p0 or p1"]);
  });
});

test("a client resumes each partition from its own cursor", async () => {
  await withPartitions(async (gateway, [first, second]) => {
    first!.announce("one");
    for (const title of ["two", "three"]) second!.announce(title);
    const url = new URL(gateway.url);
    url.searchParams.set("partition", "p1");
    const [welcome, event] = await new Promise<[Welcome, EventMessage]>((resolve) => {
      let welcomed: Welcome;
      const client = createProgramClient({
        url: url.href,
        handlers: {
          welcome: (message) => {
            welcomed = message;
          },
          event: (message) => {
            client.stop();
            resolve([welcomed, message]);
          },
        },
      });
      client.subscribe({ channel: "events", after: 1 });
      client.start();
    });
    assert.equal([welcome.partition, welcome.cursors.event], ["p1", 2]);
    assert.equal([event.sequence, event.title], [2, "three"]);
  });
});

test("the channels of a session are those of all its partitions, or of the one that is named", async () => {
  await withPartitions(async (gateway, [first, second]) => {
    first!.declare("a", ["x"]);
    second!.declare("b", ["y"]);
    const groups = async (query: string) => {
      const answer = (await ask(gateway, `/api/channels${query}`)).json() as { groups: { group: string }[] };
      return answer.groups.map(({ group }) => group);
    };
    assert.equal(await groups(""), ["a", "b"]);
    assert.equal(await groups("?session=plant"), ["a", "b"]);
    assert.equal(await groups("?partition=p1"), ["b"]);
  });
});

test("gauges of several partitions stand apart, with the partition as a label", async () => {
  await withPartitions(async (gateway, [first, second]) => {
    first!.gaugesNow = { samplesPerSecond: 10 };
    second!.gaugesNow = { samplesPerSecond: 20 };
    const { body } = await ask(gateway, "/metrics");
    assert.match(body, 'eigenwatch_samples_per_second{session="plant",partition="p0"} 10\n');
    assert.match(body, 'eigenwatch_samples_per_second{session="plant",partition="p1"} 20\n');
  });
});

test.run();
