/**
 * Imports go one way: a row for every folder says what its files may import of ours.
 *
 *   protocol ← ports ← kernels · detectors ← core ← log ← partition ← cluster        each layer sees all layers below it
 *                 ↑                                                                    of actors/, through the files themselves
 *                 └── journal · bus · feeds · workers                                 know protocol and ports only
 *
 *   collab/gateway sees protocol and actors/mod.ts; collab/charts sees protocol; collab/dashboard sees protocol, charts and the clients.
 *   sim/ sees the mod.ts files of actors/; its benchmarks see every file. Nothing that runs live imports sim/, except through sim/mod.ts.
 *
 * Type-only imports count: they are knowledge of the other folder too.
 */
import { posix } from "node:path";
import { type Finding, importsOf, liesIn, type SourceFile } from "./source.ts";

interface Rule {
  /** A folder with all below it ("actors/core/"), the files right in a folder ("actors/*"), or one file. */
  place: string;
  /** What files there may import of ours, besides files in the same place. */
  sees: readonly string[];
}

const OUTSIDE = ["actors/ports/", "protocol/"];
/** The layers of a session, each on top of the one before. */
const CORE = ["actors/core/", "actors/detectors/", "actors/kernels/", ...OUTSIDE];
const LOG = ["actors/log/", ...CORE];
const PARTITION = ["actors/partition/", ...LOG];
/** A stream is one more journal; a cluster takes feeds from the bus. */
const CLUSTER = ["actors/feeds/", "actors/journal/", ...PARTITION];

/** What a collaborator sees of the system. */
const SYSTEM = ["actors/mod.ts", ...OUTSIDE];

/** What sim/ sees of actors/: the faces of its folders, not the files in them. */
const FACES = [
  "actors/cluster/mod.ts",
  "actors/core/mod.ts",
  "actors/feeds/mod.ts",
  "actors/journal/mod.ts",
  "actors/partition/mod.ts",
  "actors/scan/mod.ts",
  "actors/workers/mod.ts",
  ...SYSTEM,
];

/** It imports the files that a user names. */
const OWN_ACTORS = "actors/own-actors.ts";
/** Places that load files by computed names; elsewhere in the program every import is constant. */
const COMPUTED: readonly string[] = ["tests/", OWN_ACTORS];

/** The first row whose place contains a file applies, so narrow places come before wide ones. */
export const RULES: readonly Rule[] = [
  { place: "protocol/", sees: [] },
  { place: "actors/command-line/", sees: ["protocol/"] },
  { place: "actors/ports/", sees: ["protocol/"] },
  { place: "actors/kernels/", sees: [] },
  { place: "actors/detectors/", sees: ["actors/kernels/", ...OUTSIDE] },
  { place: "actors/core/", sees: CORE },
  { place: "actors/log/", sees: CORE },
  { place: "actors/partition/", sees: LOG },
  { place: "actors/cluster/", sees: CLUSTER },
  { place: "actors/journal/", sees: OUTSIDE },
  { place: "actors/bus/", sees: OUTSIDE },
  // Whatever may fail outside is tried again by one machine.
  { place: "actors/link/", sees: ["actors/core/machine-host.ts", ...OUTSIDE] },
  // States from outside are checked where they come in, with their lines.
  { place: "actors/feeds/state-lines.ts", sees: ["actors/feeds/", "actors/kernels/", ...OUTSIDE] },
  { place: "actors/feeds/", sees: ["actors/link/", ...OUTSIDE] },
  { place: "actors/workers/", sees: ["actors/command-line/", ...OUTSIDE] },
  {
    place: "actors/filters/",
    sees: [
      "actors/command-line/",
      "actors/feeds/",
      "actors/core/",
      "actors/detectors/",
      "actors/kernels/",
      ...OUTSIDE,
    ],
  },
  {
    place: "actors/scan/",
    sees: [
      "actors/command-line/",
      "actors/clock.ts",
      "actors/feeds/",
      "actors/filters/",
      "actors/journal/",
      "actors/workers/",
      ...LOG,
    ],
  },
  { place: OWN_ACTORS, sees: ["actors/", "protocol/"] },
  // Files right in actors/ put the parts together.
  { place: "actors/*", sees: ["actors/", "protocol/", "package.json"] },
  { place: "collab/charts/", sees: ["protocol/"] },
  {
    place: "collab/dashboard/",
    // The library of shared documents is for pages, and this is one of them.
    sees: [
      "collab/charts/",
      "collab/client.ts",
      "collab/event-cursor.ts",
      "collab/event-order.ts",
      "collab/session-client.ts",
      "collab/shared-session.ts",
      "protocol/",
    ],
  },
  { place: "collab/gateway/", sees: SYSTEM },
  { place: "collab/rooms/", sees: ["actors/cluster/mod.ts", "collab/gateway/", ...SYSTEM] },
  { place: "collab/notify/", sees: SYSTEM },
  { place: "collab/workflows/", sees: SYSTEM },
  {
    place: "collab/live/",
    sees: [
      "actors/cluster/mod.ts",
      "actors/command-line/",
      "actors/feeds/mod.ts",
      "actors/workers/mod.ts",
      "collab/*",
      "collab/gateway/",
      "collab/rooms/",
      "collab/notify/",
      "collab/workflows/",
      "sim/mod.ts",
      ...SYSTEM,
    ],
  },
  { place: "collab/*", sees: ["collab/gateway/", ...SYSTEM] },
  // `feed --to session` is `up` with that feed.
  {
    place: "sim/worlds/command/",
    sees: ["actors/command-line/", "sim/worlds/", "collab/live/", "actors/filters/lines.ts", ...FACES],
  },
  { place: "sim/worlds/", sees: ["actors/command-line/", "actors/filters/lines.ts", ...FACES] },
  // `record follow` reaches NATS with the options of the other commands of a cluster.
  {
    place: "sim/recordings/record/",
    sees: ["actors/command-line/", "sim/recordings/", "collab/*", "collab/live/", ...FACES],
  },
  {
    place: "sim/recordings/",
    sees: [
      "actors/command-line/",
      "sim/worlds/",
      "actors/filters/lines.ts",
      "actors/kernels/normal.ts",
      "collab/*",
      "collab/charts/",
      "collab/gateway/",
      ...FACES,
    ],
  },
  {
    place: "sim/cluster/",
    sees: [
      "actors/command-line/",
      "actors/bus/subject-match.ts",
      "actors/kernels/uniforms.ts",
      "actors/detectors/machine-actions.ts",
      "collab/*",
      "collab/gateway/",
      "collab/rooms/",
      ...FACES,
    ],
  },
  // Benchmarks measure parts that nothing outside their folder uses.
  {
    place: "sim/bench/",
    sees: [
      "actors/command-line/",
      "sim/",
      "actors/",
      "collab/*",
      "collab/gateway/",
      "collab/live/",
      "protocol/",
    ],
  },
  { place: "sim/*", sees: ["sim/", "collab/*", "collab/gateway/", ...FACES] },
  // The tables of commands and works name what they load.
  {
    place: "main.ts",
    sees: [
      "actors/command-line/",
      "actors/filters/",
      OWN_ACTORS,
      "actors/scan/",
      "actors/versions.ts",
      "actors/workers/",
      "collab/live/",
      "sim/",
    ],
  },
  {
    place: "tests/",
    sees: ["actors/", "collab/", "sim/", "protocol/", "actors/command-line/", "main.ts", ".ci/"],
  },
  { place: ".ci/documents/", sees: ["main.ts", "actors/command-line/", "actors/feeds/", "protocol/"] },
  { place: ".ci/", sees: [] },
];

export function checkImports(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(checkFile);
}

function checkFile(file: SourceFile): Finding[] {
  const rule = RULES.find(({ place }) => covers(place, file.path));
  if (rule === undefined)
    return [
      { path: file.path, line: 1, message: "has no row in .ci/checks/imports.ts: add one for its folder" },
    ];
  const findings: Finding[] = [];
  const visible = [rule.place, ...rule.sees];
  for (const { target, ours, line } of importsOf(file)) {
    if (target === "?" && !COMPUTED.includes(rule.place))
      findings.push({ path: file.path, line, message: "imports a computed path, which cannot be checked" });
    if (!ours) continue;
    const isVisible = visible.some((place) => covers(place, target));
    if (isVisible) continue;
    const expected = `sees only ${rule.sees.join(", ") || "itself"}`;
    findings.push({ path: file.path, line, message: `imports ${target}: ${rule.place} ${expected}` });
  }
  return findings;
}

function covers(place: string, path: string): boolean {
  return place.endsWith("/*") ? posix.dirname(path) === place.slice(0, -2) : liesIn(path, place);
}
