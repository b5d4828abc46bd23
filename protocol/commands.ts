/**
 * Every command, one row: what a person or a program may ask of a session. HTTP and the page send these rows.
 *
 *   HTTP, page ──readCommand(name, body)──► Command ──SessionCommands.carryOut(command, author)──► handler ──► answer
 *
 * K1  A body is checked here, once, at the edge: handlers trust its type. A body that does not fit is refused with the field that is wrong.
 * K2  A command that writes to the log is answered when its input is durable and admitted. Its input carries the author; of samples, the report
 *     of their source says who pushed first.
 * K3  Each row names the least role that may send it: a viewer reads, an editor moves a shared place or changes the log, an owner decides
 *     what the session watches for. A what-if changes nothing, but keeps a processor busy that all share: it needs an editor.
 *
 * To add a command: a row here, its answer in `CommandAnswers`, and its handler where sessions are put together (sim/session-commands.ts,
 * sim/recordings/replay/commands.ts). An HTTP path for it is a row in collab/gateway/command-routes.ts. A row with `input: "command"` needs
 * neither: the log gets it as it is, and actors act on it.
 */
import * as v from "valibot";
import * as alerts from "./alert-commands.ts";
import { expectedAmong } from "./closest-name.ts";
import { fields, finite, integer, whole } from "./command-fields.ts";
import type {
  AlertsStatus,
  InjectableScenario,
  InjectionUnderWay,
  PushedPlace,
  PushedSamples,
  RecordedDocument,
  ReplayMarks,
  ReplayStatus,
  SessionStanding,
  StartedInjection,
  WhatIfAnswer,
} from "./controls.ts";
import { EigenwatchError } from "./errors.ts";
import { mark } from "./mark-command.ts";
import { includesRole, type Role, rolesFrom } from "./principal.ts";
import { isSessionFact, SESSION_FACTS } from "./session-facts.ts";
import type { Settings } from "./settings.ts";

/** The sessions a command makes sense in, as an error names them. */
export const SESSION_KINDS = {
  live: "a live session",
  recorded: "a recorded session",
  logged: "a session that keeps its log",
} as const;

export type SessionKind = keyof typeof SESSION_KINDS;

/** "nothing" changes, the "place" of a recorded session moves for all who watch it, or the "log" gets an input. */
type Effect = "nothing" | "place" | "log";

interface CommandRow {
  /** What it does, after "Cannot" in an error. */
  readonly action: string;
  /** The least role that may send it. */
  readonly who: Role;
  readonly where: readonly SessionKind[];
  readonly changes: Effect;
  readonly schema: v.GenericSchema;
  /** The log gets the command itself, as an input of this type, for the actors that listen for its name. */
  readonly input?: "command";
}

// ---- bodies -----------------------------------------------------------------------------------------------------

const settingValue = v.union([v.string(), finite, v.boolean()]);

/** Scenarios, channels or settings of one branch: more than a person chooses, little enough to hold in memory. */
const MANY = 128;

/** Multiples of the usual size of a scenario, in units of each channel's own noise. */
const strength = v.optional(v.pipe(finite, v.minValue(0.01), v.maxValue(100)), 1);
const durationSeconds = v.pipe(finite, v.minValue(0.001), v.maxValue(7 * 86_400));
const seed32 = v.pipe(whole, v.maxValue(0xffffffff));

const nothing = fields({});

const speed = v.union([v.pipe(finite, v.gtValue(0)), v.literal("max")]);

/** A time or the sequence of an input, not both. */
const place = v.pipe(
  fields({ timeUs: v.optional(whole), sequence: v.optional(whole) }),
  v.rawTransform(({ dataset, addIssue, NEVER }): { timeUs: number } | { sequence: number } => {
    const { timeUs, sequence } = dataset.value;
    if (timeUs !== undefined && sequence === undefined) return { timeUs };
    if (sequence !== undefined && timeUs === undefined) return { sequence };
    const received = timeUs === undefined ? "no place" : "two places";
    addIssue({ received, expected: "timeUs or sequence" });
    return NEVER;
  }),
);

const setting = fields({
  /** Dotted path: "collapse.falseAlarmsPerDay". */
  path: v.string(),
  value: settingValue,
});

const injection = fields({
  /** A scenario of `listScenarios`. */
  scenario: v.string(),
  strength,
  group: v.string(),
  /** Names; repeated ones count once. Absent: all channels of the group. */
  channels: v.optional(
    v.pipe(
      v.array(v.string()),
      v.minLength(1),
      v.transform((names) => [...new Set(names)]),
    ),
  ),
  /** Absent: a minute, or 60 samples where those take longer. */
  durationSeconds: v.optional(durationSeconds),
  seed: v.optional(seed32),
});

const branchInjection = fields({
  scenario: v.string(),
  strength,
  /** Absent: the only group of the recording. */
  group: v.optional(v.string()),
  /** Names; absent: all channels of the group. */
  channels: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MANY))),
  durationSeconds: v.optional(durationSeconds, 60),
  seed: v.optional(seed32, 1),
  /** When it begins, µs or a time; absent: where the branch begins. */
  at: v.optional(v.union([v.number(), v.string()])),
});

const branch = fields({
  /** A time (ISO 8601, or µs since the epoch for numbers of at least 10¹⁴), or the sequence of the first input that may differ. */
  at: v.union([v.number(), v.string()]),
  /** Settings by path, as they are after that. */
  set: v.optional(
    v.pipe(
      // A record drops this key without an error.
      v.custom<Record<string, v.InferInput<typeof settingValue>>>(
        (set) => typeof set !== "object" || set === null || !Object.hasOwn(set, "__proto__"),
        "other keys: __proto__ is no such setting",
      ),
      v.record(v.string(), settingValue),
      v.check((set) => Object.keys(set).length <= MANY, `at most ${MANY} settings`),
    ),
  ),
  /** Channels that fall silent: by name, or as group/name. */
  drop: v.optional(v.pipe(v.array(v.string()), v.maxLength(MANY))),
  inject: v.optional(v.pipe(v.array(branchInjection), v.maxLength(MANY))),
  /** Commands that enter the log as they are, given where the branch begins. */
  commands: v.optional(v.pipe(v.array(fields({ name: v.string(), body: v.unknown() })), v.maxLength(MANY))),
  /** Names of such commands: those that people gave after that are left out. */
  dropCommands: v.optional(v.pipe(v.array(v.string()), v.maxLength(MANY))),
  /** Seed of all random streams after that. */
  seed: v.optional(whole),
  /** Time of the last input of both lanes, µs; absent: the end of the recording. */
  untilUs: v.optional(integer),
  /** Two events further apart are different ones; absent: 10 s, or a thousandth of what follows where that is more. */
  toleranceUs: v.optional(v.pipe(whole, v.minValue(1))),
});

/** Samples of a program. Names and limits are checked where they enter a group (actors/feeds/pushed.ts). */
const push = fields({
  group: v.string(),
  source: v.string(),
  /** Of the source: 1, 2, 3 … */
  sequence: v.optional(v.pipe(whole, v.minValue(1))),
  /** Unlike that of any other push of the source. */
  key: v.optional(v.string()),
  rows: v.pipe(
    v.array(
      fields({
        timeUs: integer,
        samples: v.pipe(v.array(v.pipe(v.tuple([v.string(), finite]), v.readonly())), v.readonly()),
      }),
    ),
    v.readonly(),
  ),
});

const pushedPlace = fields({ group: v.string(), source: v.string() });

export type Push = v.InferOutput<typeof push>;
export type WhatIfRequest = v.InferInput<typeof branch>;
/** With the defaults filled in. */
export type ParsedWhatIfRequest = v.InferOutput<typeof branch>;
export type BranchInjection = v.InferOutput<typeof branchInjection>;
export type InjectionRequest = v.InferOutput<typeof injection>;

// ---- the table --------------------------------------------------------------------------------------------------

// biome-ignore format: one row a line
export const COMMANDS = {
  readReplay: { action: "read the replay", who: "viewer", where: ["recorded"], changes: "nothing", schema: nothing },
  listReplayMarks: { action: "list marks", who: "viewer", where: ["recorded"], changes: "nothing", schema: nothing },
  readDocument: { action: "read the shared document", who: "viewer", where: ["recorded"], changes: "nothing", schema: nothing },
  play: { action: "play", who: "editor", where: ["recorded"], changes: "place", schema: fields({ speed: v.optional(speed) }) },
  pause: { action: "pause", who: "editor", where: ["recorded"], changes: "place", schema: nothing },
  setSpeed: { action: "set the speed", who: "editor", where: ["recorded"], changes: "place", schema: fields({ speed }) },
  seek: { action: "seek", who: "editor", where: ["recorded"], changes: "place", schema: place },

  listScenarios: { action: "list scenarios", who: "viewer", where: ["live", "logged"], changes: "nothing", schema: nothing },
  listInjections: { action: "list injections", who: "viewer", where: ["live"], changes: "nothing", schema: nothing },
  startInjection: { action: "inject", who: "editor", where: ["live"], changes: "log", schema: injection },

  pushSamples: { action: "push samples", who: "editor", where: ["live"], changes: "log", schema: push },
  readPushed: { action: "ask for the last number of a source", who: "viewer", where: ["live"], changes: "nothing", schema: pushedPlace },

  readSettings: { action: "read settings", who: "viewer", where: ["live"], changes: "nothing", schema: nothing },
  changeSetting: { action: "change a setting", who: "owner", where: ["live"], changes: "log", schema: setting },

  readStanding: { action: "ask how far a session has come", who: "viewer", where: ["live"], changes: "nothing", schema: nothing },
  listAlerts: { action: "list alerts", who: "viewer", where: ["live", "recorded"], changes: "nothing", schema: nothing },
  // What people did, by the names that shared documents and the log have for it (docs/decisions/alerts.md).
  "threshold.set": { action: "set a threshold", who: "editor", where: ["live"], changes: "log", input: "command", schema: alerts.thresholdSet },
  "threshold.removed": { action: "remove a threshold", who: "editor", where: ["live"], changes: "log", input: "command", schema: alerts.thresholdRemoved },
  "alert.acknowledged": { action: "acknowledge an alert", who: "editor", where: ["live"], changes: "log", input: "command", schema: alerts.alertAcknowledged },
  "alert.assigned": { action: "assign an alert", who: "editor", where: ["live"], changes: "log", input: "command", schema: alerts.alertAssigned },
  "alert.snoozed": { action: "snooze an alert", who: "editor", where: ["live"], changes: "log", input: "command", schema: alerts.alertSnoozed },
  mark: { action: "mark", who: "editor", where: ["live"], changes: "log", input: "command", schema: mark },

  askWhatIf: { action: "branch", who: "editor", where: ["logged"], changes: "nothing", schema: branch },
} as const satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof COMMANDS;

/** Commands that enter the log as they are. */
export type LoggedCommandName = {
  [Name in CommandName]: (typeof COMMANDS)[Name] extends { input: "command" } ? Name : never;
}[CommandName];

export const LOGGED_COMMANDS = Object.entries(COMMANDS)
  .filter(([, row]) => "input" in row)
  .map(([name]) => name as LoggedCommandName);

/** The row of a command that enters the log as it is. Throws when there is none. */
export function loggedCommand(name: string): LoggedCommandName {
  const known = LOGGED_COMMANDS.find((each) => each === name);
  if (known !== undefined) return known;
  const expected = expectedAmong(name, LOGGED_COMMANDS);
  throw new EigenwatchError({ action: "enter a command", value: JSON.stringify(name), expected });
}

/** A command whose body fits its row. */
export interface Command<Name extends CommandName = CommandName> {
  readonly name: Name;
  readonly body: v.InferOutput<(typeof COMMANDS)[Name]["schema"]>;
}

/** What each command answers: the body of the HTTP answer as well. */
export interface CommandAnswers {
  readReplay: ReplayStatus;
  listReplayMarks: ReplayMarks;
  readDocument: RecordedDocument;
  play: ReplayStatus;
  pause: ReplayStatus;
  setSpeed: ReplayStatus;
  seek: ReplayStatus;
  listScenarios: { readonly scenarios: readonly InjectableScenario[] };
  listInjections: { readonly underWay: readonly InjectionUnderWay[] };
  startInjection: { readonly started: StartedInjection };
  pushSamples: PushedSamples;
  readPushed: PushedPlace;
  readSettings: { readonly settings: Settings };
  changeSetting: { readonly settings: Settings };
  readStanding: SessionStanding;
  listAlerts: AlertsStatus;
  "threshold.set": Entered;
  "threshold.removed": Entered;
  "alert.acknowledged": Entered;
  "alert.assigned": Entered;
  "alert.snoozed": Entered;
  mark: Entered;
  askWhatIf: WhatIfAnswer;
}

/** A command is in the log: the sequence of its input. */
export interface Entered {
  readonly input: number;
}

export type CommandAnswer<Name extends CommandName> = CommandAnswers[Name];

/** Throws (kind "denied") when a role is too little for the command. */
export function requireRole(name: CommandName, held: Role): void {
  const { action, who } = COMMANDS[name];
  if (includesRole(held, who)) return;
  const expected = `the role ${rolesFrom(who)}`;
  throw new EigenwatchError({ action, value: `the role ${held}`, expected, kind: "denied" });
}

/** The command with a body from outside. Throws an EigenwatchError that names the field that does not fit. */
export function readCommand<Name extends CommandName>(name: Name, body: unknown): Command<Name> {
  return { name, body: readBody(COMMANDS[name], body) as Command<Name>["body"] };
}

/** The body of an input `command` as the log takes it: of a person's command, or of a fact that the session's program enters. Throws as `readCommand` does. */
export function loggedBody(name: string, body: unknown): unknown {
  return isSessionFact(name)
    ? readBody(SESSION_FACTS[name], body)
    : readCommand(loggedCommand(name), body).body;
}

function readBody(
  { action, schema }: Pick<CommandRow, "action"> & { readonly schema: v.GenericSchema },
  body: unknown,
): unknown {
  const { entries } = schema as unknown as { readonly entries: object };
  const all = `{${Object.keys(entries).join(", ")}}`;
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new EigenwatchError({ action, value: "the request is no object", expected: `an object ${all}` });
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  if (field === null)
    throw new EigenwatchError({ action, value: issue.received, expected: issue.expected ?? issue.message });
  if (issue.expected === "never")
    throw new EigenwatchError({ action, value: `there is no field ${field}`, expected: issue.message });
  if (issue.received === "undefined")
    throw new EigenwatchError({ action, value: `there is no ${field}`, expected: all });
  throw new EigenwatchError({ action, value: `${field} is ${issue.received}`, expected: expectedBy(issue) });
}

/** Kinds of checks whose messages are ours. */
const OWN_WORDS: readonly string[] = ["custom", "check", "regex"];

function expectedBy(issue: v.BaseIssue<unknown>): string {
  if (OWN_WORDS.includes(issue.type)) return issue.message;
  return issue.expected ?? issue.message;
}
