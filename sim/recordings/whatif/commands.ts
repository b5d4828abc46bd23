/**
 * `--command NAME=BODY`, `--drop-command NAME`: what people did in the branch, and what they did not.
 *
 * A command is given where the branch begins, by an author of its own, and without a number: it shadows none of the recorded ones. What people did
 * later stays in the log, and counts from there on, unless it is dropped.
 */
import { loggedCommand, readCommand } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { CommandInput } from "../../../protocol/messages.ts";
import type { InputRewriter } from "./input-rewriter.ts";
import { AUTHOR } from "./set-settings.ts";

/** The inputs of commands. Throws for a name that is none, and for a body that does not fit its row. */
export function commandInputs(given: readonly { name: string; body: unknown }[]): CommandInput[] {
  return given.map(({ name, body }) => ({
    type: "command",
    name,
    body: readCommand(loggedCommand(name), body).body,
    author: { id: AUTHOR },
    source: AUTHOR,
    sequence: 0,
  }));
}

/** `opened`: false when the branch begins before the session was opened: they are given when it is. */
export function giveCommands(
  commands: readonly CommandInput[],
  atUs: number,
  opened: boolean,
): InputRewriter {
  let state: "closed" | "open" | "given" = opened ? "open" : "closed";
  return {
    before(_timeUs, _input, insert) {
      if (state !== "open") return;
      state = "given";
      for (const command of commands) insert(atUs, command);
    },
    change(input) {
      if (state === "closed" && input.type === "sessionOpened") state = "open";
      return input;
    },
  };
}

export function dropCommands(names: readonly string[]): InputRewriter {
  return {
    before() {},
    change: (input) => (input.type === "command" && names.includes(input.name) ? null : input),
  };
}

/** `given`: the names of those that the recording has after the branch begins. */
export function missingCommand(name: string, given: Iterable<string>): EigenwatchError {
  const known = [...new Set(given)].sort();
  const expected =
    known.length > 0 ? `one of ${known.join(", ")}` : "an earlier place: nobody gave a command";
  return new EigenwatchError({
    action: `drop ${name}`,
    value: "nobody gave it after the branch begins",
    expected,
  });
}
