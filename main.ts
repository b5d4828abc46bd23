/** Every command of the program: its name, what it does in one line, and the file with its options, help and action. */
import type { CommandTable } from "./actors/command-line/program.ts";
import { isEntry, keepCompiled, letHeapGrow, runProgram } from "./actors/command-line/run.ts";
import { VERSION } from "./actors/versions.ts";
import type { WorkTable } from "./actors/workers/work.ts";

export const COMMANDS: CommandTable = {
  up: {
    summary: "run the live system: feeds, actors, journal, dashboard",
    runsActors: true,
    load: async () => (await import("./collab/live/up-command.ts")).upCommand,
  },
  node: {
    summary: "run one node of a cluster, which shares a session over NATS",
    runsActors: true,
    load: async () => (await import("./collab/live/node-command.ts")).nodeCommand,
  },
  cluster: {
    summary: "run a whole cluster on this machine to look at, and kill its nodes",
    runsActors: true,
    load: async () => (await import("./collab/live/cluster-command.ts")).clusterCommand,
  },
  status: {
    summary: "show the nodes of a cluster and who owns each partition",
    load: async () => (await import("./collab/live/status-command.ts")).statusCommand,
  },
  invite: {
    summary: "invite people to a running session, by a link and a QR code",
    load: async () => (await import("./collab/live/invite-command.ts")).inviteCommand,
  },
  invites: {
    summary: "list the invitations and guests of a running session",
    load: async () => (await import("./collab/live/invites-command.ts")).invitesCommand,
  },
  revoke: {
    summary: "end an invitation or a guest, or change the role",
    load: async () => (await import("./collab/live/revoke-command.ts")).revokeCommand,
  },
  threshold: {
    summary: "set, remove and list the thresholds of a running session",
    load: async () => (await import("./collab/live/threshold-command.ts")).thresholdCommand,
  },
  alerts: {
    summary: "show the alerts of a running session",
    load: async () => (await import("./collab/live/alerts-command.ts")).alertsCommand,
  },
  mark: {
    summary: "say that something happened, to a running session",
    load: async () => (await import("./collab/live/mark-command.ts")).markCommand,
  },
  workflow: {
    summary: "start and show workflows: runs of steps that people and the program share",
    load: async () => (await import("./collab/live/workflow-command.ts")).workflowCommand,
  },
  config: {
    summary: "check the configuration file of up and node, or print its schema",
    load: async () => (await import("./collab/live/config-command.ts")).configCommand,
  },
  replay: {
    summary: "run the actors again over a recording",
    runsActors: true,
    load: async () => (await import("./sim/recordings/replay/command.ts")).replayCommand,
  },
  whatif: {
    summary: "branch a recording, change it, and compare the events",
    runsActors: true,
    load: async () => (await import("./sim/recordings/whatif/command.ts")).whatIfCommand,
  },
  causality: {
    summary: "estimate how likely an event was before it happened",
    runsActors: true,
    load: async () => (await import("./sim/recordings/whatif/causality-command.ts")).causalityCommand,
  },
  inspect: {
    summary: "show what a recording holds, and what is damaged",
    load: async () => (await import("./sim/recordings/inspect-command.ts")).inspectCommand,
  },
  record: {
    summary: "record the session of a cluster, copy, export or import a recording",
    load: async () => (await import("./sim/recordings/record/command.ts")).recordCommand,
  },
  verify: {
    summary: "check that a recording is whole and as sealed, or seal it",
    load: async () => (await import("./sim/recordings/seal/command.ts")).verifyCommand,
  },
  diff: {
    summary: "show the first difference between two recordings",
    runsActors: true,
    load: async () => (await import("./sim/recordings/diff/command.ts")).diffCommand,
  },
  detect: {
    summary: "run a detector over a CSV or NDJSON file, row by row",
    load: async () => (await import("./actors/filters/detect-command.ts")).detectCommand,
  },
  scan: {
    summary: "sweep many symbols with a rule, best first",
    runsActors: true,
    load: async () => (await import("./actors/scan/command/command.ts")).createScanCommand(loadSettingsScans),
  },
  measure: {
    summary: "compute functionals of density matrices, line by line",
    load: async () => (await import("./actors/filters/measure-command.ts")).measureCommand,
  },
  feed: {
    summary: "write a synthetic world of known truth as a table, or check what a feed brings",
    load: async () => (await import("./sim/worlds/command/command.ts")).feedCommand,
  },
  sim: {
    summary: "simulate a cluster under faults, and check every rule",
    load: async () => (await import("./sim/cluster/command.ts")).simCommand,
  },
  bench: {
    summary: "run the benchmarks",
    load: async () => (await import("./sim/bench/command.ts")).benchCommand,
  },
  worker: {
    summary: "do jobs for another process of this program",
    hidden: true,
    load: async () => (await import("./actors/workers/command.ts")).createWorkerCommand(WORKS),
  },
};

async function loadSettingsScans() {
  return (await import("./sim/recordings/whatif/settings-scan.ts")).SETTINGS_SCANS;
}

/** What worker processes of this program do, by name. */
const WORKS: WorkTable = {
  whatif: async () => (await import("./sim/recordings/whatif/whatif.ts")).whatIfWork,
  sweep: async () => (await import("./sim/recordings/whatif/sweep.ts")).sweepWork,
  causality: async () => (await import("./sim/recordings/whatif/causality.ts")).causalityWork,
  seed: async () => (await import("./sim/cluster/run-seeds.ts")).seedWork,
  detect: async () => (await import("./sim/bench/detect.ts")).detectWork,
  scan: async () => (await import("./actors/scan/work.ts")).scanWork,
  settings: async () => (await import("./sim/recordings/whatif/settings-scan.ts")).settingsWork,
  partitions: async () => (await import("./collab/live/partitions-in-thread.ts")).partitionsWork,
};

if (isEntry(import.meta.url)) {
  keepCompiled(import.meta.url);
  letHeapGrow();
  await runProgram(COMMANDS, VERSION, addActors);
}

async function addActors(files: readonly string[]): Promise<void> {
  await (await import("./actors/own-actors.ts")).addOwnActors(files);
}
