/** Commands over HTTP: who may send them, what is carried out, and what is refused. */
import { request } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CommandHandlers, CommandUnanswered, oneAtATime } from "../../actors/ports/commands.ts";
import type { Gateway, GatewayOptions } from "../../collab/gateway/gateway.ts";
import { GATEWAY_LIMITS } from "../../collab/gateway/limits.ts";
import type { ReplayMarks, ReplayStatus, StartedInjection, WhatIfAnswer } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { applySetting, defaultSettings, type Settings } from "../../protocol/settings.ts";
import { type Answer, ask, errorOf, originOf, withGateway } from "./http.ts";

const TOKEN = "a-token-of-enough-letters";
const POSTS = ["/api/replay", "/api/inject", "/api/settings", "/api/whatif"];
const GETS = ["/api/replay", "/api/inject", "/api/replay/marks", "/api/scenarios", "/api/settings"];

const ANSWER: WhatIfAnswer = {
  atUs: 5,
  sequence: 2,
  untilUs: 9,
  original: [],
  events: [],
  differences: [],
  counts: { same: 0, moved: 0, changed: 0, gone: 0, new: 0 },
};

const STATUS: ReplayStatus = {
  state: "paused",
  reason: "",
  speed: 1,
  timeUs: 5,
  sequence: 1,
  fromUs: 1,
  toUs: 9,
  firstSequence: 1,
  lastSequence: 7,
  recording: "there",
};

const MARKS: ReplayMarks = {
  marks: [{ sequence: 1, input: 3, timeUs: 5, severity: "info", kind: "a", title: "b" }],
  complete: true,
};

const STARTED: StartedInjection = {
  scenario: "spike",
  strength: 1,
  group: "g",
  channels: ["x"],
  seed: 1,
  fromUs: 5,
  untilUs: 9,
};

const INJECTION = { scenario: "spike", group: "g" };

/** Handlers for all commands that note in `done` what they carried out. */
function noting() {
  const done: string[] = [];
  let settings: Settings = defaultSettings();
  let answer: (signal: AbortSignal) => Promise<WhatIfAnswer> = async () => ANSWER;
  const note = (what: string): ReplayStatus => {
    done.push(what);
    return STATUS;
  };
  const handlers: CommandHandlers = {
    readReplay: () => STATUS,
    listReplayMarks: () => MARKS,
    play: ({ speed }) => note(speed === undefined ? "play" : `play at ${speed}`),
    pause: () => note("pause"),
    seek: (place) => {
      if ("sequence" in place && place.sequence > 7)
        throw new EigenwatchError({
          action: "seek",
          value: "input 8 is not in the recording",
          expected: "1 to 7",
        });
      return note(`seek ${JSON.stringify(place)}`);
    },
    setSpeed: ({ speed }) => note(`speed ${speed}`),
    listInjections: () => ({
      underWay: [{ group: "g", channels: ["x"], detail: { scenario: "spike" } }],
    }),
    listScenarios: () => ({ scenarios: [{ name: "spike", title: "a spike", family: "metrics" }] }),
    startInjection: ({ scenario }, { author }) => {
      done.push(`inject ${scenario} by ${author}`);
      return { started: STARTED };
    },
    readSettings: () => ({ settings }),
    changeSetting: ({ path, value }, { author }) => {
      settings = applySetting(settings, path, value);
      done.push(`set ${path} to ${value} by ${author}`);
      return { settings };
    },
    askWhatIf: oneAtATime((_request, _author, signal) => answer(signal)),
  };
  return {
    done,
    handlers,
    answerWith(next: (signal: AbortSignal) => Promise<WhatIfAnswer>) {
      answer = next;
    },
  };
}

function withCommands(
  handlers: CommandHandlers,
  options: Partial<GatewayOptions>,
  act: (gateway: Gateway) => Promise<void>,
): Promise<void> {
  return withGateway(options, (gateway, session) => {
    session.commands.handle(handlers);
    return act(gateway);
  });
}

const JSON_TYPE = { "content-type": "application/json" };

function post(gateway: Gateway, path: string, body: unknown, headers = {}): Promise<Answer> {
  return ask(gateway, path, {
    method: "POST",
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });
}

test("a recorded session plays, pauses, seeks and changes speed, and each answer is its state after that", async () => {
  const { handlers, done } = noting();
  await withCommands(handlers, {}, async (gateway) => {
    const requests = [
      { action: "play" },
      { action: "play", speed: 4 },
      { action: "pause" },
      { action: "speed", speed: "max" },
      { action: "seek", timeUs: 6 },
      { action: "seek", sequence: 3 },
    ];
    for (const body of requests) {
      const answer = await post(gateway, "/api/replay", body);
      assert.is(answer.status, 200, answer.body);
      assert.is((answer.json() as ReplayStatus).state, "paused");
    }
    assert.equal(done, [
      "play",
      "play at 4",
      "pause",
      "speed max",
      'seek {"timeUs":6}',
      'seek {"sequence":3}',
    ]);
    assert.is(((await ask(gateway, "/api/replay")).json() as ReplayStatus).toUs, 9);
    assert.equal((await ask(gateway, "/api/replay/marks")).json(), MARKS);
  });
});

test("[C2] a request that does not fit its command names the field, and changes nothing", async () => {
  const { handlers, done } = noting();
  const refused: [string, unknown, RegExp][] = [
    ["/api/replay", {}, /action/],
    ["/api/replay", { action: "rewind" }, /action is "rewind".*"play"/],
    ["/api/replay", [], /action is undefined.*"play"/],
    ["/api/replay", { action: "speed", speed: 0 }, /speed is .*0/],
    ["/api/replay", { action: "speed", speed: -1 }, /speed is .*-1/],
    ["/api/replay", { action: "speed", speed: "fast" }, /speed is "fast"/],
    ["/api/replay", { action: "play", loudly: true }, /field loudly/],
    ["/api/replay", { action: "seek" }, /no place.*timeUs or sequence/],
    ["/api/replay", { action: "seek", timeUs: 1, sequence: 1 }, /two places/],
    ["/api/replay", { action: "seek", timeUs: "noon" }, /timeUs is "noon"/],
    ["/api/replay", { action: "seek", timeUs: 1.5 }, /timeUs is 1\.5; expected a whole number$/],
    ["/api/replay", { action: "seek", sequence: 8 }, /input 8 is not in the recording.*1 to 7/],
    ["/api/settings", { path: "collapse.falseAlarmsPerDay" }, /there is no value; expected \{path, value\}/],
    ["/api/settings", null, /the request is no object/],
    ["/api/settings", { path: "collapse.falseAlarmPerDay", value: 1 }, /collapse\.falseAlarmsPerDay/],
    ["/api/settings", { path: "collapse.falseAlarmsPerDay", value: -1 }, /-1/],
    ["/api/settings", { path: "collapse.falseAlarmsPerDay", value: null }, /value is null/],
    ["/api/inject", { ...INJECTION, strenght: 2 }, /no field strenght; expected perhaps strength/],
    ["/api/inject", { scenario: "spike" }, /there is no group/],
    [
      "/api/whatif",
      { at: 5, inject: [{ scenario: "spike", grup: "g" }] },
      /inject\.0\.grup; expected perhaps group/,
    ],
    ["/api/whatif", {}, /there is no at/],
  ];
  await withCommands(handlers, {}, async (gateway) => {
    for (const [path, body, expected] of refused) {
      const answer = await post(gateway, path, body);
      assert.is(answer.status, 400, `${path} ${JSON.stringify(body)}: ${answer.body}`);
      const { action, value, expected: said, kind } = errorOf(answer);
      assert.ok(["usage", "input"].includes(kind), kind);
      assert.match(`${action}: ${value}; expected ${said}`, expected);
    }
    assert.equal(done, []);
  });
});

test("[C1] commands require the sign-in, and inputs carry the author", async () => {
  const { handlers, done } = noting();
  await withCommands(handlers, { token: TOKEN }, async (gateway) => {
    for (const path of POSTS) assert.is((await post(gateway, path, { action: "play" })).status, 401, path);
    for (const path of GETS) assert.is((await ask(gateway, path)).status, 401, path);
    const wrong = await post(gateway, "/api/replay", { action: "play" }, { authorization: "Bearer wrong" });
    assert.is(wrong.status, 401);
    assert.equal(done, []);

    const signedIn = { authorization: `Bearer ${TOKEN}` };
    assert.is((await post(gateway, "/api/inject", INJECTION, signedIn)).status, 200);
    const login = await post(gateway, "/api/login", { token: TOKEN });
    const cookie = String(login.headers["set-cookie"]).split(";")[0]!;
    const change = { path: "collapse.falseAlarmsPerDay", value: 0.5 };
    assert.is((await post(gateway, "/api/settings", change, { cookie })).status, 403, "no Origin");
    assert.is((await post(gateway, "/api/settings", change, { cookie, ...originOf(gateway) })).status, 200);
    assert.is(done[0], "inject spike by token at 127.0.0.1");
    assert.match(done[1]!, /^set collapse\.falseAlarmsPerDay to 0\.5 by login [0-9a-f]{8} at 127\.0\.0\.1$/);
    assert.not.ok(done.join().includes(TOKEN));
  });
});

test("[C1] a page of another origin, another host name and a form cannot send commands", async () => {
  const { handlers, done } = noting();
  await withCommands(handlers, {}, async (gateway) => {
    for (const path of POSTS) {
      const elsewhere = await post(gateway, path, { action: "play" }, { origin: "http://evil.example" });
      assert.is(elsewhere.status, 403, path);
      const rebound = await post(gateway, path, { action: "play" }, { host: "evil.example" });
      assert.is(rebound.status, 403, path);
      const form = await post(gateway, path, { action: "play" }, { "content-type": "text/plain" });
      assert.is(form.status, 415, path);
    }
    assert.equal(done, []);
  });
});

test("a body over its limit is refused with the name of the limit, and broken JSON with 400", async () => {
  const { handlers, done } = noting();
  await withCommands(handlers, {}, async (gateway) => {
    for (const path of POSTS) {
      const long = await post(gateway, path, { text: "x".repeat(GATEWAY_LIMITS.controlBytesMax) });
      assert.is(long.status, 413);
      assert.match(errorOf(long).expected, /controlBytesMax/);
      const broken = await ask(gateway, path, { method: "POST", headers: JSON_TYPE, body: "{" });
      assert.is(broken.status, 400);
    }
    assert.equal(done, []);
  });
});

test("a command that the session does not have is 404, and names the kind of session that has it", async () => {
  await withCommands({}, {}, async (gateway) => {
    for (const path of POSTS) {
      const answer = await post(gateway, path, { action: "play" });
      assert.is(answer.status, 404, path);
      assert.match(errorOf(answer).expected, /session/);
    }
    assert.is((await post(gateway, "/api/scenarios", {})).status, 405);
  });
});

test("the list of sessions shows which commands each has", async () => {
  const { handlers } = noting();
  await withCommands({ seek: handlers.seek! }, {}, async (gateway) => {
    const { sessions } = (await ask(gateway, "/api/sessions")).json() as {
      sessions: { controls: string[] }[];
    };
    assert.equal(sessions[0]!.controls, ["replay"]);
  });
});

test("one what-if is answered at a time, and it is abandoned when its client leaves", async () => {
  const { handlers, answerWith } = noting();
  let begun: () => void = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  answerWith((signal) => {
    begun();
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  await withCommands(handlers, {}, async (gateway) => {
    const leaving = request({
      host: gateway.host,
      port: gateway.port,
      path: "/api/whatif",
      method: "POST",
      headers: JSON_TYPE,
    });
    leaving.on("error", () => {});
    leaving.end('{"at":5}');
    await hasBegun;
    const busy = await post(gateway, "/api/whatif", { at: 5 });
    assert.is(busy.status, 409);
    assert.is(errorOf(busy).kind, "conflict");
    assert.is(busy.headers["retry-after"], "1");
    leaving.destroy();
    answerWith(async () => ANSWER);
    for (;;) {
      const answer = await post(gateway, "/api/whatif", { at: 5 });
      if (answer.status === 409) continue;
      assert.equal(answer.json(), ANSWER);
      break;
    }
  });
});

test("a command that another node did not answer says in its error whether it happened", () => {
  const changeSetting = () => {
    throw new CommandUnanswered("change a setting", "yes", "no answer within 2000 ms");
  };
  return withCommands({ changeSetting }, {}, async (gateway) => {
    const answer = await post(gateway, "/api/settings", { path: "seed", value: 1 });
    assert.is(answer.status, 503);
    assert.is((JSON.parse(answer.body) as { error: { happened: string } }).error.happened, "yes");
  });
});

test.run();
