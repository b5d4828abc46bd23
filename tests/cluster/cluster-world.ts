/**
 * A small cluster in one process for tests: nodes on one in-process bus and one manual clock, each of which can be paused, killed or
 * cut off from hints or logs.
 */
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { ClusterNode } from "../../actors/cluster/node.ts";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import { createWalkFeed } from "../../actors/feeds/walk.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import { AppendUncertain, type Bus, type Hints, LogFull, type LogStream } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { CommandHandlers } from "../../actors/ports/commands.ts";
import type { PartitionTap } from "../../actors/ports/tap.ts";
import { SYSTEM } from "../../actors/system.ts";
import { pushCommands } from "../../collab/live/push-commands.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";

export const SESSION = "s";

/** What a stream without room says. */
export const NO_ROOM = "the stream is full: raise its limit";

export interface TestNode {
  readonly node: ClusterNode;
  readonly said: string[];
  /** Nothing runs any more, until `wake`. */
  pause(): void;
  wake(): Promise<void>;
  /** For ever. */
  kill(): void;
  /** Whether hints, and logs, can be reached. */
  hints: boolean;
  logs: boolean;
  /** Hears nothing of others, though they hear it. */
  deaf: boolean;
}

export interface TestCluster {
  readonly clock: ManualClock;
  readonly bus: Bus;
  readonly partitions: readonly string[];
  /** Whether the logs have room for another entry. */
  room: boolean;
  /** `caughtUp`: until then it reads the logs; default: it has read them. */
  start(name: string, tap?: PartitionTap, caughtUp?: Promise<void>): TestNode;
  /** Publishes a seeded walk of four channels, 400 samples a second, for a partition; the returned function ends it. */
  walk(partition: string): () => Promise<void>;
  /** Owners of a partition among the nodes that run. */
  ownersOf(partition: string): string[];
  runningOf(partition: string): Partition;
  readLog(partition: string): Promise<AdmittedLog>;
  /** State hash after the admitted log, folded anew from its beginning. */
  replayedHash(partition: string): Promise<string>;
}

/** `documents`: further partitions, of edits. */
export function testCluster(partitions: readonly string[], documents: readonly string[] = []): TestCluster {
  const clock = createManualClock(1_700_000_000_000_000);
  const bus = createMemoryBus(clock);
  const nodes: TestNode[] = [];
  const killed = new Set<TestNode>();
  const running = () => nodes.filter((each) => !killed.has(each));
  const readLog = (partition: string) =>
    AdmittedLog.open(bus.stream(subjectOf(SESSION, partition, "log")), partition);

  const cluster: TestCluster = {
    clock,
    bus,
    partitions,
    room: true,
    readLog,
    start(name, tap, caughtUp) {
      const suspended = suspendable(clock);
      const said: string[] = [];
      const self: TestNode = {
        node: null as unknown as ClusterNode,
        said,
        hints: true,
        logs: true,
        deaf: false,
        pause: suspended.pause,
        wake: async () => {
          suspended.wake();
          await clock.advance(1);
        },
        kill() {
          suspended.pause();
          killed.add(self);
        },
      };
      const node = new ClusterNode({
        name,
        session: SESSION,
        partitions,
        documents,
        bus: reachable(bus, self, suspended, cluster),
        clock: suspended.clock,
        definitions: SYSTEM,
        settings: parseSettings({}),
        versions: {},
        log: (message, level) => said.push(level === undefined ? message : `${level}: ${message}`),
        memory: () => ({ rss: 1, heapUsed: 1 }),
        ...(tap === undefined ? {} : { tap }),
      });
      Object.assign(self, { node });
      node.onChange(({ owned }) =>
        owned?.commands.handle({ ...settingCommands(owned), ...pushCommands(owned) }),
      );
      nodes.push(self);
      node.start(caughtUp);
      return self;
    },
    walk(partition) {
      const options = { channels: 4, rate: 400, frame: 40, seed: 1, duration: 0, group: undefined };
      const feed = createWalkFeed({
        source: "walk",
        group: "walk",
        options: { ...options, group: "" },
        seed: 1,
        clock,
      });
      const ended = publishFeed(feed, { bus, session: SESSION, partition, clock });
      return async () => {
        await feed.stop();
        await ended;
      };
    },
    ownersOf: (partition) =>
      running()
        .filter(({ node }) => node.owned().has(partition))
        .map(({ node }) => node.name),
    runningOf(partition) {
      const found = running().flatMap(({ node }) => node.owned().get(partition) ?? []);
      if (found.length !== 1) throw new Error(`partition ${partition} has ${found.length} owners`);
      return found[0]!;
    },
    async replayedHash(partition) {
      const log = await readLog(partition);
      const core = new Core(SYSTEM, { event() {}, state() {}, metrics() {} });
      await foldJournal(log.entries(1), core);
      log.end();
      return hex(core.hash().hash);
    },
  };
  return cluster;
}

/** A clock and a gate that hold everything back while paused. */
interface Suspendable {
  clock: Clock;
  pause(): void;
  wake(): void;
  /** Runs `act` now, or when awake again. */
  pass(act: () => void): void;
}

function suspendable(clock: Clock): Suspendable {
  let paused = false;
  const overdue: (() => void)[] = [];
  const pass = (act: () => void) => {
    if (paused) overdue.push(act);
    else act();
  };
  return {
    pass,
    clock: {
      nowUs: () => clock.nowUs(),
      monotonicMs: () => clock.monotonicMs(),
      after(ms, act) {
        let cancelled = false;
        const cancel = clock.after(ms, () => pass(() => !cancelled && act()));
        return () => {
          cancelled = true;
          cancel();
        };
      },
      soon: (act) => clock.soon(() => pass(act)),
    },
    pause() {
      paused = true;
    },
    wake() {
      paused = false;
      for (const act of overdue.splice(0)) act();
    },
  };
}

/** The bus as one node reaches it. */
function reachable(bus: Bus, node: TestNode, { pass }: Suspendable, cluster: TestCluster): Bus {
  return {
    ...bus,
    subscribe: (pattern, take) =>
      bus.subscribe(pattern, (subject, bytes) => pass(() => take(subject, bytes))),
    answer: (pattern, handle) =>
      bus.answer(
        pattern,
        (subject, bytes) => new Promise((resolve) => pass(() => resolve(handle(subject, bytes)))),
      ),
    stream: (name) => reachableStream(bus.stream(name), node, pass, cluster),
    hints: (bucket) => reachableHints(bus.hints(bucket), node, pass),
  };
}

function reachableStream(
  stream: LogStream,
  node: TestNode,
  pass: Suspendable["pass"],
  cluster: TestCluster,
): LogStream {
  const reach = <T>(act: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!node.logs) pass(() => reject(new AppendUncertain("no connection")));
      else
        act().then(
          (value) => pass(() => resolve(value)),
          (error) => pass(() => reject(error)),
        );
    });
  return {
    append: (bytes, options) =>
      reach(() => (cluster.room ? stream.append(bytes, options) : Promise.reject(new LogFull(NO_ROOM)))),
    lastSequence: () => reach(() => stream.lastSequence()),
    follow: (from, take) => {
      // Without connection entries wait at the server; they are looked for again when the next one comes.
      let next = from;
      return stream.follow(from, () =>
        pass(() => {
          if (!node.logs) return;
          void catchUp();
        }),
      );
      async function catchUp() {
        for await (const entry of stream.read(next)) {
          if (entry.sequence !== next) continue;
          next++;
          pass(() => take(entry));
        }
      }
    },
    async *read(from) {
      await reach(async () => {});
      yield* stream.read(from);
    },
  };
}

function reachableHints(hints: Hints, node: TestNode, pass: Suspendable["pass"]): Hints {
  const cut = () => Promise.reject(new Error("no connection"));
  return {
    put: (key, value) => (node.hints ? hints.put(key, value) : cut()),
    agree: (key, value) => (node.hints ? hints.agree(key, value) : cut()),
    remove: (key) => (node.hints ? hints.remove(key) : cut()),
    watch: (change) =>
      hints.watch((key, value) => node.hints && !node.deaf && pass(() => change(key, value))),
  };
}

/** The commands of a partition that read and change settings. */
function settingCommands(partition: Partition): CommandHandlers {
  const readSettings = () => ({ settings: partition.core.settings });
  return {
    readSettings,
    changeSetting: async ({ path, value }, author, _signal, id) => {
      await partition.configure(path, value, author, id);
      return readSettings();
    },
  };
}
