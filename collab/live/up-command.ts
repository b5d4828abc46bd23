/** `eigenwatch up`: the options of the live system. */
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read, repeated, settings, texts } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { feedHelp } from "../../actors/mod.ts";
import { MAX_PARTITIONS } from "../../protocol/limits.ts";
import { pathAndValue, wholeNumber } from "../../protocol/text-values.ts";
import { withGatewayOptions } from "./gateway-options.ts";
import { natsReplicas, withNatsOptions } from "./nats-flags.ts";
import { up } from "./serve.ts";

export const upCommand = withNatsOptions(
  withGatewayOptions(
    new Command("up")
      .description("Runs the live system: feeds, actors, journal, gateway and dashboard. Ctrl-C ends it.")
      .option(
        "--feed <spec>",
        "a feed, KIND[:TARGET][?key=value&…]; may be given again; none: only what programs push (default: host)",
        texts,
        [],
      ),
  ),
)
  .option("--record <dir>", "keep the journal in this folder: a recording that `replay` reads")
  .option("--recordings <dir>", "a folder of recordings, which people open on the page beside the session")
  .option(
    "--learnt-from <dir>",
    "begin the new recording with what this one has learnt: baselines, ranges, thresholds, settings",
  )
  .addOption(
    new Option(
      "--durability <level>",
      "publish outputs when their inputs are in memory, or on disk (default: file with --record)",
    ).choices(["memory", "file"] as const),
  )
  .option(
    "--partitions <n>",
    "divide the groups among so many partitions, each with its own log, on all processors (default: 1, or as recorded)",
    read(wholeNumber(1, MAX_PARTITIONS)),
  )
  .option(
    "--open-rooms",
    "everybody edits any shared document, without a ticket: for load tests on this machine",
  )
  .option(
    "--workflow <name|file>",
    "a workflow that people may start: a packaged one or a YAML file; may be given again",
    texts,
    [],
  )
  .option(
    "--universe <name=path>",
    "symbols that scans may go through besides the session's channels: a table, a folder of tables, or a recording; may be given again",
    repeated(read(pathAndValue("sp500=bars/daily.csv.gz"))),
    [],
  )
  .option(
    "--marks <file>",
    "events as a table, time,type,title,group: each is marked when the data come to it (see mark)",
  )
  .option("--once", "end when all file feeds have ended")
  .option(
    "--config <file>",
    "YAML or JSON file: {feeds, port, host, record, settings, …}; options win over it (see config)",
  )
  .option("--set <path=value>", "change a setting; may be given again", settings, [])
  .option("--session <name>", "name of the session (default: local)")
  .option("--nats <url>", "keep the log in NATS: a cluster of one node, which others may join (see node)")
  .addOption(natsReplicas())
  .option("--name <name>", "with --nats: name of this node (default: the host's name)")
  .option("--shadow", "run the log again in another process and compare events and state hashes")
  .option("--evidence", "print what the detectors find too, not only incidents and what people do")
  .option("--json", "print one JSON line per event and status on stdout")
  .addHelpText("after", () => `\n${feedHelp().trimEnd()}`)
  .addHelpText(
    "after",
    manual({
      exitCodes: {
        0: "the session was closed",
        1: "a feed failed, the journal halted, the port is taken, or --shadow found a difference",
      },
      examples: [
        ["eigenwatch up", "watch this machine on http://127.0.0.1:7420"],
        [
          "eigenwatch up --feed file:prices.csv?speed=60 --record recordings/prices",
          "play a table, and record",
        ],
        [
          "eigenwatch up --record recordings/june --learnt-from recordings/may",
          "a new recording, without learning anew",
        ],
        [
          "eigenwatch up --record recordings/june --recordings recordings",
          "record, and open earlier recordings on the page",
        ],
        ["eigenwatch up --universe sp500=bars/daily.csv.gz", "serve scans of these symbols"],
        ["eigenwatch up --feed host --set collapse.falseAlarmsPerDay=0.1", "watch with fewer false alarms"],
      ],
    }),
  )
  .action(exitWith((flags) => up(flags)));
