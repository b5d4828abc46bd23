/** The program of a table of commands: it loads the one that is asked for, shows those that are not hidden, and prints lines. */
import { Command } from "@commander-js/extra-typings";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { manual } from "../../actors/command-line/manual.ts";
import { texts } from "../../actors/command-line/option-values.ts";
import { type CommandTable, createProgram, exitWith } from "../../actors/command-line/program.ts";
import { startProgress } from "../../actors/command-line/progress.ts";
import { print, printJson, report, showStatus } from "../../actors/command-line/terminal.ts";

function tableOf(loaded: string[]): CommandTable {
  const row = (name: string) => ({
    summary: `does ${name}`,
    load: async () => {
      loaded.push(name);
      const command = new Command(name).option("--set <x>", "sets x", texts, [] as string[]);
      return command.addCommand(new Command("part").description("a part")).action(() => {});
    },
  });
  return { one: row("one"), two: row("two"), secret: { ...row("secret"), hidden: true } };
}

async function loadedFor(...args: string[]): Promise<string[]> {
  const loaded: string[] = [];
  await createProgram(tableOf(loaded), args, "1.2.3");
  return loaded;
}

test("only the command that is asked for is loaded", async () => {
  assert.equal(await loadedFor("two"), ["two"]);
  assert.equal(await loadedFor("--bogus", "one", "two"), ["one"]);
  assert.equal(await loadedFor("help", "one"), ["one"]);
  assert.equal(await loadedFor("secret"), ["secret"]);
  for (const args of [[], ["help"], ["--help"], ["three"]]) assert.equal(await loadedFor(...args), []);
});

test("help lists each command with its summary, but none that is hidden", async () => {
  const program = await createProgram(tableOf([]), ["--help"], "1.2.3");
  const help = program.helpInformation();
  assert.match(help, /^Usage: eigenwatch /);
  assert.match(help, /^ {2}one +does one$/m);
  assert.match(help, /^ {2}two +does two$/m);
  assert.not.match(help, "secret");
  assert.is(program.version(), "1.2.3");
});

test("the help of a command says nothing of a list that is empty by default", async () => {
  const program = await createProgram(tableOf([]), ["one"], "1.2.3");
  const help = program.commands.find((command) => command.name() === "one")!.helpInformation();
  assert.match(help, /--set <x> +sets x$/m);
});

test("wrong usage of a command, or of a part of it, throws instead of ending the process", async () => {
  for (const args of [["one", "--bogus"], ["one", "part", "--bogus"], ["three"]]) {
    const program = await createProgram(tableOf([]), args, "1.2.3");
    const printed = await printedOn(process.stderr, async () => {
      try {
        await program.parseAsync(args, { from: "user" });
        assert.unreachable(args.join(" "));
      } catch (error) {
        assert.match((error as Error).message, /unknown (option|command)/);
      }
    });
    assert.match(printed, /^error: unknown .*\n\(run with --help for usage\)\n$/);
  }
});

test("an option after the name of a command is that command's", async () => {
  const program = await createProgram(tableOf([]), ["one", "--set", "a", "--set", "b"], "1.2.3");
  await program.parseAsync(["one", "--set", "a", "--set", "b"], { from: "user" });
  assert.equal(program.commands[0]!.opts()["set"], ["a", "b"]);
});

test("a command ends the program with the code that it returns", async () => {
  const before = process.exitCode;
  await exitWith(async (code: number) => code)(3);
  const { exitCode } = process;
  process.exitCode = before;
  assert.is(exitCode, 3);
});

test("a manual has a line for each exit code, the one of wrong usage last, and the examples", () => {
  const text = manual({ exitCodes: { 0: "done", 1: "not done" }, examples: [["a --b", "does b"]] });
  const codes = ["  0  done", "  1  not done", "  2  wrong usage or input; nothing was done"];
  assert.equal(text.split("\n"), ["", "Exit codes:", ...codes, "", "Examples:", "  # does b", "  a --b"]);
});

test("each text is one line, whatever stands in it", async () => {
  assert.is(await printedOn(process.stdout, () => print("a\nb", "c")), "a\\nb\nc\n");
  assert.is(await printedOn(process.stderr, () => report("a\u001b[2J")), "a\\u001b[2J\n");
  assert.is(await printedOn(process.stdout, () => printJson({ a: "b\u202e" })), '{"a":"b\\u202e"}\n');
  const short = (_: string, value: unknown) => (typeof value === "number" ? 1 : value);
  assert.is(await printedOn(process.stdout, () => printJson({ a: 7 }, short)), '{"a":1}\n');
});

test("a status line takes the place of the one before, and is shown on a terminal only", async () => {
  const own = process.stderr.isTTY;
  try {
    process.stderr.isTTY = true;
    assert.is(await printedOn(process.stderr, () => showStatus("50 %\n")), "\r\x1b[K50 %\\n");
    process.stderr.isTTY = false;
    assert.is(await printedOn(process.stderr, () => showStatus("50 %")), "");
  } finally {
    process.stderr.isTTY = own;
  }
});

test("no bar of progress is drawn where a program reads, or where none is asked for", async () => {
  const own = process.stderr.isTTY;
  const drawn = (isTerminal: boolean, isQuiet: boolean) =>
    printedOn(process.stderr, () => {
      process.stderr.isTTY = isTerminal;
      const bar = startProgress("reads", 10, "rows", isQuiet);
      bar.update(1);
      bar.stop();
    });
  try {
    assert.is(await drawn(false, false), "");
    assert.is(await drawn(true, true), "");
  } finally {
    process.stderr.isTTY = own;
  }
});

/** What is written to an output of this process meanwhile. */
async function printedOn(output: NodeJS.WriteStream, act: () => unknown): Promise<string> {
  const { write } = output;
  let text = "";
  output.write = ((piece: string) => {
    text += piece;
    return true;
  }) as typeof write;
  try {
    await act();
  } finally {
    output.write = write;
  }
  return text;
}

test.run();
