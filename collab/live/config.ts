/** What `up` runs with: options, then the config file, then defaults. */
import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { isLiveUniverse, type RequestedSetting } from "../../actors/mod.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { name } from "../../protocol/fields.ts";
import { MAX_NAME_BYTES, MAX_PARTITIONS } from "../../protocol/limits.ts";
import { ROOTS } from "../../protocol/room-document.ts";
import {
  applySetting,
  parseSettings,
  type Settings,
  settingAt,
  settingPaths,
} from "../../protocol/settings.ts";
import { isLoopback } from "../gateway/allowed-hosts.ts";
import { type NotifyConfig, notifySchema } from "../notify/config.ts";
import type { Workflow } from "../workflows/definition.ts";
import { findWorkflow } from "../workflows/find.ts";
import type { NatsFlags } from "./nats-flags.ts";

/** The options of `up`. */
export interface UpOptions extends NatsFlags {
  name?: string | undefined;
  feed: string[];
  port?: number | undefined;
  host?: string | undefined;
  record?: string | undefined;
  learntFrom?: string | undefined;
  durability?: "memory" | "file" | undefined;
  once?: true | undefined;
  config?: string | undefined;
  set: (readonly [path: string, value: string])[];
  session?: string | undefined;
  tokenFile?: string | undefined;
  allowHost: string[];
  allowOrigin: string[];
  basePath?: string | undefined;
  evidence?: true | undefined;
  json?: true | undefined;
  shadow?: true | undefined;
  openRooms?: true | undefined;
  /** Names of packaged workflows, and files. */
  workflow?: string[] | undefined;
  partitions?: number | undefined;
  universe?: readonly (readonly [name: string, path: string])[] | undefined;
}

const fileSchema = v.strictObject({
  session: v.optional(v.string()),
  feeds: v.optional(v.array(v.string())),
  host: v.optional(v.string()),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  record: v.optional(v.string()),
  durability: v.optional(v.picklist(["memory", "file"])),
  /** Largest size of the recording; whole old segments go first. */
  retainBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1 << 20))),
  retainHours: v.optional(v.pipe(v.number(), v.minValue(0.01))),
  tokenFile: v.optional(v.string()),
  basePath: v.optional(v.string()),
  allowedHosts: v.optional(v.array(v.string())),
  allowedOrigins: v.optional(v.array(v.string())),
  trustProxy: v.optional(v.boolean()),
  /** Another process executes the log once more and compares. */
  shadow: v.optional(v.boolean()),
  /** How many partitions the session has, p0, p1 …; a group belongs to one of them by its name. */
  partitions: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PARTITIONS))),
  /** The partition of a group, where it shall be another. */
  partitionByGroup: v.optional(v.record(v.string(), v.string())),
  settings: v.optional(v.record(v.string(), v.unknown())),
  /** Workflows that the session offers: names of packaged ones, and files. */
  workflows: v.optional(v.array(v.string())),
  /** Symbols that scans may go through: paths by name. */
  universes: v.optional(v.record(v.string(), v.string())),
  /** Where people are told of alerts. */
  notify: v.optional(notifySchema),
});

export interface UpConfig {
  session: string;
  feeds: string[];
  host: string;
  port: number;
  record: string | null;
  durability: "memory" | "file";
  retainBytes: number | undefined;
  retainHours: number | undefined;
  tokenFile: string | undefined;
  basePath: string;
  allowedHosts: string[];
  allowedOrigins: string[];
  trustProxy: boolean;
  shadow: boolean;
  /** Everybody edits any shared document: on this machine only. */
  openRooms: boolean;
  /** Undefined: one, or as many as the recording has. */
  partitions: number | undefined;
  partitionByGroup: Readonly<Record<string, string>>;
  /** What people may start. */
  workflows: readonly Workflow[];
  /** Symbols that scans may go through: paths by name. */
  universes: Readonly<Record<string, string>>;
  /** Undefined: nobody is told outside of the program. */
  notify: NotifyConfig | undefined;
  /** Those of a new recording. */
  settings: Settings;
  /** Those among them that the config file or an option names. */
  requested: readonly RequestedSetting[];
}

/** Port of the page when none is asked for. */
const DEFAULT_PORT = 7420;

export function readConfig(path: string | undefined, flags: UpOptions): UpConfig {
  const file = path === undefined ? {} : readFile(path);
  const session = flags.session ?? file.session ?? "local";
  if (!v.is(name, session)) {
    const expected = `1 to ${MAX_NAME_BYTES} bytes`;
    throw new EigenwatchError({ action: "name a session", value: `"${session}"`, expected });
  }
  const record = flags.record ?? file.record ?? null;
  if (record === "") throw new EigenwatchError({ action: "record", value: '""', expected: "--record DIR" });
  const durability = flags.durability ?? file.durability ?? (record === null ? "memory" : "file");
  if (durability === "file" && record === null) {
    throw new EigenwatchError({
      action: "keep the journal in files",
      value: "no folder named",
      expected: "--record DIR",
    });
  }
  if ((flags.shadow ?? file.shadow) && durability === "memory")
    throw new EigenwatchError({
      action: "run --shadow without a recording",
      value: "the shadow reads it",
      expected: "--record DIR",
    });
  if (flags.learntFrom !== undefined && record === null)
    throw new EigenwatchError({
      action: "run --learnt-from without a recording",
      value: "what it begins with is kept in it",
      expected: "--record DIR",
    });
  if (durability === "memory" && record !== null) {
    throw new EigenwatchError({
      action: "record",
      value: "--durability memory",
      expected: "--durability file, or no --record",
    });
  }
  const tokenFile = flags.tokenFile ?? file.tokenFile;
  if (tokenFile !== undefined && !existsSync(tokenFile)) {
    throw new EigenwatchError({ action: `read the token from ${tokenFile}`, value: "there is no such file" });
  }
  const feeds = flags.feed.length > 0 ? flags.feed : (file.feeds ?? []);
  return {
    session,
    feeds: feeds.length > 0 ? feeds : ["host"],
    host: flags.host ?? file.host ?? "127.0.0.1",
    port: flags.port ?? file.port ?? DEFAULT_PORT,
    record,
    durability,
    retainBytes: file.retainBytes,
    retainHours: file.retainHours,
    tokenFile,
    basePath: flags.basePath ?? file.basePath ?? "",
    allowedHosts: [...(file.allowedHosts ?? []), ...flags.allowHost],
    allowedOrigins: [...(file.allowedOrigins ?? []), ...flags.allowOrigin],
    trustProxy: file.trustProxy ?? false,
    shadow: flags.shadow ?? file.shadow ?? false,
    openRooms: checkOpenRooms(flags.openRooms ?? false, flags.host ?? file.host),
    partitions: flags.partitions ?? file.partitions,
    partitionByGroup: file.partitionByGroup ?? {},
    workflows: workflowsOf([...(file.workflows ?? []), ...(flags.workflow ?? [])]),
    universes: universesOf({ ...file.universes, ...Object.fromEntries(flags.universe ?? []) }),
    notify: file.notify,
    settings: flags.set.reduce(
      (before, [setting, value]) => applySetting(before, setting, value),
      settingsOf(path, file.settings),
    ),
    requested: [
      ...namedIn(file.settings).map((setting) => ({ ...setting, author: "config file" })),
      ...flags.set.map(([setting, value]) => ({ path: setting, value, author: "command line" })),
    ],
  };
}

/** Throws what is wrong with a file, and when two have one name. */
function workflowsOf(namesAndFiles: readonly string[]): Workflow[] {
  const most = ROOTS.definitions.most;
  if (namesAndFiles.length > most)
    throw new EigenwatchError({
      action: "offer workflows",
      value: `${namesAndFiles.length} of them`,
      expected: `at most ${most}`,
    });
  const found = new Map<string, string>();
  return namesAndFiles.map((nameOrFile) => {
    const workflow = findWorkflow(nameOrFile);
    const other = found.get(workflow.name);
    if (other !== undefined)
      throw new EigenwatchError({
        action: `offer workflow ${nameOrFile}`,
        value: `${other} has the name ${workflow.name} too`,
        expected: "another name",
      });
    found.set(workflow.name, nameOrFile);
    return workflow;
  });
}

/** Throws for a path where nothing is: it is found out before anything starts. */
function universesOf(paths: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [universe, path] of Object.entries(paths)) {
    const problem = problemOfUniverse(universe, path);
    if (problem !== null) throw new EigenwatchError({ action: `serve universe ${universe}`, ...problem });
  }
  return paths;
}

function problemOfUniverse(universe: string, path: string): { value: string; expected: string } | null {
  if (!v.is(name, universe))
    return { value: `"${universe}" is no name`, expected: `1 to ${MAX_NAME_BYTES} bytes` };
  if (isLiveUniverse(universe))
    return { value: "the session's own channels have this name", expected: "another name" };
  if (existsSync(path)) return null;
  return { value: `there is no ${path}`, expected: "a table, a folder of tables, or a recording" };
}

/** What asks nobody who they are must not be reached from outside. */
function checkOpenRooms(asked: boolean, host = "127.0.0.1"): boolean {
  if (asked && !isLoopback(host))
    throw new EigenwatchError({
      action: "open rooms to everybody",
      value: `--host ${host}`,
      expected: "a loopback address, or no --open-rooms",
    });
  return asked;
}

function readFile(path: string): v.InferOutput<typeof fileSchema> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new EigenwatchError({ action: `read config ${path}`, value: (error as Error).message });
  }
  // To valibot an array is an object.
  if (Array.isArray(json)) throw unusable(path, "it is an array", "an object");
  const result = v.safeParse(fileSchema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? "";
  if (key !== "" && !Object.hasOwn(fileSchema.entries, key.split(".")[0]!)) throw unknownKey(path, key);
  throw unusable(path, `${key || "the whole"} is ${issue.received}`, issue.expected ?? issue.message);
}

function unknownKey(path: string, key: string): EigenwatchError {
  return unusable(path, `there is no key ${key}`, expectedAmong(key, Object.keys(fileSchema.entries)));
}

function unusable(path: string, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `use config ${path}`, value, expected });
}

function namedIn(settings: Record<string, unknown> = {}): { path: string; value: unknown }[] {
  return settingPaths()
    .map((path) => ({ path, value: settingAt(settings, path) }))
    .filter(({ value }) => value !== undefined);
}

function settingsOf(path: string | undefined, given: Record<string, unknown> = {}): Settings {
  try {
    return parseSettings(given);
  } catch (error) {
    throw new EigenwatchError({ action: `use settings of ${path}`, value: (error as Error).message });
  }
}
