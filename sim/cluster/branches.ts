/**
 * What must happen at least once in a thousand seeds: every kind of fault, and every branch of the protocol that only faults reach.
 * A branch that is never taken is not tested: a run of many seeds then fails and names it.
 */
import { SCENARIOS, type ScenarioName, type ScenarioShape } from "./scenarios.ts";

interface Branch {
  /** Worlds in which it can happen: clusters, those whose nodes all serve everything, those with a shared document, with scans, single machines, or all. */
  readonly world: "cluster" | "remote" | "rooms" | "scans" | "single" | "any";
  /** The family of faults that it needs; null: none. */
  readonly needs: keyof ScenarioShape["weights"] | null;
}

const of = (world: Branch["world"], needs: Branch["needs"], ...names: string[]): [string, Branch][] =>
  names.map((name) => [name, { world, needs }]);

/** Kinds of faults, as named in `Decisions.of(component, kind)`, and branches, as named in `SimulatedCluster.sometimes`. */
export const BRANCHES: ReadonlyMap<string, Branch> = new Map([
  ...of("cluster", "network", "message dropped"),
  ...of(
    "any",
    "network",
    "message delayed",
    "network partition",
    "network partition one way",
    "link clogged",
  ),
  ...of(
    "cluster",
    "bus",
    "both writers accepted",
    "acknowledgement lost",
    "append refused",
    "stranger writes",
    "hints not heard",
  ),
  ...of("cluster", "bus", "bus crashed", "stream election", "append found duplicate", "dedupe window over"),
  ...of("cluster", "tail", "unsynced tail lost"),
  ...of("single", "disk", "disk slow", "sync failed", "disk full", "power lost", "journal halted"),
  ...of("single", "disk", "torn tail cut off"),
  ...of("any", "disk", "bit flipped", "snapshot lost"),
  ...of("any", "node", "node crashed", "node paused", "setting changed"),
  ...of(
    "cluster",
    "node",
    "node crashed in a call",
    "node stopped",
    "node stopped in a turn",
    "node stopped in a request",
    "node clock stepped",
  ),
  ...of(
    "any",
    "feed",
    "feed gap",
    "frame duplicated",
    "frame late",
    "frame backward",
    "feed burst",
    "feed backlog",
  ),
  ...of(
    "any",
    "feed",
    "not a number",
    "feed clock stepped",
    "feed silent",
    "feed restarted",
    "spike",
    "poison",
  ),
  ...of("any", "feed", "foreign channel", "frame shed as duplicate", "actor restarted", "actor stopped"),
  ...of("any", "feed", "actor restarted after its failures were forgiven"),
  ...of("single", "feed", "frame shed"),
  ...of("any", "client", "client stalled", "client reconnected", "client reloaded", "client garbage"),
  ...of("any", "client", "foreign cursor"),
  ...of("any", "client", "client resumed", "client started anew", "client refused a message"),
  ...of("any", "client", "client lagging", "client cut"),
  ...of("any", null, "partition opened empty", "snapshot saved"),
  ...of("any", "node", "partition recovered"),
  ...of("single", "node", "snapshot restored", "checkpoint noted"),
  ...of("cluster", "node", "partition taken over", "partition let go", "node fenced"),
  ...of("cluster", "bus", "append uncertain", "append refused by the stream"),
  ...of("remote", "node", "node crashed in an answer", "command happened: yes", "command happened: no"),
  ...of("remote", "node", "command unanswered: yes", "command unanswered: perhaps"),
  ...of("rooms", null, "author saved", "edit put back", "command of the document"),
  ...of(
    "rooms",
    "client",
    "author disconnected",
    "author reloaded",
    "author offline",
    "author waits",
    "edit sent twice",
    "edit overtaken",
    "author forged",
    "viewer writes",
    "document renewed",
    "stale page",
    "author closed for good",
  ),
  ...of("scans", null, "scan ended: finished", "scan ended: signals", "scan ended: stopped"),
  ...of("scans", "node", "scan worker died", "scan worker stalled", "scan thread died", "scan item stuck"),
  ...of("scans", "node", "scan job handed out again"),
  ...of("scans", "network", "scan job refused", "scan job handed out twice", "scan answer lost"),
  ...of("scans", "network", "scan word of an answer lost", "scan word to the queue lost"),
]);

/** Branches that this scenario can take. */
export function branchesOf(scenario: ScenarioName): string[] {
  const {
    nodes,
    weights,
    remote = false,
    document = false,
    scans = false,
  }: ScenarioShape = SCENARIOS[scenario];
  const here = [
    ...(nodes === 0 ? ["single"] : remote ? ["cluster", "remote"] : ["cluster"]),
    ...(document ? ["rooms"] : []),
    ...(scans ? ["scans"] : []),
  ];
  return [...BRANCHES]
    .filter(
      ([, { world, needs }]) =>
        (world === "any" || here.includes(world)) && (needs === null || weights[needs] > 0),
    )
    .map(([name]) => name);
}
