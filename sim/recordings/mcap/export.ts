/**
 * A recording as an MCAP file that other tools open (layout.ts).
 *
 *   journal ──► entry by entry ──► messages, in chunks of 1 MiB with their indexes ──► file
 *
 * X1  Importing the file gives the same blocks, notes and snapshots, byte for byte.
 * X2  Memory does not grow with the recording but for the index of chunks and the largest snapshot.
 * X3  A damaged recording is not exported: the error names the place.
 */
import { McapWriter } from "@mcap/core";
import { Encoder } from "@msgpack/msgpack";
import { RecordingDamaged, sameBytes } from "../../../actors/mod.ts";
import type { Journal, JournalBlock, JournalEntry, StoredSnapshot } from "../../../actors/ports/journal.ts";
import { decodeBlock, decodeDerived, encodeDerived } from "../../../protocol/block.ts";
import { decodeAs, decodeFrameInto, encodeMessage } from "../../../protocol/codec.ts";
import { readEnvelope } from "../../../protocol/envelope.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import { MESSAGES, type MessageName, nameOfCode } from "../../../protocol/messages.ts";
import { mergedByTime } from "../partitions.ts";
import { firstDataUs } from "../place.ts";
import {
  type BlockRow,
  blockOf,
  CHUNK_BYTES,
  type DerivedRow,
  FORMAT,
  FORMAT_OF_SEVERAL,
  kindOf,
  type LoggedInput,
  METADATA,
  nanoseconds,
  type Role,
  rowOf,
  SNAPSHOT_MEDIA_TYPE,
  snapshotName,
  topicOf,
} from "./layout.ts";
import { schemaOf } from "./schemas.ts";

export interface McapSource extends Journal {
  readonly partition: string;
  readonly createdFrom: unknown;
  /** Oldest first. */
  readonly snapshots: readonly { block: number }[];
}

export interface McapTarget {
  write(bytes: Uint8Array): Promise<unknown>;
  position(): bigint;
}

export interface McapContent {
  blocks: number;
  inputs: number;
  events: number;
  checkpoints: number;
  snapshots: number;
}

export async function exportMcap(
  journals: readonly McapSource[],
  target: McapTarget,
  library: string,
  progress: (blocks: number) => void = () => {},
): Promise<McapContent> {
  const writer = new McapWriter({ writable: target, chunkSize: CHUNK_BYTES });
  await writer.start({ profile: "", library });
  const content: McapContent = { blocks: 0, inputs: 0, events: 0, checkpoints: 0, snapshots: 0 };
  const exporters: Exporter[] = [];
  for (const journal of journals)
    exporters.push(new Exporter(writer, journal.partition, (await firstDataUs(journal)) ?? 0, content));
  for await (const { part, entry } of mergedByTime(journals.map(timedEntries))) {
    await exporters[part]!.entry(entry);
    if (entry.kind === "block") progress(content.blocks);
  }
  const several = journals.length > 1;
  for (const [part, journal] of journals.entries())
    for (const { block } of journal.snapshots) {
      const stored = await journal.loadSnapshot({ block });
      // For a bad one the one before is given, which had its turn already.
      if (stored?.block === block && block >= journal.first!.number - 1)
        await exporters[part]!.snapshot(stored, several ? journal.partition : "");
    }
  for (const journal of journals) {
    const last = journal.last!;
    await writer.addMetadata({
      name: METADATA,
      metadata: new Map([
        ["format", String(several ? FORMAT_OF_SEVERAL : FORMAT)],
        ["partition", journal.partition],
        ["createdFrom", JSON.stringify(journal.createdFrom ?? null)],
        ["lastBlock", String(last.number)],
        ["lastHash", Buffer.from(last.hash).toString("hex")],
      ]),
    });
  }
  await writer.end();
  return content;
}

/** Each entry with the time of its block, or of the one before it. `part`: the number of the journal. */
async function* timedEntries(journal: McapSource, part: number) {
  let timeUs = 0;
  for await (const entry of journal.read()) {
    if (entry.kind === "block") ({ timeUs } = entry.block);
    yield { part, timeUs, entry };
  }
}

class Exporter {
  private readonly content: McapContent;
  private readonly writer: McapWriter;
  private readonly partition: string;
  /** Log time of what stands at time 0: before the first data of a recorded feed. A time line from 1970 on would be of no use. */
  private readonly firstUs: number;
  private readonly schemas = new Map<string, number>();
  private readonly channels = new Map<string, number>();
  private readonly scratch = createScratchFrame();
  private readonly encoder = new Encoder({ ignoreUndefined: true });
  private blockUs = 0;

  /** `content`: counts what it writes. */
  constructor(writer: McapWriter, partition: string, firstUs: number, content: McapContent) {
    this.writer = writer;
    this.content = content;
    this.partition = partition;
    this.firstUs = firstUs;
  }

  async entry(entry: JournalEntry): Promise<void> {
    switch (entry.kind) {
      case "damage":
        throw new RecordingDamaged(entry);
      case "block":
        return this.block(entry.block);
      case "derived":
        return this.derived(entry.block, entry.bytes);
      case "checkpoint":
        this.content.checkpoints++;
        return this.message("checkpoint", entry.bytes, entry.block, this.blockUs);
      default:
        return unreachable(entry);
    }
  }

  private async block({ bytes, hash }: JournalBlock): Promise<void> {
    const block = decodeBlock(bytes);
    const inputs: LoggedInput[] = [];
    block.forEach((_sequence, timeUs, message) => void inputs.push({ timeUs, message }));
    this.blockUs = this.logUs(block.timeUs);
    for (const [k, { timeUs, message }] of inputs.entries())
      await this.message("input", message, block.firstSequence + k, this.logUs(timeUs));
    const logTimes = inputs.map(({ timeUs }) => this.logUs(timeUs));
    const row = rowOf(block, hash, inputs, logTimes);
    if (!sameBytes(blockOf(row, inputs), bytes)) row.bytes = bytes;
    await this.row("block", row, block.number);
    this.content.blocks++;
    this.content.inputs += inputs.length;
  }

  private async derived(number: number, bytes: Uint8Array): Promise<void> {
    const { block, events } = decodeDerived(bytes);
    for (const event of events)
      await this.message("event", encodeMessage(event), event.sequence, this.logUs(event.timeUs));
    const row: DerivedRow = { block: number, count: events.length };
    if (block !== number || !sameBytes(encodeDerived(block, events), bytes)) row.bytes = bytes;
    await this.row("derived", row, number);
    this.content.events += events.length;
  }

  async snapshot({ block, timeUs, sequence, bytes }: StoredSnapshot, namedPartition: string): Promise<void> {
    const logTime = nanoseconds(timeUs);
    await this.writer.addAttachment({
      name: snapshotName(namedPartition, block, sequence),
      mediaType: SNAPSHOT_MEDIA_TYPE,
      logTime,
      createTime: logTime,
      data: bytes,
    });
    this.content.snapshots++;
  }

  /** The body of an encoded message, as it stands. */
  private async message(role: Role, message: Uint8Array, sequence: number, logUs: number): Promise<void> {
    const { version, code, bodyAt } = readEnvelope(message);
    const name = nameOfCode(code);
    const group = role === "input" ? this.groupOf(name, message) : undefined;
    const shape = { kind: kindOf(name, code), version, code, group };
    await this.add(role, shape, message.subarray(bodyAt), sequence, logUs);
  }

  /** Of data: a topic for each group. */
  private groupOf(name: MessageName | undefined, message: Uint8Array): string | undefined {
    if (name === "frame") return decodeFrameInto(message, this.scratch).group;
    if (name !== "densityMatrix" && name !== "stateVector" && name !== "measurementRecord") return undefined;
    return decodeAs(name, message).group;
  }

  private async row(kind: "block" | "derived", row: BlockRow | DerivedRow, number: number): Promise<void> {
    const shape = { kind, version: FORMAT, code: MESSAGES[kind].code, group: undefined };
    await this.add(kind, shape, this.encoder.encode(row), number, this.blockUs);
  }

  private async add(
    role: Role,
    shape: Shape,
    data: Uint8Array,
    sequence: number,
    logUs: number,
  ): Promise<void> {
    const logTime = nanoseconds(logUs);
    const channelId = await this.channel(role, shape);
    // 32 bits are all that MCAP has; the block's row knows the whole number.
    await this.writer.addMessage({
      channelId,
      sequence: sequence >>> 0,
      logTime,
      publishTime: logTime,
      data,
    });
  }

  private async channel(role: Role, { kind, version, code, group }: Shape): Promise<number> {
    const key = `${code}/${version}/${group ?? ""}`;
    const known = this.channels.get(key);
    if (known !== undefined) return known;
    const schemaId = this.schemas.get(kind) ?? (await this.writer.registerSchema(schemaOf(kind)));
    this.schemas.set(kind, schemaId);
    const metadata = new Map([
      ["eigenwatch.role", role],
      ["eigenwatch.version", String(version)],
      ["eigenwatch.code", String(code)],
    ]);
    const topic = topicOf(this.partition, kind, group);
    const id = await this.writer.registerChannel({ topic, schemaId, messageEncoding: "msgpack", metadata });
    this.channels.set(key, id);
    return id;
  }

  private logUs(timeUs: number): number {
    return timeUs === 0 ? this.firstUs : timeUs;
  }
}

interface Shape {
  kind: string;
  version: number;
  code: number;
  group: string | undefined;
}

function unreachable(entry: never): never {
  throw new TypeError(`Cannot export ${JSON.stringify(entry)}: expected a known entry`);
}
