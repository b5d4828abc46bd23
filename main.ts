/** The program: its sub-commands, their options and help. Each command's work stands where it belongs. */
import process from "node:process";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { feedHelp, VERSION } from "./actors/mod.ts";
import { EigenwatchError, exitCodeOf } from "./protocol/errors.ts";

const program = new Command("eigenwatch")
  .description(
    "Watch many live streams as one state: coherence and its collapse, anomalies; recorded, replayed bit for bit.",
  )
  .version(VERSION)
  .enablePositionalOptions()
  .showSuggestionAfterError()
  .showHelpAfterError("(run with --help for what there is)")
  .exitOverride()
  .hook("preAction", (_program, command) => {
    // `up` ends as it does on a signal instead: its recording is to be closed.
    if (command.name() !== "up") endWhenUnread(command.opts()["verify"] === true ? 1 : 0);
  });

program
  .command("up")
  .description("the live system: feeds, actors, journal, gateway, dashboard")
  .option(
    "--feed <spec>",
    "a feed, KIND[:TARGET][?key=value&…]; may be given again (default: host)",
    collect,
    [],
  )
  .option("--port <port>", "port of the gateway, 0 for any free one (default: 7420)", wholeNumber)
  .option("--host <address>", "address to listen on; other than loopback needs a token (default: 127.0.0.1)")
  .option("--record <dir>", "keep the journal here: a recording that `replay` reads")
  .addOption(
    new Option(
      "--durability <level>",
      "outputs leave when their inputs are in memory, or on disk (default: file with --record)",
    ).choices(["memory", "file"]),
  )
  .option("--once", "end when all file feeds have ended")
  .option("--config <file>", "JSON file: {feeds, port, host, record, settings, …}; flags win over it")
  .option(
    "--set <path=value>",
    "a setting, e.g. collapse.falseAlarmsPerDay=0.1; may be given again",
    collect,
    [],
  )
  .option("--session <name>", "name of the session (default: local)")
  .option("--token-file <file>", "read the bearer token from this file instead of making one")
  .option(
    "--allow-host <name>",
    "a further Host name to answer to (behind a proxy); may be given again",
    collect,
    [],
  )
  .option("--base-path <path>", "path under which a reverse proxy serves us")
  .option("--shadow", "execute the log once more in another process and compare events and state hashes")
  .option("--json", "one JSON line per event and status on stdout")
  .addHelpText("after", () => `\nFeeds:\n${feedHelp()}`)
  .action(async (options) => {
    const { up } = await import("./collab/serve.ts");
    process.exitCode = await up(options);
  });

program
  .command("replay")
  .description("run the actors again over a recording")
  .argument("<path>", "a recording: the directory given to --record")
  .option("--speed <n>", "multiples of recorded time, or max (default: max; with --follow 1)")
  .option("--from <time>", "hand out events from this time on (ISO 8601 or µs since the epoch)")
  .option("--seek <place>", "begin at this time, or at the input with this sequence")
  .option("--to <time>", "stop after this time")
  .option("--verify", "compare state hashes and events with those recorded; exit 1 at the first difference")
  .option("--events <file>", "write the derived events here as JSON lines (- for stdout)")
  .option("--step", "input by input: Enter, a number of inputs, e for the next event, q")
  .option("--follow", "open the recording as a session in the dashboard")
  .option("--port <port>", "with --follow: port of the page (default: any free one)", wholeNumber)
  .option("--json", "the report as one JSON object")
  .action(async (path, options) => {
    const { replayCommand } = await import("./sim/mod.ts");
    process.exitCode = await replayCommand(path, options);
  });

program
  .command("whatif")
  .description("branch a recording at a point, run it with other settings or inputs, compare the events")
  .argument("<path>", "a recording: the directory given to --record")
  .option("--at <place>", "where it branches: ISO 8601, µs since the epoch, or an input's sequence")
  .option("--set <path=value>", "a setting from there on; may be given again", collect, [])
  .option(
    "--drop <channel>",
    "a channel that falls silent, NAME or GROUP/NAME; may be given again",
    collect,
    [],
  )
  .option(
    "--inject <spec>",
    "a disturbance, SCENARIO[?strength=…&group=…&channels=a,b&duration=30s&seed=…&at=…]; may be given again",
    collect,
    [],
  )
  .option("--seed <n>", "seed of all random streams from there on")
  .option("--until <time>", "end of both lanes (default: of the recording)")
  .option(
    "--tolerance <duration>",
    "events further apart are not the same one (default: 10s, or more in long recordings)",
  )
  .option("--to <dir>", "folder of the branch recording (default: PATH.whatif-1, …)")
  .option("--no-write", "compare only")
  .option(
    "--sweep <path=values>",
    "try many values, from:to:step or a,b,c, in parallel; given again: a grid",
    collect,
    [],
  )
  .option(
    "--truth <file>",
    "with --sweep: what truly happened (feed --truth), for recall, delay, false alarms",
  )
  .option("--plot <file>", "with --sweep: the table as an SVG file")
  .option("--json", "the result as one JSON object")
  .action(async (path, options) => {
    const { whatIfCommand } = await import("./sim/mod.ts");
    process.exitCode = await whatIfCommand(path, options);
  });

program
  .command("causality")
  .description("rewind before an event, perturb what came, and see how likely it still was")
  .argument("<path>", "a recording: the directory given to --record")
  .requiredOption("--event <id>", "id of the event, such as p0/4711/1 (inspect --events --json)")
  .option("--rewinds <durations>", "how far back to go (default: 1s,2s,5s,10s,20s,30s,60s)")
  .option("--runs <n>", "runs of each rewind", "200")
  .option("--noise <times>", "multiples of each channel's own noise", "1")
  .option("--tolerance <duration>", "how far from its time the event may happen (default: 10s, or more)")
  .option("--seed <n>", "seed of the perturbations", "1")
  .option("--plot <file>", "the probabilities as an SVG file")
  .option("--json", "the result as one JSON object")
  .action(async (path, options) => {
    const { causalityCommand } = await import("./sim/mod.ts");
    process.exitCode = await causalityCommand(path, options);
  });

program.command("whatif-worker", { hidden: true }).action(async () => {
  const { whatIfWorkerCommand } = await import("./sim/mod.ts");
  process.exitCode = await whatIfWorkerCommand();
});

program
  .command("inspect")
  .description("what is in a recording; damaged parts are named with their offset")
  .argument("<path>", "a recording: the directory given to --record")
  .option("--blocks", "list the blocks")
  .option("--events", "list the recorded events")
  .option("--channels", "list the channels")
  .option("--json", "as JSON")
  .action(async (path, options) => {
    const { inspectCommand } = await import("./sim/mod.ts");
    process.exitCode = await inspectCommand(path, options);
  });

const recordings = program.command("record").description("recordings as files that other tools open");

recordings
  .command("export")
  .description(
    "a recording as an MCAP file: samples, events and state hashes by topic and time, nothing lost",
  )
  .argument("<path>", "a recording: the directory given to --record")
  .requiredOption("--to <file>", "the MCAP file to write")
  .option("--overwrite", "replace the file if it is there")
  .option("--json", "the report as one JSON object")
  .action(async (path, options) => {
    const { exportCommand } = await import("./sim/mod.ts");
    process.exitCode = await exportCommand(path, options);
  });

recordings
  .command("import")
  .description("a recording back from an MCAP file that `record export` wrote")
  .argument("<file>", "the MCAP file")
  .requiredOption("--to <dir>", "the folder to make")
  .option("--json", "the report as one JSON object")
  .action(async (path, options) => {
    const { importCommand } = await import("./sim/mod.ts");
    process.exitCode = await importCommand(path, options);
  });

const verifying = program
  .command("verify")
  .description(
    "whether a recording is whole: checksums, chain of hashes, notes, indexes, snapshots, and its seal",
  )
  .argument("<path>", "a recording: the directory given to --record")
  .option(
    "--sign <keyfile>",
    "seal it as it is, signed with this secret key; may be given again",
    collect,
    [],
  )
  .option("--check [pubkey]", "fail without a valid seal, by this public key where one is named")
  .option("--json", "the report as one JSON object")
  .action(async (path, options) => {
    const { verifyCommand } = await import("./sim/mod.ts");
    process.exitCode = await verifyCommand(path, options);
  });

verifying
  .command("keygen")
  .description("a pair of keys to seal recordings with: NAME.key, which is secret, and NAME.pub")
  .requiredOption("--out <name>", "path and name of the files, without their ends")
  .addOption(
    new Option("--algorithm <name>", "ml-dsa-65 (FIPS 204) also holds against quantum computers")
      .choices(["ed25519", "ml-dsa-65"])
      .default("ed25519"),
  )
  .action(async (options) => {
    const { keygenCommand } = await import("./sim/mod.ts");
    process.exitCode = await keygenCommand(options);
  });

program
  .command("diff")
  .description("the first difference between two recordings, and a summary; exit 1 when they differ")
  .argument("<a>", "a recording")
  .argument("<b>", "another, or a branch of it")
  .option("--json", "as one JSON object")
  .action(async (a, b, options) => {
    const { diffCommand } = await import("./sim/mod.ts");
    process.exitCode = await diffCommand(a, b, options);
  });

program
  .command("detect")
  .description(
    "a detector over a CSV or NDJSON file, as a filter: one output row per input row, no look-ahead",
  )
  .argument("<file>", "file, also .gz; - for stdin")
  .addOption(
    new Option("--detector <name>", "which one")
      .choices(["coherence", "collapse", "anomaly"])
      .default("anomaly"),
  )
  .option("--columns <names>", "comma-separated value columns (default: all numeric ones)")
  .addOption(new Option("--out <format>", "format of the output").choices(["csv", "ndjson"]).default("csv"))
  .option("--set <path=value>", "a setting, e.g. anomaly.windowSamples=1024; may be given again", collect, [])
  .action(async (file, options) => {
    const { detectFile } = await import("./actors/mod.ts");
    process.exitCode = await detectFile(file, options);
  });

program
  .command("feed")
  .description("a synthetic world of known truth, as a table; `feed list` shows what there is")
  .argument("<scenario>", "name of a scenario, or list")
  .option("--seed <n>", "seed of the world (default: 1)")
  .option("--channels <n>", "number of channels (default: the scenario's)")
  .option("--rate <n>", "samples a second of one channel (default: the scenario's)")
  .option("--duration <time>", "such as 90s, 10m, 1d (default: the scenario's)")
  .option("--strength <x>", "size of what happens, in multiples of the usual; 0: nothing (default: 1)")
  .option("--speed <n>", "multiples of the world's time, or max", "max")
  .option("--start <time>", "time of the first sample (default: 2024-01-01)")
  .addOption(
    new Option("--form <form>", "quantum worlds: what is streamed").choices(["record", "vector", "density"]),
  )
  .option("--to <target>", "stdout (NDJSON), file:PATH (.csv, .ndjson, also .gz), or session", "stdout")
  .option("--truth <file>", "write what truly happens here, one JSON object a line")
  .option("--json", "the list, or the report, as JSON")
  .action(async (scenario, options) => {
    const { feedCommand, feedListCommand, sessionSpec } = await import("./sim/mod.ts");
    if (scenario === "list") process.exitCode = await feedListCommand(options);
    else if (options.to === "session") {
      const { up } = await import("./collab/serve.ts");
      const feed = [await sessionSpec(scenario, options)];
      process.exitCode = await up({ feed, set: [], allowHost: [], json: options.json });
    } else process.exitCode = await feedCommand(scenario, options);
  });

program
  .command("measure")
  .description("functionals of density matrices: JSON lines in, JSON lines out")
  .argument("<file>", 'lines {"n":2,"re":[row-major],"im":[…],"sigma"?,"update"?}; - for stdin')
  .action(async (file) => {
    const { measureFile } = await import("./actors/mod.ts");
    process.exitCode = await measureFile(file);
  });

const sim = program
  .command("sim")
  .description("a whole cluster under faults in a simulated world, from one seed: every rule is checked")
  .enablePositionalOptions()
  .option("--seed <n>", "one world, told of in detail (default: 1)")
  .option("--seeds <range>", "many worlds, A..B: a summary, and how to see each failure again")
  .option("--scenario <name>", "standard, single, partitions, disk, storm or canary (default: standard)")
  .option("--minutes <n>", "simulated time (default: the scenario's)")
  .option("--only-decisions <file>", "take only these faults: JSON list of ids, or what --json printed")
  .option("--jobs <n>", "with --seeds: processes (default: one a core)")
  .option("--trace <file>", "write every step here, a line each")
  .option("--json", "the result as one JSON object")
  .action(async (options) => {
    const { simCommand } = await import("./sim/mod.ts");
    process.exitCode = await simCommand(options);
  });

sim
  .command("shrink")
  .description("make a failing world small: fewer faults, then less of a world; kept as a case")
  .requiredOption("--seed <n>", "a seed that fails")
  .option("--scenario <name>", "the scenario in which it does (default: standard)")
  .option("--minutes <n>", "simulated time (default: the scenario's)")
  .option(
    "--to <dir>",
    "folder of the case (default: tests/simulation/corpus of a checkout, else this folder)",
  )
  .option("--json", "the result as one JSON object")
  .action(async (options) => {
    const { simShrinkCommand } = await import("./sim/mod.ts");
    process.exitCode = await simShrinkCommand(options);
  });

program.command("sim-worker", { hidden: true }).action(async () => {
  const { simWorkerCommand } = await import("./sim/mod.ts");
  process.exitCode = await simWorkerCommand();
});

program
  .command("bench")
  .description("the benchmarks: throughput, latency, memory, each with its ratio in the same run")
  .argument("[name]", "only those whose name contains this")
  .option("--list", "names only")
  .option("--suite <name>", "with detect: what is to be found; synthetic is every scenario")
  .option("--seeds <n>", "with --suite: runs of each scenario (default: 100)")
  .option("--scenario <name>", "with --suite: only this one")
  .option("--json", "as JSON")
  .action(async (name, options) => {
    const { benchCommand } = await import("./sim/mod.ts");
    process.exitCode = await benchCommand(name, options);
  });

program.command("bench-worker", { hidden: true }).action(async () => {
  const { benchWorkerCommand } = await import("./sim/mod.ts");
  process.exitCode = await benchWorkerCommand();
});

program.command("shadow-worker", { hidden: true }).action(async () => {
  const { shadowWorkerCommand } = await import("./sim/mod.ts");
  process.exitCode = await shadowWorkerCommand();
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOfError(error);
}
// A pending read of stdin would keep some runtimes alive; what was written must be out first.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));

/** 0 after help and version; 2 for bad usage and bad input; 1 for what went wrong while running. */
function exitCodeOfError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`eigenwatch: ${error instanceof Error ? error.message : String(error)}\n`);
  if (!(error instanceof EigenwatchError) && error instanceof Error && process.env["EIGENWATCH_DEBUG"]) {
    process.stderr.write(`${error.stack}\n`);
  }
  return error instanceof EigenwatchError ? exitCodeOf(error.kind) : 1;
}

/** A reader that goes away (`| head`) is an end and no failure, but what was to be verified is not verified. */
function endWhenUnread(exitCode: number): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(exitCode);
      process.stderr.write(`eigenwatch: Cannot write: ${error.message}\n`);
      process.exit(1);
    });
  }
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("expected a port, 0 to 65535");
  return Number(text);
}
