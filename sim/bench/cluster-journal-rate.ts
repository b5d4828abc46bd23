/**
 * What a journal on a stream takes: inputs of one sample through a partition without detectors, until all are durable. Beside it, the same
 * messages published to a stream one by one.
 *
 * Afterwards the stream is read anew: every input must be in its admitted log.
 */
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { claim } from "../../actors/cluster/claim.ts";
import { StreamJournal } from "../../actors/cluster/stream-journal.ts";
import {
  createFeeds,
  type NatsBus,
  type NatsServer,
  Partition,
  SYSTEM,
  startNatsServer,
  systemClock,
} from "../../actors/mod.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { createFrame } from "../../protocol/frame.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { connectTo } from "./cluster-world.ts";
import { check } from "./measure.ts";

/** Inputs of one turn: two to three seconds. */
const INPUTS = 400_000;
const INPUTS_ONE_BY_ONE = 10_000;

const PARTITION = "p0";
const RETRY_MS = 250;
const log = () => {};

export class JournalRate {
  readonly #server: NatsServer;
  readonly #bus: NatsBus;
  #turns = 0;

  static async start(): Promise<JournalRate> {
    const server = await startNatsServer();
    return new JournalRate(server, await connectTo(server));
  }

  private constructor(server: NatsServer, bus: NatsBus) {
    this.#server = server;
    this.#bus = bus;
  }

  /** Inputs a second. */
  async ours(): Promise<number> {
    const stream = this.#bus.stream(`ours ${++this.#turns}`.replace(" ", "."));
    const admitted = await AdmittedLog.open(stream, PARTITION);
    const common = { clock: systemClock, retryMs: RETRY_MS, report: log };
    const epoch = await claim({ ...common, log: admitted, owner: "bench" }).settled;
    const snapshots = this.#bus.snapshots(`snapshots ${this.#turns}`);
    const journal = new StreamJournal({ ...common, log: admitted, epoch, snapshots });
    const partition = await Partition.open({
      session: "bench",
      partition: PARTITION,
      journal,
      clock: systemClock,
      settings: defaultSettings(),
      definitions: { group: [], session: SYSTEM.session },
      versions: {},
      epoch,
      recording: null,
      log,
    });
    const spec = `walk?channels=1&rate=max&frame=1&duration=${INPUTS / 1_000}s`;
    const startedMs = performance.now();
    partition.startFeeds(createFeeds([spec], { clock: systemClock, seed: 1 }));
    await partition.feedsEnded();
    await partition.whenTaken();
    const seconds = (performance.now() - startedMs) / 1_000;
    const { samples, sequence } = partition.core;
    await partition.close();
    await journal.close();
    const again = await AdmittedLog.open(stream, PARTITION);
    again.end();
    check(
      samples === INPUTS && (again.last?.lastSequence ?? 0) >= sequence,
      "every input in the admitted log",
      `${samples} of ${INPUTS} samples, the log ends with input ${again.last?.lastSequence} of ${sequence}`,
    );
    return INPUTS / seconds;
  }

  /** Messages a second with at most so many under way. */
  async oneByOne(underWay: number): Promise<number> {
    const stream = this.#bus.stream(`single.${++this.#turns}`);
    const frame = { ...createFrame("walk", "walk", 1), count: 1 };
    await stream.append(encodeMessage(frame), { id: "first" });
    const startedMs = performance.now();
    let next = 0;
    const writer = async () => {
      while (next < INPUTS_ONE_BY_ONE) {
        frame.sequence = ++next;
        await stream.append(encodeMessage(frame), { id: `${frame.sequence}` });
      }
    };
    await Promise.all(Array.from({ length: underWay }, writer));
    const seconds = (performance.now() - startedMs) / 1_000;
    const last = await stream.lastSequence();
    check(last === INPUTS_ONE_BY_ONE + 1, `${INPUTS_ONE_BY_ONE + 1} entries in the stream`, `${last}`);
    return INPUTS_ONE_BY_ONE / seconds;
  }

  async close(): Promise<void> {
    await this.#bus.close();
    await this.#server.dispose();
  }
}
