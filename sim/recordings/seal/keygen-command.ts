/** `eigenwatch verify keygen`: a pair of keys to seal recordings with. */
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { Command, Option } from "@commander-js/extra-typings";
import { manual } from "../../../actors/command-line/manual.ts";
import { exitWith } from "../../../actors/command-line/program.ts";
import { print } from "../../../actors/command-line/terminal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { type Algorithm, generateKeys } from "./signing-keys.ts";

export const keygenCommand = new Command("keygen")
  .summary("make a pair of keys to seal recordings with")
  .description("Makes a pair of keys to seal recordings with: NAME.key, which is secret, and NAME.pub.")
  .requiredOption("--out <name>", "path and name of the files, without their endings")
  .addOption(
    new Option("--algorithm <name>", "ml-dsa-65 (FIPS 204) also holds against quantum computers")
      .choices(["ed25519", "ml-dsa-65"] as const)
      .default("ed25519"),
  )
  .addHelpText(
    "after",
    manual({
      exitCodes: { 0: "both files were written" },
      examples: [["eigenwatch verify keygen --out lab", "make lab.key and lab.pub"]],
    }),
  )
  .action(exitWith(runKeygen));

/** Writes two files that only their owner may read. The secret key is never printed. */
export async function runKeygen({ out, algorithm }: { out: string; algorithm: Algorithm }): Promise<number> {
  const files = { secret: `${out}.key`, public: `${out}.pub` };
  for (const file of Object.values(files))
    if (existsSync(file)) throw unwritable(file, "it exists", "another --out");
  const keys = generateKeys(algorithm);
  await writeKey(files.secret, keys.secret);
  // A secret key without its public key is of no use.
  await writeKey(files.public, keys.public).catch(async (error: Error) => {
    await rm(files.secret, { force: true });
    throw error;
  });
  print(`${algorithm} key ${keys.fingerprint}`, `secret  ${files.secret}`, `public  ${files.public}`);
  return 0;
}

async function writeKey(file: string, key: string): Promise<void> {
  await writeFile(file, key, { mode: 0o600, flag: "wx" }).catch((error: Error) => {
    throw unwritable(file, error.message);
  });
}

function unwritable(file: string, value: string, expected = ""): EigenwatchError {
  return new EigenwatchError({ action: `write a key to ${file}`, value, expected });
}
