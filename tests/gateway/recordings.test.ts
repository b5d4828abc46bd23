// runtime: either
/** Recordings beside the live session: who may list and open them, where each is served, and when it is closed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RecordedScans } from "../../actors/scan/recorded-scans.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../collab/gateway/gateway.ts";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import type { OpenedRecording, RecordingShelf } from "../../collab/gateway/recording-shelf.ts";
import type { ListedRecording, RecordingList } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { createManualClock } from "../support/clock.ts";
import { FakeSession } from "../support/fake-session.ts";
import { type Answer, ask, errorOf } from "./http.ts";
import { refusal, TestSocket } from "./socket.ts";

const TOKEN = "a-token-of-enough-letters";
const OWNER = { authorization: `Bearer ${TOKEN}` };
const { recordingIdleMs: IDLE_MS, keepAliveMs: KEEP_ALIVE_MS } = GATEWAY_LIMITS;

const LISTED: ListedRecording = {
  name: "june",
  fromUs: 1,
  toUs: 9,
  channels: 4,
  bytes: 100,
  partitions: 1,
  isLive: false,
  isSealed: false,
  isDamaged: false,
  problem: "",
};

/** Recordings by name, each a session of the same name; notes what is opened and closed. */
class FakeShelf implements RecordingShelf {
  readonly done: string[] = [];
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  async list(): Promise<RecordingList> {
    return { recordings: this.names.map((name) => ({ ...LISTED, name })), more: 0 };
  }

  async open(name: string): Promise<OpenedRecording> {
    if (!this.names.includes(name))
      throw new EigenwatchError({ action: `open ${name}`, value: "there is none", kind: "notFound" });
    this.done.push(`open ${name}`);
    return {
      sessions: [new FakeSession(name)],
      scans: new RecordedScans(
        () => null,
        () => () => {},
      ),
      close: async () => void this.done.push(`close ${name}`),
    };
  }
}

async function withShelf(
  options: Partial<GatewayOptions>,
  act: (gateway: Gateway, shelf: FakeShelf) => Promise<void>,
): Promise<void> {
  const shelf = new FakeShelf(["june", "may", "in may & june"]);
  const gateway = await createGateway({ sessions: [new FakeSession()], recordings: shelf, ...options });
  try {
    await act(gateway, shelf);
  } finally {
    await gateway.close();
  }
}

const sessionsAt = (gateway: Gateway, path: string, headers = {}): Promise<Answer> =>
  ask(gateway, `${path}api/sessions`, { headers });

const firstOf = (answer: Answer) =>
  (answer.json() as { sessions: { session: string; controls: string[]; live?: string }[] }).sessions[0]!;

test("a gateway lists its recordings, and says in each session that it has some", () =>
  withShelf({}, async (gateway) => {
    const { recordings, more } = (await ask(gateway, "/api/recordings")).json() as RecordingList;
    assert.equal([recordings.map(({ name }) => name), more], [["june", "may", "in may & june"], 0]);
    const { session, controls, live } = firstOf(await sessionsAt(gateway, "/"));
    assert.equal([session, live], ["test", undefined]);
    assert.ok(controls.includes("recordings"));
  }));

test("a gateway without recordings offers none, and has no such paths", async () => {
  const gateway = await createGateway({ sessions: [new FakeSession()] });
  assert.not.ok(firstOf(await sessionsAt(gateway, "/")).controls.includes("recordings"));
  for (const path of ["/api/recordings", "/recordings/june/api/sessions"])
    assert.is((await ask(gateway, path)).status, 404, path);
  await gateway.close();
});

test("below its path a recording is a session of its own, over HTTP and WebSocket, opened once", () =>
  withShelf({}, async (gateway, shelf) => {
    const path = `/recordings/${encodeURIComponent("in may & june")}/`;
    const [first, again] = await Promise.all([sessionsAt(gateway, path), sessionsAt(gateway, path)]);
    const { session, controls, live } = firstOf(first!);
    assert.equal([session, live], ["in may & june", "../../"]);
    assert.ok(controls.includes("recordings"), "another one can be opened from there");
    assert.is(again!.body, first!.body);
    const socket = await new TestSocket(gateway, { path: `${path}ws` }).join();
    assert.is((await socket.next("welcome")).session, "in may & june");
    socket.close();
    assert.equal(shelf.done, ["open in may & june"]);
    const bare = await ask(gateway, "/recordings/june");
    assert.equal([bare.status, bare.headers["location"]], [308, "june/"]);
  }));

test("a name that is not on the shelf is not found, whatever path it would make", () =>
  withShelf({}, async (gateway, shelf) => {
    const names = ["july", "..", "%2e%2e", "..%2f..%2fetc", "june%2f..%2fmay", "%00", "june%00"];
    for (const name of names) {
      assert.is((await ask(gateway, `/recordings/${name}/api/sessions`)).status, 404, name);
      // A client of WebSockets leaves the folder itself, as a browser does.
      const isLeft = decodeURIComponent(name) === "..";
      if (!isLeft) assert.is((await refusal(gateway, { path: `/recordings/${name}/ws` })).status, 404, name);
    }
    assert.is((await ask(gateway, "/recordings/%zz/api/sessions")).status, 400);
    assert.equal(shelf.done, []);
  }));

test("strangers and guests neither list nor open recordings; signing in below their path opens none", () =>
  withShelf({ token: TOKEN }, async (gateway, shelf) => {
    const json = { "content-type": "application/json" };
    const invited = await ask(gateway, "/api/invites", {
      method: "POST",
      headers: { ...json, ...OWNER },
      body: JSON.stringify({ role: "owner", name: "Anna" }),
    });
    const { invite } = invited.json() as { invite: string };
    const redeemed = await ask(gateway, "/recordings/june/api/invites/redeem", {
      method: "POST",
      headers: json,
      body: JSON.stringify({ invite, bearer: true }),
    });
    const guest = { authorization: `Bearer ${(redeemed.json() as { token: string }).token}` };
    for (const path of [
      "/api/recordings",
      "/recordings/june/api/sessions",
      "/recordings/july/api/sessions",
    ]) {
      assert.is((await ask(gateway, path)).status, 401, path);
      const refused = await ask(gateway, path, { headers: guest });
      assert.equal([refused.status, errorOf(refused).kind], [403, "denied"], path);
    }
    const path = "/recordings/june/ws";
    assert.is((await refusal(gateway, { path })).status, 401);
    assert.is((await refusal(gateway, { path, headers: guest })).status, 403);
    assert.not.ok(firstOf(await sessionsAt(gateway, "/", guest)).controls.includes("recordings"));
    assert.equal(shelf.done, []);
    assert.is((await sessionsAt(gateway, "/recordings/june/", OWNER)).status, 200);
    assert.equal(shelf.done, ["open june"]);
  }));

test("[R2] a recording that nobody follows is closed after a while, one that somebody follows is not", async () => {
  const clock = createManualClock();
  await withShelf({ clock, nowMs: clock.monotonicMs }, async (gateway, shelf) => {
    const follower = await new TestSocket(gateway, { path: "/recordings/june/ws" }).join();
    /** Up to just before it is idle for too long, or further. */
    const wait = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await clock.advance(KEEP_ALIVE_MS);
        // Else it would be taken for gone.
        await follower.settled();
      }
    };
    const almost = IDLE_MS / KEEP_ALIVE_MS - 1;
    await sessionsAt(gateway, "/recordings/may/");
    await wait(almost);
    // Looked at once more: its time begins anew.
    await sessionsAt(gateway, "/recordings/may/");
    await wait(almost);
    assert.equal(shelf.done, ["open june", "open may"]);
    await wait(1);
    assert.equal(shelf.done, ["open june", "open may", "close may"]);
    await wait(almost);
    await sessionsAt(gateway, "/recordings/may/");
    assert.equal(shelf.done.slice(2), ["close may", "open may"]);
    follower.close();
  });
});

test("[R2] one recording more than may be open closes the one left longest ago; while all are followed it is refused", async () => {
  const clock = createManualClock();
  const limits = { recordingsOpenMax: 2 };
  await withShelf({ clock, nowMs: clock.monotonicMs, limits }, async (gateway, shelf) => {
    const third = `/recordings/${encodeURIComponent("in may & june")}/`;
    await sessionsAt(gateway, "/recordings/june/");
    await clock.advance(1);
    await sessionsAt(gateway, "/recordings/may/");
    await clock.advance(1);
    await sessionsAt(gateway, third);
    assert.equal(shelf.done.slice(2).sort(), ["close june", "open in may & june"]);
    const followers = ["/recordings/may/", third].map((path) =>
      new TestSocket(gateway, { path: `${path}ws` }).join(),
    );
    const joined = await Promise.all(followers);
    const refused = await sessionsAt(gateway, "/recordings/june/");
    assert.is(refused.status, 503);
    assert.match(errorOf(refused).expected, /recordingsOpenMax/);
    for (const socket of joined) socket.close();
  });
});

test("a gateway that closes closes the recordings that are open", async () => {
  let done: readonly string[] = [];
  await withShelf({}, async (gateway, shelf) => {
    await sessionsAt(gateway, "/recordings/june/");
    done = shelf.done;
  });
  assert.equal(done, ["open june", "close june"]);
});

test.run();
