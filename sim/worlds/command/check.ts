/**
 * `eigenwatch feed check SPEC`: what a feed brings, before a session watches it.
 *
 *   feed ─► sink that keeps the first rows ─► channels, units, spacing · first rows · what was left out, and why
 *
 * It ends after the rows that were asked for, at the end of the feed, or when the time is over.
 */
import process from "node:process";
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { read } from "../../../actors/command-line/option-values.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { createFeed, type Feed, type FeedSink, systemClock } from "../../../actors/mod.ts";
import { float64Column } from "../../../protocol/columns.ts";
import type { Frame } from "../../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../../protocol/messages.ts";
import { duration, durationText, wholeNumber } from "../../../protocol/text-values.ts";
import { synthWorlds } from "../worlds.ts";

/** More rows are a table: `up --record` keeps them. */
const ROWS_MAX = 1_000;

const LONGEST_US = 15_000_000;

export const checkCommand = new Command("check")
  .description(
    "Connects a feed and shows what it brings: channels, units, spacing, first rows, and what was left out and why.",
  )
  .argument("<spec>", "a feed, as for `up --feed`")
  .option("--rows <n>", "rows to show", read(wholeNumber(1, ROWS_MAX)), 5)
  .addOption(
    new Option("--for <time>", "longest time to wait")
      .argParser(read(duration()))
      .default(LONGEST_US, durationText(LONGEST_US)),
  )
  .option("--json", "print one JSON object")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it brought rows", 1: "it brought none" },
      examples: [
        ["eigenwatch feed check prom:localhost:9100", "see what an exporter tells"],
        ["eigenwatch feed check file:prices.csv --rows 20", "see how a table is read"],
      ],
    }),
  )
  .action(exitWith(runCheck));

interface CheckOptions {
  readonly rows: number;
  readonly for: number;
  readonly json?: true | undefined;
}

async function runCheck(spec: string, { rows, for: longestUs, json }: CheckOptions): Promise<number> {
  const feed = createFeed(spec, { clock: systemClock, seed: 1, stdin: process.stdin, worlds: synthWorlds() });
  const refusal = await feed.refusal?.();
  if (refusal !== null && refusal !== undefined) throw refusal;
  const seen = new SeenFeed(feed, rows);
  if (!json) print(`${feed.source}, ${feed.kind}`);
  // A server that cannot be reached is told at once, not when the time is over.
  await seen.watch(longestUs / 1000, (line) => {
    if (!json) print(line);
  });
  if (json) printJson(seen.report());
  else print(...seen.lines());
  return seen.rows.length > 0 ? 0 : 1;
}

interface SeenRow {
  readonly group: string;
  readonly timeUs: number;
  readonly values: Record<string, number>;
}

/** A sink that keeps the first rows of each group, and stops the feed when there are enough. */
class SeenFeed {
  readonly rows: SeenRow[] = [];
  private readonly feed: Feed;
  private readonly rowsMax: number;
  private readonly groups = new Map<string, Channels>();
  private readonly statuses: FeedStatus[] = [];

  constructor(feed: Feed, rowsMax: number) {
    this.feed = feed;
    this.rowsMax = rowsMax;
  }

  /** `told`: a line for each status that says something. */
  async watch(longestMs: number, told: (line: string) => void): Promise<void> {
    const stop = (): void => void this.feed.stop();
    const cancel = systemClock.after(longestMs, stop);
    process.once("SIGINT", stop);
    const took = (keep: () => void): boolean => {
      keep();
      if (this.isEnough) stop();
      return true;
    };
    const sink: FeedSink = {
      channels: (declaration) => void this.groups.set(declaration.group, declaration),
      frame: (frame) => took(() => this.keep(frame)),
      quantum: (input) => took(() => this.keepQuantum(input)),
      status: (status) => {
        this.statuses.push(status);
        if (status.detail !== "") told(`  ${status.status}: ${status.detail}`);
      },
      drained: () => Promise.resolve(),
    };
    await this.feed.run(sink);
    cancel();
    process.off("SIGINT", stop);
  }

  report() {
    return {
      source: this.feed.source,
      kind: this.feed.kind,
      groups: [...this.groups.values()].map(({ group, channels, sampling, everyUs, innovation }) => ({
        group,
        sampling,
        everyUs: everyUs > 0 ? everyUs : this.medianStepUs(group),
        innovation,
        channels,
      })),
      rows: this.rows,
      counts: this.counts(),
      reports: this.statuses.map(({ status, detail }) => ({ status, detail })),
    };
  }

  lines(): string[] {
    const { groups, counts } = this.report();
    const left = Object.entries(counts).map(([reason, count]) => `${count} ${reason}`);
    return [
      ...groups.flatMap((group) => this.groupLines(group)),
      left.length === 0 ? "nothing was left out" : `left out, or noticed: ${left.join(", ")}`,
    ];
  }

  private groupLines({
    group,
    sampling,
    everyUs,
    innovation,
    channels,
  }: ReturnType<SeenFeed["report"]>["groups"][number]): string[] {
    const spacing = everyUs > 0 ? `every ${durationText(everyUs)}` : "at unknown spacing";
    const rows = this.rows.filter((row) => row.group === group);
    return [
      `group ${group}: ${channels.length} channels, ${sampling} ${spacing}, innovation ${innovation}`,
      ...channels.map(({ name, title, unit }) => {
        const last = rows.findLast(({ values }) => values[name] !== undefined)?.values[name];
        const called = title === "" || title === name ? "" : `  ${title}`;
        return `  ${name}${called}  ${last === undefined ? "no value yet" : numberText(last)}${unit === "" ? "" : ` ${unit}`}`;
      }),
      ...rows.map(({ timeUs, values }) => `  ${new Date(timeUs / 1000).toISOString()}  ${rowText(values)}`),
    ];
  }

  private get isEnough(): boolean {
    return (
      this.groups.size > 0 && [...this.groups.keys()].every((group) => this.rowsOf(group) >= this.rowsMax)
    );
  }

  private rowsOf(group: string): number {
    return this.rows.filter((row) => row.group === group).length;
  }

  private keep({ group, count, time, channel, value }: Frame): void {
    const channels = this.groups.get(group)?.channels ?? [];
    for (let k = 0; k < count; k++) this.put(group, time[k]!, channels[channel[k]!]!.name, value[k]!);
  }

  /** Of a state the populations of its levels. */
  private keepQuantum(input: QuantumInput): void {
    const { type, group, timeUs } = input;
    if (type === "measurementRecord") {
      const { operator, everyUs, current } = input;
      float64Column(current).forEach((value, k) => {
        this.put(group, timeUs + k * everyUs, operator, value);
      });
      return;
    }
    const [re, im] = [float64Column(input.re), float64Column(input.im)];
    for (const [k, { name }] of (this.groups.get(group)?.channels ?? []).entries())
      this.put(
        group,
        timeUs,
        name,
        type === "densityMatrix" ? re[k * input.n + k]! : re[k]! ** 2 + im[k]! ** 2,
      );
  }

  private put(group: string, timeUs: number, name: string, value: number): void {
    let row = this.rows.findLast((each) => each.group === group && each.timeUs === timeUs);
    if (row === undefined) {
      if (this.rowsOf(group) >= this.rowsMax) return;
      row = { group, timeUs, values: {} };
      this.rows.push(row);
    }
    row.values[name] = value;
  }

  /** 0 when it is not known. */
  private medianStepUs(group: string): number {
    const times = this.rows.filter((row) => row.group === group).map(({ timeUs }) => timeUs);
    const steps = times.slice(1).map((timeUs, k) => timeUs - times[k]!);
    return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0;
  }

  private counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const status of this.statuses)
      for (const [reason, count] of Object.entries(status.counts))
        counts[reason] = (counts[reason] ?? 0) + count;
    return counts;
  }
}

/** Values of a row that are shown in a line. */
const VALUES_SHOWN = 6;

function rowText(values: Readonly<Record<string, number>>): string {
  const all = Object.entries(values);
  const shown = all.slice(0, VALUES_SHOWN).map(([name, value]) => `${name} ${numberText(value)}`);
  return all.length > VALUES_SHOWN
    ? `${shown.join(", ")}, and ${all.length - VALUES_SHOWN} more`
    : shown.join(", ");
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}
