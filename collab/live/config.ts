/** What `up` and `node` run with: options, then the config file, then defaults. */
import { existsSync, readFileSync, statSync } from "node:fs";
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
import type { NatsFlags } from "./nats-flags.ts";

/** The options of `up`. */
export interface UpOptions extends NatsFlags {
  name?: string | undefined;
  feed: string[];
  port?: number | undefined;
  host?: string | undefined;
  record?: string | undefined;
  recordings?: string | undefined;
  learntFrom?: string | undefined;
  marks?: string | undefined;
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

/** An entry of the file, with what it is for. */
function entry<const Schema extends v.GenericSchema>(schema: Schema, description: string) {
  return v.optional(v.pipe(schema, v.description(description)));
}

const texts = v.array(v.string());

export const fileSchema = v.strictObject({
  $schema: entry(v.string(), "The schema of this file, for editors: `eigenwatch config schema` prints it."),
  session: entry(v.string(), "Name of the session."),
  feeds: entry(texts, "What is watched: specs of feeds, as `--feed` takes them."),
  host: entry(v.string(), "Address that the page and the API listen on."),
  port: entry(
    v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
    "Port of the page and the API; 0: any that is free.",
  ),
  record: entry(v.string(), "Folder of the recording."),
  recordings: entry(v.string(), "Folder of recordings that people open on the page, beside the session."),
  durability: entry(
    v.picklist(["memory", "file"]),
    "Whether inputs are durable before they are answered for.",
  ),
  retainBytes: entry(
    v.pipe(v.number(), v.integer(), v.minValue(1 << 20)),
    "Largest size of the recording, in bytes; whole old segments go first.",
  ),
  retainHours: entry(
    v.pipe(v.number(), v.minValue(0.01)),
    "Longest age of what the recording keeps, in hours.",
  ),
  tokenFile: entry(v.string(), "File with the token that people sign in with."),
  basePath: entry(v.string(), "Path of the page behind a proxy, such as /watch."),
  allowedHosts: entry(texts, "Further names of this host that requests may come for."),
  allowedOrigins: entry(texts, "Origins of pages elsewhere that may ask, https://example.org."),
  trustProxy: entry(v.boolean(), "Whether addresses of clients are those that the proxy in front forwards."),
  shadow: entry(v.boolean(), "Whether another process executes the log once more and compares."),
  partitions: entry(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PARTITIONS)),
    "How many partitions the session has, p0, p1 …; a group belongs to one of them by its name.",
  ),
  partitionByGroup: entry(
    v.record(v.string(), v.string()),
    "The partition of a group, where it shall be another.",
  ),
  settings: entry(v.record(v.string(), v.unknown()), "Settings of a new session."),
  workflows: entry(texts, "Workflows that the session offers: names of packaged ones, and YAML files."),
  universes: entry(v.record(v.string(), v.string()), "Symbols that scans may go through: paths by name."),
  notify: entry(notifySchema, "Where people are told of alerts and incidents."),
});

export interface UpConfig {
  session: string;
  feeds: string[];
  host: string;
  port: number;
  record: string | null;
  /** A folder of recordings that people may open. */
  recordings: string | null;
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

/** `standard`: feeds that run when neither the file nor an option names one. Throws an EigenwatchError that names the key, what it is and what was expected. */
export async function readConfig(
  path: string | undefined,
  flags: UpOptions,
  standard: readonly string[] = ["host"],
): Promise<UpConfig> {
  const file = path === undefined ? {} : await readFile(path);
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
    feeds: feedsOf(feeds, standard),
    host: flags.host ?? file.host ?? "127.0.0.1",
    port: flags.port ?? file.port ?? DEFAULT_PORT,
    record,
    recordings: folderOf(flags.recordings ?? file.recordings ?? null),
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
    workflows: await workflowsOf([...(file.workflows ?? []), ...(flags.workflow ?? [])]),
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

/** Instead of a spec: only what programs push. */
const NO_FEED = "none";

function feedsOf(specs: readonly string[], standard: readonly string[]): string[] {
  if (specs.length === 1 && specs[0] === NO_FEED) return [];
  return specs.length > 0 ? [...specs] : [...standard];
}

/** Throws what is wrong with a file, and when two have one name. */
async function workflowsOf(namesAndFiles: readonly string[]): Promise<Workflow[]> {
  if (namesAndFiles.length === 0) return [];
  const most = ROOTS.definitions.most;
  if (namesAndFiles.length > most)
    throw new EigenwatchError({
      action: "offer workflows",
      value: `${namesAndFiles.length} of them`,
      expected: `at most ${most}`,
    });
  // Most sessions are without: what reads YAML is loaded by those that need it.
  const { findWorkflow } = await import("../workflows/find.ts");
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

/** Throws when there is no such folder: it is found out before anything starts. */
function folderOf(recordings: string | null): string | null {
  if (recordings === null || statSync(recordings, { throwIfNoEntry: false })?.isDirectory() === true)
    return recordings;
  const value = `there is no folder ${recordings}`;
  throw new EigenwatchError({ action: "list recordings", value, expected: "a folder of recordings" });
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

type ConfigFile = v.InferOutput<typeof fileSchema>;

async function readFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw new EigenwatchError({ action: `read config ${path}`, value: (error as Error).message });
  }
  const { YamlText } = await import("../../protocol/yaml-text.ts");
  const source = new YamlText(text, path, "use config");
  const value = source.value() ?? {};
  // To valibot an array is an object.
  if (typeof value !== "object" || Array.isArray(value))
    throw source.faultAt(
      [],
      `it is ${Array.isArray(value) ? "an array" : JSON.stringify(value)}`,
      "an object",
    );
  const result = v.safeParse(fileSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const keys = (issue.path ?? []).map(({ key }) => String(key));
  const [first] = keys;
  if (first !== undefined && !Object.hasOwn(fileSchema.entries, first))
    throw source.faultAt(
      keys,
      `there is no key ${first}`,
      expectedAmong(first, Object.keys(fileSchema.entries)),
    );
  throw source.faultAt(keys, `${keys.join(".")} is ${issue.received}`, issue.expected ?? issue.message);
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
