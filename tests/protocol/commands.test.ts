// runtime: either
/** Bodies of commands: what is taken, with the defaults filled in, and in which words the rest is refused. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  COMMANDS,
  type CommandName,
  LOGGED_COMMANDS,
  readCommand,
  requireRole,
  SESSION_KINDS,
} from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { includesRole, type Role } from "../../protocol/principal.ts";

const WEEK_S = 7 * 86_400;
const MANY = 128;

const many = (count: number) => Array.from({ length: count }, (_, k) => `n${k}`);
const settings = (count: number) => Object.fromEntries(many(count).map((path) => [path, 1]));

const TAKEN: [name: CommandName, body: object, filledIn?: object][] = [
  ["readReplay", {}],
  ["play", {}],
  ["play", { speed: "max" }],
  ["setSpeed", { speed: 0.001 }],
  ["seek", { timeUs: 0 }],
  ["seek", { sequence: 7 }],
  ["changeSetting", { path: "seed", value: 3 }],
  ["changeSetting", { path: "a.b", value: "x" }],
  ["changeSetting", { path: "a.b", value: false }],
  ["startInjection", { scenario: "spike", group: "g" }, { scenario: "spike", group: "g", strength: 1 }],
  ["startInjection", { scenario: "s", group: "g", strength: 0.01, durationSeconds: 0.001, seed: 0 }],
  [
    "startInjection",
    { scenario: "s", group: "g", strength: 100, durationSeconds: WEEK_S, seed: 2 ** 32 - 1 },
  ],
  [
    "startInjection",
    { scenario: "s", group: "g", strength: 1, channels: ["b", "a", "b"] },
    { scenario: "s", group: "g", strength: 1, channels: ["b", "a"] },
  ],
  ["askWhatIf", { at: 5 }],
  [
    "askWhatIf",
    { at: "2024-01-01", set: { "a.b": 1, c: "x", d: true }, drop: many(MANY), seed: 0, untilUs: -1 },
  ],
  ["askWhatIf", { at: 5, set: settings(MANY), toleranceUs: 1 }],
  [
    "askWhatIf",
    { at: 5, inject: [{ scenario: "s" }] },
    { at: 5, inject: [{ scenario: "s", strength: 1, durationSeconds: 60, seed: 1 }] },
  ],
];

for (const [name, body, filledIn = body] of TAKEN)
  test(`${name} takes ${JSON.stringify(body).slice(0, 80)}`, () => {
    assert.equal(readCommand(name, body), { name, body: filledIn });
  });

const REFUSED: [name: CommandName, body: unknown, says: string | RegExp][] = [
  ["play", null, "Cannot play: the request is no object; expected an object {speed}"],
  ["play", [1], "Cannot play: the request is no object; expected an object {speed}"],
  ["play", "fast", /the request is no object/],
  ["pause", { speed: 1 }, "Cannot pause: there is no field speed; expected nothing"],
  ["play", { sped: 1 }, "Cannot play: there is no field sped; expected perhaps speed"],
  ["setSpeed", {}, "Cannot set the speed: there is no speed; expected {speed}"],
  ["setSpeed", { speed: 0 }, /speed is 0/],
  ["setSpeed", { speed: "slow" }, /speed is "slow"/],
  ["setSpeed", { speed: Number.POSITIVE_INFINITY }, /speed is Infinity/],
  ["seek", {}, "Cannot seek: no place; expected timeUs or sequence"],
  ["seek", { timeUs: 1, sequence: 1 }, "Cannot seek: two places; expected timeUs or sequence"],
  ["seek", { sequence: -1 }, "Cannot seek: sequence is -1; expected >=0"],
  ["seek", { timeUs: 0.5 }, "Cannot seek: timeUs is 0.5; expected a whole number"],
  ["changeSetting", { path: "a" }, "Cannot change a setting: there is no value; expected {path, value}"],
  ["changeSetting", { path: "a", value: null }, /value is null/],
  ["changeSetting", { path: "a", value: Number.NaN }, /value is NaN/],
  ["startInjection", { scenario: "s", group: "g", strength: 0.009 }, /strength is 0.009; expected >=0.01/],
  ["startInjection", { scenario: "s", group: "g", strength: 100.1 }, /strength is 100.1; expected <=100/],
  ["startInjection", { scenario: "s", group: "g", channels: [] }, /channels is 0; expected >=1/],
  [
    "startInjection",
    { scenario: "s", group: "g", durationSeconds: 0 },
    /durationSeconds is 0; expected >=0.001/,
  ],
  ["startInjection", { scenario: "s", group: "g", durationSeconds: WEEK_S + 1 }, /expected <=604800/],
  [
    "startInjection",
    { scenario: "s", group: "g", seed: 2 ** 32 },
    /seed is 4294967296; expected <=4294967295/,
  ],
  ["startInjection", { scenario: "s", group: "g", seed: -1 }, /seed is -1/],
  [
    "askWhatIf",
    {},
    "Cannot branch: there is no at; expected {at, set, drop, inject, commands, dropCommands, seed, untilUs, toleranceUs}",
  ],
  ["askWhatIf", { at: 1, set: settings(MANY + 1) }, /expected at most 128 settings/],
  [
    "askWhatIf",
    { at: 1, set: JSON.parse('{"__proto__":1}') },
    /expected other keys: __proto__ is no such setting/,
  ],
  ["askWhatIf", { at: 1, set: null }, /set is null/],
  ["askWhatIf", { at: 1, set: "a=1" }, /set is "a=1"/],
  ["askWhatIf", { at: 1, set: { a: [] } }, /set.a is Array/],
  ["askWhatIf", { at: 1, drop: many(MANY + 1) }, /drop is 129; expected <=128/],
  [
    "askWhatIf",
    { at: 1, inject: many(MANY + 1).map((scenario) => ({ scenario })) },
    /inject is 129; expected <=128/,
  ],
  ["askWhatIf", { at: 1, inject: [{ scenario: "s", channels: many(MANY + 1) }] }, /inject.0.channels is 129/],
  ["askWhatIf", { at: 1, inject: [{ scenario: "s", channels: [] }] }, /inject.0.channels is 0/],
  ["askWhatIf", { at: 1, toleranceUs: 0 }, /toleranceUs is 0; expected >=1/],
];

for (const [name, body, says] of REFUSED)
  test(`${name} refuses ${JSON.stringify(body).slice(0, 80)}`, () => {
    try {
      readCommand(name, body);
    } catch (error) {
      assert.instance(error, EigenwatchError);
      const { message } = error as Error;
      return typeof says === "string" ? assert.is(message, says) : assert.match(message, says);
    }
    assert.unreachable("it was taken");
  });

test("each command says what it changes, and in which sessions it makes sense", () => {
  for (const [name, { where, action }] of Object.entries(COMMANDS)) {
    assert.ok(action.length > 0 && where.length > 0, name);
    for (const kind of where) assert.ok(Object.hasOwn(SESSION_KINDS, kind), `${name} in ${kind}`);
  }
  const changing = Object.entries(COMMANDS).map(([name, { changes }]) => `${name} ${changes}`);
  assert.equal(
    changing.filter((each) => !each.endsWith(" nothing")),
    [
      ...[
        "play place",
        "pause place",
        "setSpeed place",
        "seek place",
        "startInjection log",
        "pushSamples log",
        "changeSetting log",
      ],
      ...LOGGED_COMMANDS.map((name) => `${name} log`),
    ],
  );
});

const THRESHOLD = {
  id: "cpu-hot",
  of: { group: "host", channel: "cpu0" },
  direction: "above",
  level: 90,
};

test("a threshold is read with its defaults, and reads the same again", () => {
  const { body } = readCommand("threshold.set", THRESHOLD);
  assert.equal(body, { ...THRESHOLD, clearLevel: 90, dwellSeconds: 0, severity: "warning", title: "" });
  assert.equal(readCommand("threshold.set", body).body, body);
});

test("a threshold that does not fit is refused with the field that is wrong", () => {
  const refused: [object, RegExp][] = [
    [{ of: { group: "host" } }, /of is neither channel nor measure; expected channel or measure/],
    [{ of: { group: "host", chanel: "cpu0" } }, /no field of\.chanel; expected perhaps channel/],
    [{ of: { group: "host", channel: "a", measure: "b" } }, /of is both channel and measure/],
    [{ id: "cpu hot" }, /id is "cpu hot"; expected 1 to 64 letters/],
    [{ direction: "up" }, /direction is "up"; expected \("above" \| "below"\)/],
    [{ clearLevel: 91 }, /clearLevel 91; expected at most the level 90/],
    [{ direction: "below", clearLevel: 89 }, /clearLevel 89; expected at least the level 90/],
    [{ level: Number.NaN }, /level is NaN/],
    [{ dwellSeconds: -1 }, /dwellSeconds is -1; expected >=0/],
  ];
  for (const [wrong, expected] of refused)
    assert.throws(() => readCommand("threshold.set", { ...THRESHOLD, ...wrong }), expected);
});

test("[K3] a viewer reads, whatever changes something needs an editor or more, and settings need an owner", () => {
  const rows = Object.entries(COMMANDS);
  const least = (role: Role) => rows.filter(([, { who }]) => who === role).map(([name]) => name);
  for (const [name, { changes, who }] of rows)
    assert.ok(
      changes === "nothing" || includesRole(who, "editor"),
      `${name} of a ${who} changes the ${changes}`,
    );
  assert.equal(least("viewer"), [
    "readReplay",
    "listReplayMarks",
    "readDocument",
    "listScenarios",
    "listInjections",
    "readPushed",
    "readSettings",
    "readStanding",
    "listAlerts",
  ]);
  assert.equal(least("owner"), ["changeSetting"]);
});

test("[K3] a role that is too little is refused with the role needed and the role held", () => {
  requireRole("startInjection", "editor");
  requireRole("startInjection", "owner");
  try {
    requireRole("startInjection", "viewer");
  } catch (error) {
    assert.is((error as EigenwatchError).kind, "denied");
    return assert.is(
      (error as Error).message,
      "Cannot inject: the role viewer; expected the role editor or owner",
    );
  }
  assert.unreachable("it was allowed");
});

test.run();
