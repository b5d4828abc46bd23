/** `eigenwatch workflow start | run | list | show | check | example`: shared runs of steps. */
import { Command, type OptionValues } from "@commander-js/extra-typings";
import { manual } from "../../actors/command-line/manual.ts";
import { port, read, settings, texts, time } from "../../actors/command-line/option-values.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { WorkflowRun } from "../../protocol/workflow.ts";
import { recordedDocument } from "../../sim/mod.ts";
import { findWorkflow } from "../workflows/find.ts";
import { PACKAGED } from "../workflows/packaged.ts";
import { withGatewayAddress } from "./gateway-request.ts";
import { up } from "./serve.ts";
import { WorkflowClient } from "./workflow-client.ts";
import { runLines, runReport } from "./workflow-report.ts";
import { chosenRun, startWorkflow } from "./workflow-run.ts";

const REFUSED = "the gateway cannot be reached, or refuses";
const FAILED = `a step failed, somebody started the same run first, or ${REFUSED}`;

/** The options that say who answers for people, and how it is shown. */
function withAnswers<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) {
  return command
    .option("--sign-off <name>", "do the steps of people when it is their turn, noting this name")
    .option("--yes", "do the steps of people when it is their turn")
    .option("--json", "print one JSON line per step that changes, and the phases at the end");
}

const start = withAnswers(
  withGatewayAddress(
    new Command("start")
      .summary("start a run in a running session, and follow it to its end")
      .description(
        "Starts a run of a workflow in a running session, and follows it to its end. It needs the role editor.",
      )
      .argument("<workflow>", "one that the session offers, a packaged one, or a YAML file"),
  )
    .option("--session <name>", "name of the session (default: the first of the gateway)")
    .option("--no-wait", "end when the run has begun"),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every step is done or skipped; with --no-wait: it has begun", 1: FAILED },
      examples: [
        ["eigenwatch workflow start morning-check", "start it, and wait until people have done their steps"],
        ["eigenwatch workflow start checks/night.yaml --no-wait", "start it from a file"],
      ],
    }),
  )
  .action(exitWith((workflow, options) => startWorkflow(workflow, options)));

const run = withAnswers(
  new Command("run")
    .summary("run a session for one workflow, and end with it")
    .description(
      "Opens a session as `up` does, on loopback, runs a workflow in it, and ends when the run does. The page shows it meanwhile.",
    )
    .argument("<workflow>", "a packaged one, or a YAML file")
    .option(
      "--feed <spec>",
      "a feed as of `up`; may be given again (default: those the file names)",
      texts,
      [],
    )
    .option("--record <dir>", "keep the journal in this folder: a recording that `replay` reads")
    .option("--set <path=value>", "change a setting; may be given again", settings, [])
    .option("--port <port>", "port of the page (default: one that is free)", read(port), 0),
)
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "every step is done or skipped", 1: "a step failed, or the session could not go on" },
      examples: [
        [
          "eigenwatch workflow run morning-check --sign-off Ana",
          "on synthetic daily bars, to its end in seconds",
        ],
        [
          "eigenwatch workflow run check.yaml --feed host --record recordings/today",
          "on this machine, recorded",
        ],
      ],
    }),
  )
  .action(
    exitWith((nameOrFile, { feed, record, set, port: at, ...flags }) => {
      const workflow = findWorkflow(nameOrFile);
      return up(
        {
          feed: feed.length > 0 ? feed : [...workflow.feeds],
          ...(record === undefined ? {} : { record }),
          set,
          port: at,
          host: "127.0.0.1",
          allowHost: [],
          allowOrigin: [],
          workflow: [nameOrFile],
          json: flags.json,
        },
        (url) => startWorkflow(workflow.name, { ...flags, url }),
      );
    }),
  );

const list = withGatewayAddress(
  new Command("list")
    .summary("list what a session offers, and its runs")
    .description("Lists the workflows that a running session offers, and the runs it has had."),
)
  .option("--session <name>", "name of the session (default: the first of the gateway)")
  .option("--json", "print {definitions, runs} as one line of JSON")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "listed", 1: REFUSED },
      examples: [["eigenwatch workflow list", "see what can be started"]],
    }),
  )
  .action(
    exitWith(async (options) => {
      const client = await WorkflowClient.join(options);
      const [definitions, runs] = [client.definitions(), client.runs()];
      client.leave();
      const reports = Object.entries(runs)
        .sort(([, a], [, b]) => a.startedAtUs - b.startedAtUs)
        .map(([id, each]) => runReport(id, each));
      if (options.json) printJson({ definitions, runs: reports });
      else {
        for (const [name, { title, steps }] of Object.entries(definitions))
          print(`${name}  ${title}, ${Object.keys(steps).length} steps`);
        for (const { run: id, state, startedBy, startedAt } of reports)
          print(`${id}  ${state}, started by ${startedBy} at ${startedAt}`);
        if (reports.length + Object.keys(definitions).length === 0)
          print("the session offers no workflow (up --workflow), and none was started");
      }
      return 0;
    }),
  );

const show = withGatewayAddress(
  new Command("show")
    .summary("show the steps of a run and the time of each")
    .description(
      "Shows the steps of a run, who did them, and the time of each: in a session, or as a recording has it.",
    )
    .argument("[run]", "name of the run (default: the newest)"),
)
  .option("--session <name>", "name of the session (default: the first of the gateway)")
  .option("--recording <dir>", "read this recording instead")
  .option("--at <time>", "with --recording: as it stood before this time", read(time))
  .option("--json", "print the run and its phases as one line of JSON")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "shown", 1: REFUSED },
      examples: [
        ["eigenwatch workflow show", "see what waits for whom"],
        ["eigenwatch workflow show --recording recordings/today", "the run as it was"],
      ],
    }),
  )
  .action(
    exitWith(async (name, options) => {
      if (options.at !== undefined && options.recording === undefined)
        throw new EigenwatchError({
          action: "use --at",
          value: "a running session",
          expected: "--recording DIR",
        });
      const runs =
        options.recording === undefined
          ? await runsOf(options)
          : await recordedRuns(options.recording, options.at);
      const { name: id, run: found } = chosenRun(runs, name);
      if (options.json) printJson(runReport(id, found));
      else print(...runLines(id, found));
      return 0;
    }),
  );

const check = new Command("check")
  .summary("check a definition")
  .description(
    "Checks the YAML file of a workflow. A fault is named with its line and column, and what was expected.",
  )
  .argument("<file...>", "YAML files")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "all can be run" },
      examples: [["eigenwatch workflow check check.yaml", "before `up --workflow`"]],
    }),
  )
  .action(
    exitWith((files) => {
      for (const path of files) {
        const { name, definition } = findWorkflow(path);
        const steps = Object.values(definition.steps);
        const automatic = steps.filter((step) => typeof step !== "string" && step.automatic !== undefined);
        print(`${path}: ${name}, ${steps.length} steps, ${automatic.length} of them automatic`);
      }
      return 0;
    }),
  );

const example = new Command("example")
  .summary("print the file of a packaged workflow")
  .description("Prints the YAML file of a packaged workflow, to copy and change.")
  .argument("[name]", "name of a packaged workflow", "morning-check")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "printed" },
      examples: [["eigenwatch workflow example > check.yaml", "begin with it"]],
    }),
  )
  .action(
    exitWith((name) => {
      findWorkflow(name);
      const text = PACKAGED[name];
      if (text === undefined)
        throw new EigenwatchError({
          action: `print workflow ${name}`,
          value: "it is no packaged one",
          expected: Object.keys(PACKAGED).join(", "),
        });
      print(...text.trimEnd().split("\n"));
      return 0;
    }),
  );

export const workflowCommand = new Command("workflow")
  .description("Starts, follows and shows workflows: runs of steps that people and the program share.")
  .addCommand(start)
  .addCommand(run)
  .addCommand(list)
  .addCommand(show)
  .addCommand(check)
  .addCommand(example);

/** At the end of a recording, or as they stood before a time. */
async function recordedRuns(recording: string, atUs: number | undefined) {
  const place = atUs === undefined ? "latest" : { timeUs: atUs };
  const { entries } = await recordedDocument(recording, place);
  return (entries["workflows"] ?? {}) as Readonly<Record<string, WorkflowRun>>;
}

async function runsOf(flags: Parameters<typeof WorkflowClient.join>[0]) {
  const client = await WorkflowClient.join(flags);
  try {
    return client.runs();
  } finally {
    client.leave();
  }
}
