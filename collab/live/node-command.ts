/** `eigenwatch node`: one node of a cluster. */
import { hostname } from "node:os";
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { read, repeated, settings, texts } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_PARTITIONS } from "../../protocol/limits.ts";
import { decimal, pathAndValue, wholeNumber } from "../../protocol/text-values.ts";
import { readConfig, type UpConfig } from "./config.ts";
import { withGatewayOptions } from "./gateway-options.ts";
import { natsReplicas, withNatsOptions } from "./nats-flags.ts";
import { collector, collectorOf, TRACE_SHARE } from "./otlp-tracer.ts";
import { NODE_ROLES, type NodeRole, runNode } from "./run-node.ts";

export const nodeCommand = withNatsOptions(
  withGatewayOptions(
    new Command("node")
      .description(
        "Runs one node of a cluster: it shares the partitions of a session with the other nodes, over NATS. Ctrl-C hands over and leaves.",
      )
      .option(
        "--nats <url>",
        "address of a NATS server with JetStream (default: NATS_URL, or nats://127.0.0.1:4222)",
      )
      .addOption(natsReplicas())
      .option("--session <name>", "name of the session (default: local)")
      .option("--name <name>", "name of this node, unlike any other's (default: the host's name)"),
  )
    .addOption(
      new Option("--roles <list>", "what it does")
        .argParser(readRoles)
        .default([...NODE_ROLES], NODE_ROLES.join(",")),
    )
    .addOption(
      new Option(
        "--failover <kind>",
        "how soon a node that falls silent is taken over from; the same on all nodes",
      )
        .choices(["standard", "quick"] as const)
        .default("standard" as const),
    )
    .option(
      "--partitions <n>",
      "partitions of the session, the same on all nodes (default: 1)",
      read(wholeNumber(1, MAX_PARTITIONS)),
    )
    .option(
      "--partition-of <group=partition>",
      "the partition of a group, instead of that of its name; the same on all nodes; may be given again",
      repeated(read(pathAndValue("climate=p1", "group=partition"))),
      [],
    )
    .option("--feed <spec>", "a feed that this node runs; may be given again (default: none)", texts, [])
    .option(
      "--workflow <name|file>",
      "a workflow that people may start: a packaged one or a YAML file, the same on all nodes; may be given again",
      texts,
      [],
    )
    .option(
      "--universe <name=path>",
      "symbols that scans may go through, on gateways and nodes of role scan alike; may be given again",
      repeated(read(pathAndValue("sp500=bars/daily.csv.gz"))),
      [],
    )
    .option(
      "--config <file>",
      "YAML or JSON file: {feeds, partitions, notify, settings, …}; options win over it (see config)",
    )
    .option("--set <path=value>", "a setting of a new session; may be given again", settings, [])
    .option(
      "--trace <otlp:url>",
      "send traces of frames to an OpenTelemetry collector (default: OTEL_EXPORTER_OTLP_ENDPOINT, or none)",
      read(collector),
    )
    .option(
      "--trace-share <share>",
      "of the frames of this node's feeds, how many are traced",
      read(decimal(0, 1)),
      TRACE_SHARE,
    )
    .option("--json", "print one JSON object per line")
    .addHelpText(
      "after",
      manual({
        exitCodes: {
          0: "its partitions were handed over",
          1: "the servers cannot be reached, the name is taken, other nodes have other options, the clock is wrong, the servers do not keep so many copies, or not everything was handed over",
        },
        examples: [
          ["eigenwatch node --nats nats://10.0.0.5 --session plant --name a", "join, or begin, a session"],
          [
            "eigenwatch node --name w1 --roles scan --universe sp500=bars/daily.csv.gz",
            "only evaluate scans that gateways take",
          ],
          ["eigenwatch node --name edge --roles feed --feed host", "only bring this machine's readings"],
        ],
      }),
    ),
).action(
  exitWith(async ({ roles, failover, partitionOf, name, ...flags }) => {
    const config = await readConfig(flags.config, flags, []);
    refuseRecording(config);
    return runNode({
      ...flags,
      ...config,
      name: name ?? hostname(),
      roles,
      failover,
      partitions: config.partitions ?? 1,
      partitionByGroup: { ...config.partitionByGroup, ...Object.fromEntries(partitionOf) },
      trace: { url: collectorOf(flags.trace), share: flags.traceShare },
      json: flags.json === true,
    });
  }),
);

/** What is recorded by `up` is recorded by the servers here. */
function refuseRecording({ record, shadow }: UpConfig): void {
  const named = record !== null ? "record" : shadow ? "shadow" : null;
  if (named === null) return;
  throw new EigenwatchError({
    action: "run a node",
    value: `the config file has "${named}", and the log is in NATS`,
    expected: `a config file without ${named}, or up without --nats`,
  });
}

function readRoles(text: string): NodeRole[] {
  const roles = text.split(",").map((each) => each.trim());
  for (const role of roles)
    if (!NODE_ROLES.some((known) => known === role))
      throw new EigenwatchError({
        action: "use --roles",
        value: `there is no role "${role}"`,
        expected: expectedAmong(role, NODE_ROLES),
      });
  return roles as NodeRole[];
}
