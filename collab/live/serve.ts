/**
 * `eigenwatch up`: assembles and runs the live system.
 *
 *   feeds ─► partitions (sequencer, core, journal, gate) ─► gateway ─► dashboard
 */
import { readFile, statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import { localTimeText } from "../../actors/command-line/local-time.ts";
import { stopSignal } from "../../actors/command-line/stop-signal.ts";
import { print, printJson, printToned, report } from "../../actors/command-line/terminal.ts";
import type { Part } from "../../actors/command-line/toned-line.ts";
import { marksOf } from "../../actors/feeds/mod.ts";
import { createFeeds, type Feed, refusalAmong, SYSTEM, systemClock } from "../../actors/mod.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type { EventMessage, OperatorNotice, Severity } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import { timeText } from "../../protocol/text-values.ts";
import { beginWithLearnt, synthWorlds, withSameChannels } from "../../sim/mod.ts";
import { noticesOf, startNotifier } from "../notify/config.ts";
import { readConfig, type UpConfig, type UpOptions } from "./config.ts";
import { enterMarks } from "./enter-marks.ts";
import { nameProcesses } from "./name-processes.ts";
import { openGateway } from "./open-gateway.ts";
import { openScans } from "./open-scans.ts";
import { collectorOf, TRACE_SHARE } from "./otlp-tracer.ts";
import { partitionsToRun } from "./partition-names.ts";
import { tellServiceManager } from "./service-manager.ts";
import { type SessionEnd, SessionPartitions, shadowsOf } from "./session-partitions.ts";
import { SessionRooms } from "./session-rooms.ts";
import { watchDisk } from "./watch-disk.ts";

/** Something that is done in the session when it is open, at the gateway's address. Resolves with an exit code. */
export type Work = (url: string) => Promise<number>;

/** Runs until the feeds have ended (`--once`), `work` is done, or a signal comes. Returns the exit code. */
export async function up(flags: UpOptions, work?: Work): Promise<number> {
  const config = await readConfig(flags.config, flags);
  if (flags.nats !== undefined) return upOverNats(flags, config);
  refuseWithoutNats(flags);
  const say = flags.json ? sayJson : sayText;
  const feeds = ({ seed }: Settings): Feed[] =>
    makeFeeds(config, seed, (notice) => void partitions.first.operatorNotice(notice));
  // Feeds are made before the partition: after a wrong spec nothing has started. They do nothing until the partition runs them.
  const asked = feeds(config.settings);
  const marks = flags.marks === undefined ? [] : marksOf(await readText(flags.marks));
  if (flags.once && !asked.some((feed) => feed.kind === "recorded")) {
    throw new EigenwatchError({
      action: "run --once",
      value: "all of these feeds are live",
      expected: "a recorded one: file, synth with a speed, or stdin that is not live",
    });
  }
  const refusal = await refusalAmong(asked);
  if (refusal !== null) throw refusal;
  const log = (message: string) => say("log", { message });
  const alarms: AlarmCounts = { incidents: 0, heldBack: 0 };
  // A secret that is not there is reported before anything has started.
  const notices = noticesOf(config.notify, config.record, log);
  await beginLearnt(flags, config, log);
  const names = await partitionsToRun(config.partitions, config.record);
  const partitions = await SessionPartitions.open({
    config,
    partitions: names,
    listener: (partition) => eventPrinter(say, alarms, flags, names.length > 1 ? { partition } : {}),
    log,
  });
  const rooms = new SessionRooms({ config, partitions: partitions.all, log });
  const notifiers =
    notices === null
      ? []
      : partitions.all.map(({ session, recording }) => startNotifier(session, notices, recording, log));
  const silence = (): Promise<unknown> => Promise.all(notifiers.map((notifier) => notifier.close()));
  const scans = await openScans(config, partitions, log);
  const push = notices?.subscriptions ?? undefined;
  const opening = openGateway(config, partitions.sessions, log, rooms, undefined, scans, push);
  const gateway = await opening.catch(async (error: unknown) => {
    await scans.close();
    await silence();
    await rooms.close();
    await partitions.close();
    await partitions.end();
    throw error;
  });
  await rooms.resume();
  const [first, ...others] = partitions.all.map(({ session }) => session);
  const marking = await enterMarks(marks, [first!, ...others], basename(flags.marks ?? ""), log);
  // A program that reads "listening" may send a signal at once.
  const stopped = stopSignal();
  say("listening", {
    url: gateway.url,
    open: gateway.loginUrl,
    session: config.session,
    recording: config.record,
  });
  tellServiceManager("ready", log);
  // A recording that goes on keeps its seed.
  const { settings } = partitions.first;
  const running = settings.seed === config.settings.seed ? asked : feeds(settings);
  partitions.startFeeds(
    flags.learntFrom === undefined ? running : continuing(running, partitions, flags.learntFrom),
  );

  const sources = new Set(running.flatMap((feed) => (feed.namesProcesses ? [feed.source] : [])));
  const endNaming = partitions.all.map((partition) =>
    nameProcesses({
      ...{ session: partition.session, sources, clock: systemClock },
      announce: (notice) => void partition.operatorNotice(notice),
    }),
  );
  const endDiskWatch =
    config.record === null ? () => {} : watchDiskOf(config.record, config.retainBytes, partitions);
  const ended = flags.once
    ? partitions.feedsEnded("recorded").then(() => "ended")
    : new Promise<never>(() => {});
  let workCode = 0;
  let workError: unknown;
  const worked =
    work === undefined
      ? new Promise<never>(() => {})
      : work(gateway.url).then(
          (code) => {
            workCode = code;
            return "done";
          },
          (error: unknown) => {
            workError = error;
            return "failed";
          },
        );
  const why = await Promise.race([stopped, ended, worked, partitions.whenHalted(), rooms.whenHalted()]);
  say("stopping", { why });
  tellServiceManager("stopping", log);
  endDiskWatch();
  for (const end of endNaming) end();
  const unmarked = await marking.stop();
  if (unmarked > 0) log(`${unmarked} of ${marks.length} marks lie after the data and are not in the log`);
  if (why === "ended") await partitions.shadowsCaughtUp();
  await silence();
  await scans.close();
  await partitions.close();
  await gateway.close();
  await rooms.close();
  const end = await partitions.end();
  const shadowed = shadowsOf(end);
  if (shadowed !== null) say("shadow", { ...shadowed });
  const { sessions } = partitions;
  const failed = sessions
    .flatMap((session) => session.describe().feeds)
    .filter((feed) => feed.status === "failed");
  say("stopped", {
    ...totals(end),
    ...alarms,
    failedFeeds: failed.map((feed) => `${feed.source}: ${feed.detail}`),
  });
  const differs = shadowed !== null && shadowed.differences > 0;
  const halted = rooms.hasHalted || partitions.all.some(({ haltReason }) => haltReason !== null);
  if (workError !== undefined) throw workError;
  return halted || differs || (flags.once && failed.length > 0) ? 1 : workCode;
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new EigenwatchError({ action: "read marks", value: errorText(error), expected: "--marks FILE" });
  });
}

function watchDiskOf(
  folder: string,
  retainBytes: number | undefined,
  { first }: SessionPartitions,
): () => void {
  return watchDisk({
    clock: systemClock,
    folder,
    retainBytes,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
    announce: (notice) => void first.operatorNotice(notice),
  });
}

/** `--learnt-from`: makes the new recording, which is then opened as one that goes on. */
async function beginLearnt(
  { learntFrom }: UpOptions,
  { record, requested }: UpConfig,
  log: (message: string) => void,
): Promise<void> {
  if (learntFrom === undefined || record === null) return;
  const isNew = await beginWithLearnt({ from: learntFrom, to: record, requested });
  if (!isNew) log(`${record} goes on; it began with what ${learntFrom} had learnt`);
}

/** Feeds of a session that begins with what `from` had learnt. */
function continuing(feeds: readonly Feed[], partitions: SessionPartitions, from: string): Feed[] {
  const declarations = new Map(
    partitions.sessions.flatMap((session) => session.groups()).map((each) => [each.group, each]),
  );
  return feeds.map((feed) => withSameChannels(feed, (group) => declarations.get(group), from));
}

/** Options of a node, which would otherwise be given for nothing. */
function refuseWithoutNats(flags: UpOptions): void {
  const ofNode = {
    "--name": flags.name,
    "--nats-replicas": flags.natsReplicas,
    "--nats-creds": flags.natsCreds,
    "--nats-nkey": flags.natsNkey,
    "--nats-ca": flags.natsCa,
    "--nats-cert": flags.natsCert,
    "--nats-key": flags.natsKey,
  };
  for (const [option, value] of Object.entries(ofNode))
    if (value !== undefined)
      throw new EigenwatchError({
        action: `use ${option}`,
        value: "the log is not in NATS",
        expected: `--nats URL with it, or up without ${option}`,
      });
}

/** A cluster of one. */
async function upOverNats(flags: UpOptions, config: UpConfig): Promise<number> {
  const excluded = {
    "--learnt-from": flags.learntFrom !== undefined,
    "--marks": flags.marks !== undefined,
    "--record": config.record !== null,
    "--shadow": config.shadow,
    "--once": flags.once === true,
    "--open-rooms": config.openRooms,
    "--workflow": config.workflows.length > 0,
  };
  for (const [option, isGiven] of Object.entries(excluded))
    if (isGiven)
      throw new EigenwatchError({
        action: `combine --nats with ${option}`,
        value: "the log is in NATS",
        expected: `up without ${option}, or without --nats`,
      });
  const { NODE_ROLES, runNode } = await import("./run-node.ts");
  return runNode({
    ...flags,
    ...config,
    name: flags.name ?? hostname(),
    roles: NODE_ROLES,
    failover: "standard",
    partitions: config.partitions ?? 1,
    trace: { url: collectorOf(undefined), share: TRACE_SHARE },
    json: flags.json === true,
  });
}

/** What the log of the session holds at the end; of several partitions the sums, and what each holds. */
function totals(end: SessionEnd): Record<string, unknown> {
  const partitions = end.map(({ shadow: _, ...each }) => each);
  if (partitions.length === 1) {
    const [{ partition: _, ...only }] = partitions as [(typeof partitions)[0]];
    return only;
  }
  const sum = (count: (each: (typeof partitions)[0]) => number) =>
    partitions.reduce((total, each) => total + count(each), 0);
  const inputs = sum((each) => each.inputs);
  if (partitions.some(({ lost }) => lost !== undefined)) {
    const isKnown = partitions.every(({ lost }) => lost !== null);
    return { inputs, lost: isKnown ? sum(({ lost }) => lost ?? 0) : null, partitions };
  }
  const samples = sum((each) => each.samples ?? 0);
  return { inputs, samples, events: sum((each) => each.events ?? 0), partitions };
}

function makeFeeds(
  config: UpConfig,
  seed: number,
  notice: (notice: Omit<OperatorNotice, "type">) => void,
): Feed[] {
  const context = {
    worlds: synthWorlds(),
    notice,
    clock: systemClock,
    seed,
    stdin: process.stdin as AsyncIterable<Uint8Array>,
  };
  return createFeeds(config.feeds, context);
}

// ---- what is printed --------------------------------------------------------------------------------------------

type Say = (what: string, detail: Record<string, unknown>) => void;

function sayJson(what: string, { timeUs: _, ...detail }: Record<string, unknown>): void {
  printJson({ what, ...detail });
}

function sayText(what: string, detail: Record<string, unknown>): void {
  switch (what) {
    case "listening":
      print("");
      printToned("  ", ["strong", "eigenwatch"], `  session ${detail["session"]}`);
      printToned("  open        ", ["notice", String(detail["open"])]);
      if (detail["recording"]) print(`  recording   ${detail["recording"]}`);
      print("  stop        Ctrl-C", "");
      break;
    case "event":
      printToned(
        ...eventLine(detail["timeUs"] as number, detail["severity"] as Severity, String(detail["title"])),
      );
      break;
    case "stopped":
      if (detail["lost"] !== undefined)
        print(
          `${detail["inputs"]} inputs are in the log, ${detail["lost"] ?? "an unknown number"} after them are lost`,
        );
      else
        print(
          `${detail["inputs"]} inputs, ${detail["samples"]} samples, ${detail["events"]} events, ${hashText(detail)}`,
        );
      print(`${detail["incidents"]} incidents, ${detail["heldBack"]} held back as less important`);
      for (const failed of detail["failedFeeds"] as string[]) report(`feed failed: ${failed}`);
      break;
    case "shadow":
      report(
        `shadow: ${detail["blocks"]} blocks executed once more, ${detail["hashes"]} state hashes compared, ` +
          `${detail["differences"]} differences${detail["complete"] ? "" : "; not everything was executed"}`,
      );
      break;
    case "log":
      report(...String(detail["message"]).split("\n"));
      break;
    default:
      report(`${what} ${Object.values(detail).join(" ")}`);
  }
}

/** Times are those of the page: of this zone. */
function eventLine(timeUs: number, severity: Severity, title: string): Part[] {
  const time = timeUs === 0 ? "(before data)           " : localTimeText(timeUs);
  const word = severity.padEnd(8);
  return [["faint", time], "  ", severity === "info" ? word : [severity, word], "  ", title];
}

function hashText({ hash, partitions }: Record<string, unknown>): string {
  if (partitions === undefined) return `final hash ${hash}`;
  const each = partitions as readonly { partition: string; hash: string }[];
  return `final hashes ${each.map(({ partition, hash }) => `${partition} ${hash}`).join(", ")}`;
}

/** Incidents of this run. */
interface AlarmCounts {
  incidents: number;
  heldBack: number;
}

/** Actors whose events of severity info are evidence: people are alarmed about incidents. */
function isDetector(actor: string): boolean {
  return SYSTEM.group.some(({ name }) => name === actor);
}

function isEvidence({ actor, kind, severity }: EventMessage): boolean {
  return severity === "info" && (isDetector(actor) || kind === "incident.held-back");
}

/** `where` is printed with each event. */
function eventPrinter(
  say: Say,
  alarms: AlarmCounts,
  { evidence, json }: UpOptions,
  where: { readonly partition?: string },
): SessionListener {
  return {
    event(event) {
      if (event.kind === "incident.opened") alarms.incidents++;
      if (event.kind === "incident.held-back") alarms.heldBack++;
      if (isEvidence(event) && !evidence && !json) return;
      // Logical time is 0 until the first sample of a recorded feed.
      const time = event.timeUs === 0 ? null : timeText(event.timeUs);
      const { sequence, kind, severity, title, group, channels, detail } = event;
      say("event", {
        time,
        timeUs: event.timeUs,
        ...where,
        sequence,
        kind,
        severity,
        title,
        group,
        channels,
        detail,
      });
    },
  };
}
