/**
 * A recording back from an MCAP file that `record export` wrote (layout.ts).
 *
 *   file ──► message by message ──► blocks, notes ──► journal of their partition; then the snapshots
 *
 * Blocks are put together again and compared with their hashes, and each must name the one before: what another tool left out, changed or
 * put into another order is found and named.
 */
import { McapIndexedReader, McapStreamReader, type McapTypes } from "@mcap/core";
import { decode } from "@msgpack/msgpack";
import * as v from "valibot";
import { sameBytes, sha256 } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { decodeBlock, encodeDerived } from "../../../protocol/block.ts";
import { decodeAs } from "../../../protocol/codec.ts";
import { writeEnvelope } from "../../../protocol/envelope.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { EventMessage } from "../../../protocol/messages.ts";
import type { McapContent } from "./export.ts";
import {
  blockOf,
  blockRow,
  derivedRow,
  FORMAT,
  FORMAT_OF_SEVERAL,
  type LoggedInput,
  METADATA,
  microseconds,
  parseSnapshotName,
  type Role,
  SNAPSHOT_MEDIA_TYPE,
} from "./layout.ts";

/** The file as it is read: in pieces, and at places. */
export interface McapFile {
  readonly path: string;
  size(): Promise<bigint>;
  read(offset: bigint, length: bigint): Promise<Uint8Array>;
}

/** What an MCAP file says of the recording in it. */
export interface McapOrigin {
  partition: string;
  createdFrom: unknown;
  lastBlock: number;
  lastHash: string;
}

/** Bytes asked of the file at once. */
const PIECE_BYTES = 1 << 20;

/** Blocks handed over before their way to the disk is awaited: half of what a journal lets wait. */
const UNDER_WAY_BYTES = 8 << 20;

export class McapRecording {
  /** Of each partition, the first one first. */
  readonly origins: readonly McapOrigin[];
  private readonly file: McapFile;
  private readonly reader: McapIndexedReader;

  private constructor(file: McapFile, reader: McapIndexedReader, origins: readonly McapOrigin[]) {
    this.file = file;
    this.reader = reader;
    this.origins = origins;
  }

  /** Looks at the index only. Throws for a file that cannot be imported. */
  static async open(file: McapFile): Promise<McapRecording> {
    const refuse = (value: string, expected: string) =>
      new EigenwatchError({ action: `import ${file.path}`, value, expected, kind: "input" });
    const reader = await McapIndexedReader.Initialize({ readable: file }).catch((error: Error) => {
      throw refuse(`it is no whole MCAP file (${error.message})`, "one that `record export` wrote");
    });
    const found = await collect(reader.readMetadata({ name: METADATA }));
    if (found.length === 0)
      throw refuse("it holds no recording of Eigenwatch", "one that `record export` wrote");
    const expected = found.length > 1 ? FORMAT_OF_SEVERAL : FORMAT;
    const format = found
      .map(({ metadata }) => metadata.get("format") ?? "")
      .find((each) => Number(each) !== expected);
    if (format !== undefined)
      throw refuse(`its recording has format ${format || "none"}`, `format ${expected}`);
    const compressed = reader.chunkIndexes.find(({ compression }) => compression !== "");
    if (compressed !== undefined)
      throw refuse(
        `its chunks are compressed (${compressed.compression})`,
        "none: `mcap compress --compression none`",
      );
    return new McapRecording(
      file,
      reader,
      found.map(({ metadata }) => originOf(metadata)),
    );
  }

  /** Fills empty journals, one for each partition, in their order. */
  async into(
    journals: readonly Journal[],
    progress: (bytes: number) => void = () => {},
  ): Promise<McapContent> {
    const content: McapContent = { blocks: 0, inputs: 0, events: 0, checkpoints: 0, snapshots: 0 };
    const several = journals.length > 1;
    const importers = new Map(
      journals.map((journal, k) => [
        several ? this.origins[k]!.partition : "",
        new Importer(journal, content),
      ]),
    );
    const channels = new Map<number, { importer: Importer; use: ChannelUse } | null>();
    const stream = new McapStreamReader();
    const size = Number(await this.file.size());
    for (let at = 0; at < size; at += PIECE_BYTES) {
      stream.append(await this.file.read(BigInt(at), BigInt(Math.min(PIECE_BYTES, size - at))));
      for (let record = stream.nextRecord(); record; record = stream.nextRecord()) {
        if (record.type === "Channel") {
          const use = useOf(record.metadata);
          const importer = importers.get(several ? partitionOfTopic(record.topic, importers.keys()) : "");
          channels.set(record.id, use === null || importer === undefined ? null : { importer, use });
        }
        if (record.type !== "Message") continue;
        const target = channels.get(record.channelId) ?? null;
        if (target !== null) await target.importer.message(record, target.use);
      }
      progress(Math.min(at + PIECE_BYTES, size));
    }
    for (const [k, importer] of [...importers.values()].entries()) importer.finish(this.origins[k]!);
    for await (const attachment of this.reader.readAttachments({ mediaType: SNAPSHOT_MEDIA_TYPE }))
      await importers.get(parseSnapshotName(attachment.name)?.partition ?? "")?.snapshot(attachment);
    for (const journal of journals) await journal.flush();
    return content;
  }
}

function originOf(metadata: ReadonlyMap<string, string>): McapOrigin {
  const field = (name: string) => metadata.get(name) ?? "";
  return {
    partition: field("partition"),
    createdFrom: JSON.parse(field("createdFrom") || "null") as unknown,
    lastBlock: Number(field("lastBlock")),
    lastHash: field("lastHash"),
  };
}

/** The name of a partition may have slashes, so that the longest that the topic begins with is meant. */
function partitionOfTopic(topic: string, partitions: Iterable<string>): string {
  const fitting = [...partitions].filter((partition) => topic.startsWith(`/${partition}/`));
  return fitting.sort((a, b) => b.length - a.length)[0] ?? "";
}

interface ChannelUse {
  role: Role;
  version: number;
  code: number;
}

class Importer {
  private readonly content: McapContent;
  private readonly journal: Journal;
  private inputs: LoggedInput[] = [];
  private events: EventMessage[] = [];
  private last: { number: number; hash: Uint8Array } | null = null;
  private underWay: Promise<void> | null = null;
  private underWayBytes = 0;

  /** `content`: counts what it reads. */
  constructor(journal: Journal, content: McapContent) {
    this.journal = journal;
    this.content = content;
  }

  async message(record: McapTypes.TypedMcapRecords["Message"], use: ChannelUse): Promise<void> {
    switch (use.role) {
      case "input":
        this.inputs.push({
          timeUs: microseconds(record.logTime),
          // The stream's buffer is used again.
          message: writeEnvelope(use.version, use.code, record.data),
        });
        break;
      case "event":
        this.events.push(decodeAs("event", writeEnvelope(use.version, use.code, record.data)));
        break;
      case "block":
        await this.block(record.data);
        break;
      case "derived":
        this.derived(record.data);
        break;
      case "checkpoint":
        this.checkpoint(writeEnvelope(use.version, use.code, record.data));
        break;
      default:
        unreachable(use.role);
    }
  }

  private async block(data: Uint8Array): Promise<void> {
    const row = v.parse(blockRow, decode(data));
    const { inputs, last } = this;
    this.inputs = [];
    if (inputs.length !== row.count)
      throw new Error(`block ${row.number} has ${inputs.length} inputs before it; expected ${row.count}`);
    const bytes = Uint8Array.from(blockOf(row, inputs));
    if (!sameBytes(sha256(bytes), row.hash))
      throw new Error(
        `block ${row.number} does not give its hash: inputs were changed, or stand in another order`,
      );
    if (last !== null && (row.number !== last.number + 1 || !sameBytes(row.previousHash, last.hash)))
      throw new Error(`block ${row.number} does not follow block ${last.number}`);
    const { number, firstSequence, lastSequence, timeUs } = decodeBlock(bytes);
    const hash = Uint8Array.from(row.hash);
    this.last = { number, hash };
    this.underWay = this.journal.append({ number, firstSequence, lastSequence, timeUs, hash, bytes });
    // Awaited below, or by the flush at the end: a failure must not be taken for nobody's.
    this.underWay?.catch(() => {});
    this.content.blocks++;
    this.content.inputs += inputs.length;
    this.underWayBytes += bytes.length;
    if (this.underWayBytes < UNDER_WAY_BYTES) return;
    await this.underWay;
    this.underWayBytes = 0;
  }

  private derived(data: Uint8Array): void {
    const row = v.parse(derivedRow, decode(data));
    const { events } = this;
    this.events = [];
    if (events.length !== row.count)
      throw new Error(
        `${events.length} events stand before the note of block ${row.block}; expected ${row.count}`,
      );
    const bytes = row.bytes ?? encodeDerived(row.block, events);
    this.journal.appendDerived({ kind: "derived", block: row.block, bytes });
    this.content.events += events.length;
  }

  private checkpoint(bytes: Uint8Array): void {
    this.journal.appendDerived({ kind: "checkpoint", block: decodeAs("checkpoint", bytes).block, bytes });
    this.content.checkpoints++;
  }

  finish({ lastBlock, lastHash }: McapOrigin): void {
    const { last } = this;
    if (last?.number === lastBlock && Buffer.from(last.hash).toString("hex") === lastHash) return;
    throw new Error(
      `its last block is ${last?.number ?? "none"}; expected ${lastBlock} with hash ${lastHash}`,
    );
  }

  async snapshot({ name, logTime, data }: McapTypes.TypedMcapRecords["Attachment"]): Promise<void> {
    const place = parseSnapshotName(name);
    if (place === null) return;
    await this.journal.saveSnapshot(place.block, microseconds(logTime), place.sequence, data);
    this.content.snapshots++;
  }
}

const ROLES: ReadonlySet<string> = new Set<Role>(["input", "event", "block", "derived", "checkpoint"]);

function useOf(metadata: ReadonlyMap<string, string>): ChannelUse | null {
  const role = metadata.get("eigenwatch.role") ?? "";
  if (!ROLES.has(role)) return null;
  return {
    role: role as Role,
    version: Number(metadata.get("eigenwatch.version")),
    code: Number(metadata.get("eigenwatch.code")),
  };
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

function unreachable(role: never): never {
  throw new TypeError(`Cannot import a message of role ${String(role)}`);
}
