/**
 * A world told by hand to the checkers: blocks made by a real core and builder, everything else as the test says it.
 *
 *   const world = new ToldWorld().opened();
 *   const block = world.block(frame(1), frame(2));
 *   world.acknowledged(block).released(block);
 *   world.wrong()  →  null, or the rule that is broken
 */
import { createHash } from "node:crypto";
import { Core, type CoreDefinitions } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import { encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage, Input } from "../../protocol/messages.ts";
import { Checkers } from "../../sim/cluster/checkers/mod.ts";
import type { Observation, Violation, WorldEnd } from "../../sim/cluster/observation.ts";
import { WITNESS } from "../../sim/cluster/witness.ts";
import { channels, opened, row } from "../support/inputs.ts";

export const PARTITION = "p0";
export const START_US = 1_000_000_000;

export interface ToldBlock {
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

type Told<Kind extends Observation["kind"]> = Omit<Extract<Observation, { kind: Kind }>, "atUs" | "kind">;

export const DEFINITIONS: CoreDefinitions = { group: [WITNESS], session: [] };

/** A frame of two channels, a tenth of a second after the one before. */
export function frame(sequence: number, value = sequence, source = "feed"): Input {
  return { ...row(START_US + sequence * 100_000, [value, -value], sequence), source };
}

export class ToldWorld {
  violation: Violation | null = null;
  readonly entries: Entry[] = [];
  readonly blocks: ToldBlock[] = [];
  epoch = 0;
  core: Core;
  private readonly checkers = new Checkers({ aheadMaxUs: 16_000_000 });
  private events: EventMessage[] = [];
  private atUs = START_US;

  constructor() {
    const sink = { event: (event: EventMessage) => void this.events.push(event), state() {}, metrics() {} };
    this.core = new Core(DEFINITIONS, sink);
  }

  tell<Kind extends Observation["kind"]>(kind: Kind, told: Told<Kind>): this {
    const observation = { kind, atUs: this.atUs, ...told } as unknown as Observation;
    this.violation ??= this.checkers.observe(observation);
    return this;
  }

  later(us: number): this {
    this.atUs += us;
    return this;
  }

  /** The node opens behind the last block, with the core's state. */
  opened(node = "n1", overrides: Partial<Told<"opened">> = {}): this {
    const at = { epoch: this.epoch, block: this.blocks.length, sequence: this.core.sequence };
    return this.tell("opened", { node, partition: PARTITION, ...at, hash: this.stateHash(), ...overrides });
  }

  /** The first block of every log: a session and its group. */
  begun(): this {
    this.opened();
    const block = this.block(opened(), channels(2));
    return this.acknowledged(block);
  }

  /** The core's next block, stored in the stream. */
  block(...inputs: Input[]): ToldBlock {
    const builder = new BlockBuilder({
      partition: PARTITION,
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

  /** Bytes as an entry of the stream, whatever they are. */
  store(bytes: Uint8Array): this {
    this.entries.push({ sequence: this.entries.length + 1, bytes });
    return this.tell("stored", { partition: PARTITION, sequence: this.entries.length, bytes });
  }

  /** Another owner claims the end of the log. */
  takeover(owner: string): this {
    this.epoch++;
    const lastBlock = this.blocks.length;
    const claim = { partition: PARTITION, epoch: this.epoch, lastBlock, lastHash: this.lastHash, owner };
    return this.store(encodeMessage({ type: "takeover", ...claim }));
  }

  acknowledged({ number, hash }: ToldBlock, node = "n1"): this {
    const { epoch } = this;
    return this.tell("acknowledged", { node, partition: PARTITION, epoch, block: number, hash });
  }

  released({ number, events }: ToldBlock, node = "n1"): this {
    for (const event of events) this.tell("released", { node, partition: PARTITION, block: number, event });
    return this;
  }

  delivered(client: string, ...events: EventMessage[]): this {
    for (const event of events) this.tell("delivered", { client, partition: PARTITION, event });
    return this;
  }

  /** The run ends. */
  wrong(overrides: Partial<WorldEnd> = {}): string | null {
    const live = { node: "n1", epoch: this.epoch, block: this.blocks.length, hash: this.stateHash() };
    const end: WorldEnd = {
      atUs: this.atUs,
      streams: new Map([[PARTITION, this.entries]]),
      live: new Map([[PARTITION, live]]),
      clients: new Map(),
      definitions: DEFINITIONS,
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
