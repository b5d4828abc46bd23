/** `eigenwatch record export`: a recording for other tools, by the ending of the file. Whole or not at all. */
import { extname, resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { byteSize } from "../../../actors/command-line/byte-size.ts";
import { manual } from "../../../actors/command-line/manual.ts";
import { read, time } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import {
  closeAll,
  exportRecording,
  fileTarget,
  freeFile,
  opened,
  openParts,
  printReport,
} from "../mcap/command.ts";
import { csvTable } from "../samples/csv.ts";
import { parquetTable } from "../samples/parquet.ts";
import { namedFrames, type Stretch } from "../samples/read-samples.ts";
import { wholeOrNot } from "../unfinished-files.ts";

/** Formats of samples, by the ending of the file. */
const TABLES = { ".csv": csvTable, ".parquet": parquetTable } as const;

interface ExportOptions {
  to: string;
  from?: number | undefined;
  until?: number | undefined;
  overwrite?: true | undefined;
  json?: true | undefined;
}

export const exportCommand = new Command("export")
  .summary("write a recording as an MCAP file, or its samples as CSV or Parquet")
  .description(
    "Writes a recording as a file for other tools, of all its partitions. As .mcap: samples, events and state hashes by topic and time; nothing is lost. As .csv or .parquet: the samples, one row each, of a stretch of time.",
  )
  .argument("<path>", "a recording: the folder given to --record")
  .requiredOption("--to <file>", "the file to write, ending in .mcap, .csv or .parquet")
  .option("--from <time>", "samples from then on (default: from the beginning)", read(time))
  .option("--until <time>", "samples before then (default: to the end)", read(time))
  .option("--overwrite", "replace the file if it exists")
  .option("--json", "print the report as one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "the file is complete", 1: "the file could not be written" },
      examples: [
        ["eigenwatch record export recordings/today --to today.mcap", "open the recording in Foxglove"],
        [
          "eigenwatch record export recordings/today --to noon.parquet --from 2026-11-23T12:00Z --until 2026-11-23T12:30Z",
          "half an hour of samples for pandas, Polars or DuckDB",
        ],
      ],
    }),
  )
  .action(
    exitWith(async (path, options) => {
      const started = performance.now();
      const ending = extname(options.to).toLowerCase();
      if (ending === ".csv" || ending === ".parquet") {
        const report = await exportSamples(path, ending, options);
        printSamples(report, options, started);
        return 0;
      }
      if (options.from !== undefined || options.until !== undefined)
        throw new EigenwatchError({
          action: `export a part of ${path}`,
          value: `to ${options.to}`,
          expected: "a file that ends in .csv or .parquet; others hold the whole recording",
        });
      printReport("exported", await exportRecording(path, options), options, started);
      return 0;
    }),
  );

interface SamplesReport {
  readonly samples: number;
  readonly bytes: number;
}

export async function exportSamples(
  path: string,
  ending: keyof typeof TABLES,
  options: ExportOptions,
): Promise<SamplesReport> {
  const to = freeFile(options);
  const stretch: Stretch = { fromUs: options.from ?? 0, untilUs: options.until ?? Number.POSITIVE_INFINITY };
  if (!(stretch.fromUs < stretch.untilUs))
    throw new EigenwatchError({
      action: `export a part of ${path}`,
      value: "--until is not after --from",
      expected: "a stretch of time",
    });
  const journals = await openParts(path);
  const lastUs = Math.min(stretch.untilUs, Math.max(...journals.map(({ last }) => last!.timeUs)));
  const bar = startProgress("export", 0, "s", options.json === true);
  try {
    return await wholeOrNot(to, async (unfinished) => {
      const file = await opened(unfinished, "wx", `write ${options.to}`);
      try {
        const target = fileTarget(file, options.to);
        const table = TABLES[ending](target.write);
        let samples = 0;
        let firstUs = Number.NaN;
        await table.begin();
        for await (const named of namedFrames(journals, stretch)) {
          samples += await table.frame(named, stretch);
          if (Number.isNaN(firstUs)) firstUs = named.timeUs;
          bar.update((named.timeUs - firstUs) / 1e6, (lastUs - firstUs) / 1e6);
        }
        await table.end();
        return { samples, bytes: Number(target.position()) };
      } finally {
        await file.close();
      }
    });
  } finally {
    bar.stop();
    await closeAll(journals);
  }
}

function printSamples(
  { samples, bytes }: SamplesReport,
  { to, json }: ExportOptions,
  startedMs: number,
): void {
  const seconds = (performance.now() - startedMs) / 1000;
  if (json) printJson({ exported: resolve(to), samples, bytes, seconds });
  else
    print(`exported ${samples} samples to ${resolve(to)}`, `${byteSize(bytes)} in ${seconds.toFixed(2)} s`);
}
