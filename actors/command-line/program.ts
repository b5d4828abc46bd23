/**
 * The commander program: every command of the table by name and summary, and the requested command in full.
 *
 * A command's modules are imported only when it is requested: `eigenwatch --help` imports none of them.
 */
import process from "node:process";
import { Command, type CommandUnknownOpts, Help, Option } from "@commander-js/extra-typings";
import { texts } from "./option-values.ts";
import { print, report } from "./terminal.ts";

export interface CommandRow {
  /** One line for `eigenwatch --help`. */
  readonly summary: string;
  readonly hidden?: true;
  /** Whether it runs actors: it then has the option `--actor`. */
  readonly runsActors?: true;
  load(): Promise<CommandUnknownOpts>;
}

/** Commands by name. */
export type CommandTable = Readonly<Record<string, CommandRow>>;

/** `args`: the words after the program's name. */
export async function createProgram(
  table: CommandTable,
  args: readonly string[],
  version: string,
): Promise<CommandUnknownOpts> {
  const program = new Command("eigenwatch")
    .description(
      "Watch many live streams as one state: coherence and its collapse, anomalies; recorded, replayed bit for bit.",
    )
    .version(version)
    .configureHelp({ optionDescription })
    // What it quotes is of the command line; its own line ends stay.
    .configureOutput({
      writeOut: (text) => print(...linesOf(text)),
      writeErr: (text) => report(...linesOf(text)),
    })
    .enablePositionalOptions()
    // Before the command it is for processes that this program starts itself (actors/workers/own-program.ts).
    .addOption(actorOption().hideHelp())
    .showSuggestionAfterError()
    .showHelpAfterError("(run with --help for usage)")
    .exitOverride();
  const words = args.filter((word, k) => !word.startsWith("-") && args[k - 1] !== ACTOR_FLAG);
  const requested = words[0] === "help" ? words[1] : words[0];
  for (const [name, { summary, hidden = false, runsActors, load }] of Object.entries(table)) {
    const command = name === requested ? await load() : new Command(name);
    if (runsActors)
      // A command that was loaded before has it.
      for (const each of command.commands.length > 0 ? command.commands : [command])
        if (!each.options.some(({ long }) => long === ACTOR_FLAG)) each.addOption(actorOption());
    program.addCommand(inherit(command.summary(summary), program), { hidden });
  }
  return program;
}

export const ACTOR_FLAG = "--actor";

function actorOption(): Option {
  return new Option(
    `${ACTOR_FLAG} <file>`,
    "a detector of your own (docs/detectors.md), also for the recordings it was in; may be given again",
  )
    .argParser(texts)
    .default([]);
}

/** An action that ends the program with the exit code that `run` returns. */
export function exitWith<Args extends unknown[]>(
  run: (...args: Args) => number | Promise<number>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    process.exitCode = await run(...args);
  };
}

/** An option that may be given several times begins with none: that default says nothing. */
function optionDescription(option: Option): string {
  return Help.prototype.optionDescription(option).replace(" (default: [])", "");
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

/** Commands are made in their own files, before they have a parent: its settings reach them here. */
function inherit(command: CommandUnknownOpts, parent: CommandUnknownOpts): CommandUnknownOpts {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}
