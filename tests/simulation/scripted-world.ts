/**
 * A world scripted by a test: a real core and block builder make the blocks; the test states all other observations.
 *
 *   const world = new ScriptedWorld().opened();
 *   const block = world.block(frame(1), frame(2));
 *   world.acknowledged(block).released(block);
 *   world.brokenRule()  →  null, or the name of the broken rule
 */
import { createHash } from "node:crypto";
import { Core, type CoreDefinitions } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import { encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage, Input } from "../../protocol/messages.ts";
import { Checkers } from "../../sim/cluster/checkers/mod.ts";
import type { Observation, Violation, WorldEnd } from "../../sim/cluster/checkers/observation.ts";
import { WITNESS } from "../../sim/cluster/witness-actor.ts";
import { channels, opened, row } from "../support/inputs.ts";

export const PARTITION = "p0";
export const START_US = 1_000_000_000;

export interface ScriptedBlock {
  readonly number: number;
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly events: readonly EventMessage[];
  /** Hash of the state after it. */
  readonly state: string;
}

export interface Entry {
  sequence: number;
  bytes: Uint8Array;
}

type Details<Kind extends Observation["kind"]> = Omit<Extract<Observation, { kind: Kind }>, "atUs" | "kind">;

export const DEFINITIONS: CoreDefinitions = { group: [WITNESS], session: [] };

/** A frame of two channels, a tenth of a second after the one before. */
export function frame(sequence: number, value = sequence, source = "feed"): Input {
  return { ...row(START_US + sequence * 100_000, [value, -value], sequence), source };
}

export class ScriptedWorld {
  violation: Violation | null = null;
  readonly entries: Entry[] = [];
  readonly blocks: ScriptedBlock[] = [];
  epoch = 0;
  core: Core;
  private readonly checkers = new Checkers({ aheadMaxUs: 16_000_000 });
  private events: EventMessage[] = [];
  private atUs = START_US;
  private readonly definitions: CoreDefinitions;
  private readonly partition: string;

  constructor(definitions = DEFINITIONS, partition = PARTITION) {
    this.definitions = definitions;
    this.partition = partition;
    const sink = { event: (event: EventMessage) => void this.events.push(event), state() {}, metrics() {} };
    this.core = new Core(definitions, sink);
  }

  observe<Kind extends Observation["kind"]>(kind: Kind, details: Details<Kind>): this {
    const observation = { kind, atUs: this.atUs, ...details } as unknown as Observation;
    this.violation ??= this.checkers.observe(observation);
    return this;
  }

  later(us: number): this {
    this.atUs += us;
    return this;
  }

  /** The node opens after the last block, with the core's state. */
  opened(node = "n1", overrides: Partial<Details<"opened">> = {}): this {
    const at = { epoch: this.epoch, block: this.blocks.length, sequence: this.core.sequence };
    return this.observe("opened", {
      node,
      partition: this.partition,
      ...at,
      hash: this.stateHash(),
      ...overrides,
    });
  }

  /** Adds the first block of every log: a session and its group. */
  started(): this {
    this.opened();
    const block = this.block(opened(), channels(2));
    return this.acknowledged(block);
  }

  /** Builds the core's next block and stores it in the stream. */
  block(...inputs: Input[]): ScriptedBlock {
    const builder = new BlockBuilder({
      partition: this.partition,
      epoch: this.epoch,
      number: this.blocks.length + 1,
      previousHash: this.lastHash,
      firstSequence: this.core.sequence + 1,
    });
    this.events = [];
    for (const input of inputs) {
      const stamped = input.type === "frame" ? input.time[input.count - 1]! : this.core.now;
      const timeUs = Math.max(this.core.now, stamped);
      builder.add(timeUs, input.type === "frame" ? encodeFrame(input) : encodeMessage(input));
      this.core.apply(this.core.sequence + 1, timeUs, input);
    }
    const { bytes } = builder.close();
    const hash = createHash("sha256").update(bytes).digest("hex");
    const number = this.blocks.length + 1;
    const block = { number, hash, bytes, events: this.events, state: this.stateHash() };
    this.blocks.push(block);
    this.store(bytes);
    return block;
  }

  /** Stores any bytes as an entry of the stream. */
  store(bytes: Uint8Array): this {
    this.entries.push({ sequence: this.entries.length + 1, bytes });
    return this.observe("stored", { partition: this.partition, sequence: this.entries.length, bytes });
  }

  /** Another owner takes over at the end of the log. */
  takeover(owner: string): this {
    this.epoch++;
    const lastBlock = this.blocks.length;
    const claim = { partition: this.partition, epoch: this.epoch, lastBlock, lastHash: this.lastHash, owner };
    return this.store(encodeMessage({ type: "takeover", ...claim }));
  }

  acknowledged({ number, hash }: ScriptedBlock, node = "n1"): this {
    const { epoch } = this;
    return this.observe("acknowledged", { node, partition: this.partition, epoch, block: number, hash });
  }

  released({ number, events }: ScriptedBlock, node = "n1"): this {
    for (const event of events)
      this.observe("released", { node, partition: this.partition, block: number, event });
    return this;
  }

  delivered(client: string, ...events: EventMessage[]): this {
    for (const event of events) this.observe("delivered", { client, partition: this.partition, event });
    return this;
  }

  /** Ends the run and returns the name of the broken rule, or null. */
  brokenRule(overrides: Partial<WorldEnd> = {}): string | null {
    const live = { node: "n1", epoch: this.epoch, block: this.blocks.length, hash: this.stateHash() };
    const end: WorldEnd = {
      atUs: this.atUs,
      streams: new Map([[this.partition, this.entries]]),
      live: new Map([[this.partition, live]]),
      clients: new Map(),
      definitions: this.definitions,
      healed: true,
      ...overrides,
    };
    this.violation ??= this.checkers.finish(end);
    return this.violation?.rule ?? null;
  }

  stateHash(): string {
    return hex(this.core.hash().hash);
  }

  private get lastHash(): Uint8Array {
    const last = this.blocks.at(-1);
    return last === undefined ? GENESIS_HASH : Uint8Array.from(Buffer.from(last.hash, "hex"));
  }
}

/** Frames `from` to `to`. */
export function frames(from: number, to: number): Input[] {
  return Array.from({ length: to - from + 1 }, (_, k) => frame(from + k));
}
