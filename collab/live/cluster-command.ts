/** `eigenwatch cluster`: a whole cluster on this machine to look at, and faults for it. */
import { Command } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { port, read } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { drainNode, killNode, runDemo } from "./cluster-demo.ts";

const demo = new Command("demo")
  .description(
    "Runs a NATS server, three nodes and a synthetic feed on this machine, until Ctrl-C. `kill` and `drain` show a take-over.",
  )
  .option("--port <port>", "port of the first node's gateway; the others follow", read(port), 7420)
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
  .action(exitWith(killNode));

const drain = new Command("drain")
  .description("Stops a node of the demo in order: it hands over first. It is started again after that.")
  .argument("<name>", "name of the node")
  .action(exitWith(drainNode));

export const clusterCommand = new Command("cluster")
  .description("A cluster on this machine, to look at.")
  .addCommand(demo)
  .addCommand(kill)
  .addCommand(drain);
