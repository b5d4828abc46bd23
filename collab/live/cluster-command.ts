/** `eigenwatch cluster`: a whole cluster on this machine to look at, and faults for it. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { port, read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { wholeNumber } from "../../protocol/text-values.ts";
import { DEMO_PORT, drainNode, killNode, MAX_DEMO_PORT, runDemo } from "./cluster-demo.ts";

const demo = new Command("demo")
  .description(
    "Runs a NATS server, three nodes and a synthetic feed on this machine, until Ctrl-C. `kill` and `drain` show a take-over.",
  )
  .option(
    "--port <port>",
    "port of the first node's gateway; the others follow",
    read(wholeNumber(1, MAX_DEMO_PORT)),
    DEMO_PORT,
  )
  .option("--scenario <name>", "world that the feed brings", "server-metrics")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "everything was ended", 1: "a part could not be started" },
      examples: [["eigenwatch cluster demo", "start it; then, elsewhere, `eigenwatch cluster kill a`"]],
    }),
  )
  .action(exitWith(runDemo));

const kill = new Command("kill")
  .description(
    "Kills a node of the demo (SIGKILL): another takes over within seconds. It is started again after that.",
  )
  .argument("<name>", "name of the node")
  .option("--port <port>", "of the demo, where several run", read(port))
  .action(exitWith(killNode));

const drain = new Command("drain")
  .description("Stops a node of the demo in order: it hands over first. It is started again after that.")
  .argument("<name>", "name of the node")
  .option("--port <port>", "of the demo, where several run", read(port))
  .action(exitWith(drainNode));

export const clusterCommand = new Command("cluster")
  .description("A cluster on this machine, to look at.")
  .addCommand(demo)
  .addCommand(kill)
  .addCommand(drain);
