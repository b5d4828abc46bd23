/** docs/commands.md: the help of every command and sub-command. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { createProgram } from "../../actors/command-line/program.ts";
import { COMMANDS } from "../../main.ts";

/** Wide enough for most options on one line, narrow enough for a page. */
const HELP_COLUMNS = 100;

export async function commandsDocument(): Promise<string> {
  const shown = Object.entries(COMMANDS).filter(([, { hidden }]) => !hidden);
  const rows = shown.map(([name, { summary }]) => `| [${name}](#${name}) | ${summary} |`);
  const sections = await Promise.all(shown.map(([name]) => sectionsOf(name)));
  return `<!-- Made from main.ts by \`npm run docs\`. Do not edit. -->
# Commands

\`eigenwatch COMMAND --help\` prints the same text. Exit codes: 0 for success, 1 for a sound request that failed or a check that does not
hold, 2 for wrong usage or input, 3 where only a part could be compared.

| command | what it does |
|---|---|
${rows.join("\n")}

${sections.flat().join("\n")}`;
}

/** The command's own section, then those of its sub-commands. */
async function sectionsOf(name: string): Promise<string[]> {
  const program = await createProgram(COMMANDS, [name], "");
  const command = program.commands.find((each) => each.name() === name);
  if (command === undefined) throw new Error(`Cannot document ${name}: its file defines another command`);
  return [command, ...command.commands].map(section);
}

function section(command: CommandUnknownOpts): string {
  const parent = command.parent?.parent ? `${command.parent.name()} ` : "";
  return `## ${parent}${command.name()}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`;
}

function helpOf(command: CommandUnknownOpts): string {
  let text = "";
  command.configureOutput({
    writeOut(part) {
      text += part;
    },
    getOutHelpWidth: () => HELP_COLUMNS,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}
