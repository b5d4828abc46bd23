/**
 * Samples as Apache Parquet: `time` is a timestamp in UTC, in µs; names are dictionaries.
 *
 *   frames ─► columns of ROWS samples ─► a row group, compressed with Snappy ─► file
 */
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { isIn, type NamedFrame, type Stretch } from "./read-samples.ts";
import type { SampleTable } from "./table.ts";

/** Rows of a row group: readers take one at a time, and so does the memory here, about 20 MB. */
const ROWS = 131_072;

const SCHEMA = [
  { name: "samples", num_children: 6 },
  {
    name: "time",
    type: "INT64",
    repetition_type: "REQUIRED",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
  { name: "group", type: "BYTE_ARRAY", repetition_type: "REQUIRED", converted_type: "UTF8" },
  { name: "channel", type: "BYTE_ARRAY", repetition_type: "REQUIRED", converted_type: "UTF8" },
  { name: "unit", type: "BYTE_ARRAY", repetition_type: "REQUIRED", converted_type: "UTF8" },
  { name: "value", type: "DOUBLE", repetition_type: "REQUIRED" },
  { name: "size", type: "DOUBLE", repetition_type: "OPTIONAL" },
] as const;

interface Columns {
  time: bigint[];
  group: string[];
  channel: string[];
  unit: string[];
  value: number[];
  size: (number | null)[];
}

export function parquetTable(write: (bytes: Uint8Array) => Promise<void>): SampleTable {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: [...SCHEMA] });
  let columns = noRows();

  /** Passes on what was made since the last time; the buffer begins again, the offset in the file goes on. */
  async function pass(): Promise<void> {
    await write(bytes.getBytes());
    bytes.index = 0;
  }
  async function rowGroup(): Promise<void> {
    const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }));
    await writer.write({ columnData, rowGroupSize: ROWS });
    columns = noRows();
    await pass();
  }

  return {
    begin: () => Promise.resolve(),
    async frame({ channels, frame }: NamedFrame, stretch: Stretch) {
      let rows = 0;
      for (let k = 0; k < frame.count; k++) {
        const timeUs = frame.time[k]!;
        const channel = channels[frame.channel[k]!];
        if (channel === undefined || !isIn(stretch, timeUs)) continue;
        columns.time.push(BigInt(timeUs));
        columns.group.push(frame.group);
        columns.channel.push(channel.name);
        columns.unit.push(channel.unit);
        columns.value.push(frame.value[k]!);
        columns.size.push(frame.size?.[k] ?? null);
        rows++;
        if (columns.time.length === ROWS) await rowGroup();
      }
      return rows;
    },
    async end() {
      if (columns.time.length > 0) await rowGroup();
      await writer.finish();
      await pass();
    },
  };
}

function noRows(): Columns {
  return { time: [], group: [], channel: [], unit: [], value: [], size: [] };
}
