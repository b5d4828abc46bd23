/** `eigenwatch config`: checks the file that `up --config` and `node --config` take, and prints its schema. */
import { Command } from "@commander-js/extra-typings";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { manual } from "../../actors/command-line/manual.ts";
import { exitWith } from "../../actors/command-line/program.ts";
import { print, printJson } from "../../actors/command-line/terminal.ts";
import { createFeeds, refusalAmong, systemClock } from "../../actors/mod.ts";
import { settingsSchema } from "../../protocol/settings.ts";
import { synthWorlds } from "../../sim/mod.ts";
import { checkChannels } from "../notify/config.ts";
import { fileSchema, readConfig, type UpConfig } from "./config.ts";

/** A file alone, without an option that wins over it. */
const NO_OPTIONS = { feed: [], set: [], allowHost: [], allowOrigin: [] };

const check = new Command("check")
  .summary("check a file and show what it says")
  .description(
    "Checks a YAML or JSON file for `up --config` or `node --config`: keys, values, feeds, settings, and that the secrets, workflows and universes it names are there. Nothing is started.",
  )
  .argument("<file>", "YAML or JSON file")
  .option("--json", "print the whole configuration, defaults filled in, as one line of JSON")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "it can be used" },
      examples: [
        ["eigenwatch config check eigenwatch.yaml", "before a restart of the service"],
        ["eigenwatch config check eigenwatch.yaml --json | jq .settings", "every setting, with the defaults"],
      ],
    }),
  )
  .action(
    exitWith(async (path, { json }) => {
      const config = await readConfig(path, NO_OPTIONS);
      await checkFeeds(config);
      if (config.notify !== undefined) checkChannels(config.notify, systemClock);
      if (json) printJson(shown(config));
      else print(`${path} can be used:`, ...linesOf(config).map((line) => `  ${line}`));
      return 0;
    }),
  );

const schema = new Command("schema")
  .summary("print the JSON schema of the file")
  .description("Prints the JSON schema of the file, by which editors complete and check it.")
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "printed" },
      examples: [
        [
          "eigenwatch config schema > eigenwatch.schema.json",
          "then begin the file with: # yaml-language-server: $schema=eigenwatch.schema.json",
        ],
      ],
    }),
  )
  .action(
    exitWith(() => {
      const whole = v.strictObject({ ...fileSchema.entries, settings: v.optional(settingsSchema) });
      const text = JSON.stringify(toJsonSchema(whole, { typeMode: "input", errorMode: "ignore" }), null, 2);
      print(...text.split("\n"));
      return 0;
    }),
  );

export const configCommand = new Command("config")
  .description("Checks the configuration file of `up` and `node`, and prints its schema.")
  .addCommand(check)
  .addCommand(schema);

/** Throws what a feed cannot be started with: its spec, or a file that it cannot read. */
async function checkFeeds({ feeds, settings }: UpConfig): Promise<void> {
  const stdin = noInput();
  const { seed } = settings;
  const made = createFeeds(feeds, { worlds: synthWorlds(), clock: systemClock, seed, notice() {}, stdin });
  const refusal = await refusalAmong(made);
  if (refusal !== null) throw refusal;
}

/** What standard input brings is not looked at. */
async function* noInput(): AsyncGenerator<Uint8Array> {}

/** Workflows by name: their definitions stand in files of their own. */
function shown({ workflows, requested: _, ...config }: UpConfig): object {
  return { ...config, workflows: workflows.map(({ name }) => name) };
}

function linesOf(config: UpConfig): string[] {
  const { session, feeds, host, port, record, partitions, requested, workflows, universes, notify } = config;
  const told = notify === undefined ? 0 : notify.webhooks.length + notify.emails.length;
  const rows: [name: string, value: string][] = [
    ["session", session],
    ["feeds", feeds.join("  ")],
    ["page", `${host}:${port}${config.basePath}`],
    ["recording", record ?? "none, in memory"],
    ["partitions", String(partitions ?? 1)],
    ["settings", requested.map(({ path, value }) => `${path}=${value}`).join("  ") || "the defaults"],
    ["workflows", workflows.map(({ name }) => name).join("  ") || "none"],
    ["universes", Object.keys(universes).join("  ") || "none"],
    ["notices", `${told} webhooks and e-mails${notify?.push === undefined ? "" : ", browsers"}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)} ${value}`);
}
