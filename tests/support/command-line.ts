/** Command lines that the program refuses, run in this process. */
import { CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import * as assert from "uvu/assert";
import { createProgram } from "../../actors/command-line/program.ts";
import { COMMANDS } from "../../main.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";

export interface Refusal {
  /** The program's exit code. */
  code: number;
  message: string;
}

/** How the program refuses this command line. Fails when it does not. */
export async function refusal(args: string[]): Promise<Refusal> {
  const program = await createProgram(COMMANDS, args, "0.0.0");
  silence(program);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof CommanderError) return { code: error.exitCode === 0 ? 0 : 2, message };
    assert.instance(error, EigenwatchError, message);
    return { code: exitCodeOf((error as EigenwatchError).kind), message };
  }
  return assert.unreachable(`not refused: ${args.join(" ")}`) as never;
}

/** Each command line is refused with exit code 2 and these words. */
export async function refuseAll(cases: readonly (readonly [args: string[], says: RegExp])[]): Promise<void> {
  for (const [args, says] of cases) {
    const { code, message } = await refusal(args);
    assert.match(message, says);
    assert.is(code, 2, message);
  }
}

function silence(command: CommandUnknownOpts): void {
  command.configureOutput({ writeErr() {} });
  for (const child of command.commands) silence(child);
}
