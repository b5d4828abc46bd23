/**
 * `eigenwatch up`: assembles and runs the live system.
 *
 *   feeds ─► partition (sequencer, core, journal, gate) ─► gateway ─► dashboard
 */
import { existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { print, printJson, report } from "../../actors/command-line/terminal.ts";
import {
  createFeeds,
  createMemoryJournal,
  type Feed,
  FIRST_PARTITION,
  openPartitionForWriting,
  Partition,
  refusalAmong,
  SYSTEM,
  systemClock,
  VERSIONS,
} from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { EventMessage, OperatorNotice } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import { timeText } from "../../protocol/text-values.ts";
import { liveCommands, Shadow, synthWorlds } from "../../sim/mod.ts";
import { stopSignal } from "../stop-signal.ts";
import { readConfig, type UpConfig, type UpOptions } from "./config.ts";
import { openGateway } from "./open-gateway.ts";
import { NODE_ROLES, runNode } from "./run-node.ts";

/** Runs until the feeds have ended (`--once`) or a signal comes. Returns the exit code. */
export async function up(flags: UpOptions): Promise<number> {
  const config = readConfig(flags.config, flags);
  if (flags.nats !== undefined) return upOverNats(flags, config);
  const say = flags.json ? sayJson : sayText;
  const feeds = ({ seed }: Settings): Feed[] =>
    makeFeeds(config, seed, (notice) => void partition.operatorNotice(notice));
  // Feeds are made before the partition: after a wrong spec nothing has started. They do nothing until the partition runs them.
  const asked = feeds(config.settings);
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
  const journal = await openJournal(config, say);
  const recording = config.durability === "file" ? config.record : null;
  let shadow: Shadow | null = null;
  const partition = await Partition.open({
    session: config.session,
    partition: FIRST_PARTITION,
    journal,
    clock: systemClock,
    settings: config.settings,
    requested: config.requested,
    definitions: SYSTEM,
    versions: VERSIONS,
    recording,
    listener: eventPrinter(say, alarms, flags),
    log,
    gauges: () => shadow?.gauges() ?? {},
  });
  if (config.shadow && "snapshots" in journal)
    shadow = new Shadow(journal, { announce: (notice) => void partition.operatorNotice(notice), log });
  partition.commands.handle(liveCommands(partition, journal, recording));
  const gateway = await openGateway(config, [partition], log).catch(async (error: unknown) => {
    await partition.close();
    throw error;
  });
  // A program that reads "listening" may send a signal at once.
  const stopped = stopSignal();
  say("listening", {
    url: gateway.url,
    open: gateway.loginUrl,
    session: config.session,
    recording: config.record,
  });
  // A recording that goes on keeps its seed.
  const { settings } = partition.core;
  partition.startFeeds(settings.seed === config.settings.seed ? asked : feeds(settings));

  const ended = flags.once
    ? partition.feedsEnded("recorded").then(() => "ended")
    : new Promise<never>(() => {});
  const halted = partition.whenHalted();
  const why = await Promise.race([stopped, ended, halted]);
  say("stopping", { why });
  if (why === "ended") await shadow?.caughtUp();
  shadow?.logCloses();
  await partition.close();
  await gateway.close();
  const shadowed = shadow === null ? null : await shadow.finish();
  if (shadowed !== null) say("shadow", { ...shadowed });
  const failed = partition.describe().feeds.filter((feed) => feed.status === "failed");
  say("stopped", {
    ...totals(partition, journal),
    ...alarms,
    failedFeeds: failed.map((feed) => `${feed.source}: ${feed.detail}`),
  });
  const differs = shadowed !== null && shadowed.differences > 0;
  return partition.haltReason || differs || (flags.once && failed.length > 0) ? 1 : 0;
}

/** A cluster of one. */
async function upOverNats(flags: UpOptions, config: UpConfig): Promise<number> {
  const excluded = {
    "--record": config.record !== null,
    "--shadow": config.shadow,
    "--once": flags.once === true,
  };
  for (const [option, isGiven] of Object.entries(excluded))
    if (isGiven)
      throw new EigenwatchError({
        action: `combine --nats with ${option}`,
        value: "the log is in NATS",
        expected: `up without ${option}, or without --nats`,
      });
  return runNode({
    ...flags,
    ...config,
    name: flags.name ?? hostname(),
    roles: NODE_ROLES,
    failover: "standard",
    partitions: 1,
    json: flags.json === true,
  });
}

/** What the log holds at the end. After a halt the core has had inputs that are not in it, and its sums are those of no log. */
function totals(partition: Partition, { last }: Journal): Record<string, number | string> {
  const { core } = partition;
  const inputs = last?.lastSequence ?? 0;
  if (partition.haltReason !== null) return { inputs, lost: core.sequence - inputs };
  return { inputs, samples: core.samples, events: core.eventSequence, hash: partition.stateHash() };
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

async function openJournal(config: UpConfig, say: Say) {
  if (config.durability === "memory") return createMemoryJournal({});
  const record = config.record!;
  if (existsSync(record) && !statSync(record).isDirectory()) {
    throw new EigenwatchError({
      action: `record to ${record}`,
      value: "it is a file",
      expected: "a folder, or a name for a new one",
    });
  }
  return openPartitionForWriting(record, FIRST_PARTITION, {
    log: (message) => say("log", { message }),
    ...(config.retainBytes === undefined ? {} : { retainBytes: config.retainBytes }),
    ...(config.retainHours === undefined ? {} : { retainUs: config.retainHours * 3_600_000_000 }),
  });
}

// ---- what is printed --------------------------------------------------------------------------------------------

type Say = (what: string, detail: Record<string, unknown>) => void;

function sayJson(what: string, detail: Record<string, unknown>): void {
  printJson({ what, ...detail });
}

function sayText(what: string, detail: Record<string, unknown>): void {
  switch (what) {
    case "listening":
      print("", `  eigenwatch  session ${detail["session"]}`, `  open        ${detail["open"]}`);
      if (detail["recording"]) print(`  recording   ${detail["recording"]}`);
      print("  stop        Ctrl-C", "");
      break;
    case "event":
      print(
        `${detail["time"] ?? "(before data)           "}  ${String(detail["severity"]).padEnd(8)}  ${detail["title"]}`,
      );
      break;
    case "stopped":
      if (detail["lost"] !== undefined)
        print(`${detail["inputs"]} inputs are in the log, ${detail["lost"]} after them are lost`);
      else
        print(
          `${detail["inputs"]} inputs, ${detail["samples"]} samples, ${detail["events"]} events, final hash ${detail["hash"]}`,
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

/** Incidents of this run. */
interface AlarmCounts {
  incidents: number;
  heldBack: number;
}

/** Actors whose events of severity info are evidence: people are alarmed about incidents. */
const DETECTORS: ReadonlySet<string> = new Set(SYSTEM.group.map(({ name }) => name));

function isEvidence({ actor, kind, severity }: EventMessage): boolean {
  return severity === "info" && (DETECTORS.has(actor) || kind === "incident.held-back");
}

function eventPrinter(say: Say, alarms: AlarmCounts, { evidence, json }: UpOptions): SessionListener {
  return {
    frame() {},
    state() {},
    metrics() {},
    channels() {},
    flush() {},
    event(event) {
      if (event.kind === "incident.opened") alarms.incidents++;
      if (event.kind === "incident.held-back") alarms.heldBack++;
      if (isEvidence(event) && !evidence && !json) return;
      // Logical time is 0 until the first sample of a recorded feed.
      const time = event.timeUs === 0 ? null : timeText(event.timeUs);
      const { sequence, kind, severity, title, group, channels, detail } = event;
      say("event", { time, sequence, kind, severity, title, group, channels, detail });
    },
  };
}
