/** `eigenwatch verify keygen`: keys to seal recordings with, and how they are read from their files. */
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import { CommandError } from "../../../actors/mod.ts";
import {
  type Algorithm,
  generateKeys,
  type PublicKey,
  readPublicKey,
  readSecretKey,
  type SecretKey,
} from "./signing-keys.ts";

export interface KeygenFlags {
  out: string;
  algorithm: Algorithm;
}

/** Two files that only their owner may read. The secret is never printed. */
export async function keygenCommand({ out, algorithm }: KeygenFlags): Promise<number> {
  const files = { secret: `${out}.key`, public: `${out}.pub` };
  for (const file of Object.values(files))
    if (existsSync(file))
      throw new CommandError(`Cannot write a key to ${file}: it is there already; expected another --out`);
  const keys = generateKeys(algorithm);
  await written(files.secret, keys.secret);
  // Who has no public key has no use of the secret one.
  await written(files.public, keys.public).catch(async (error: Error) => {
    await rm(files.secret, { force: true });
    throw error;
  });
  process.stdout.write(
    `${algorithm} key ${keys.fingerprint}\nsecret  ${files.secret}\npublic  ${files.public}\n`,
  );
  return 0;
}

async function written(file: string, key: string): Promise<void> {
  await writeFile(file, key, { mode: 0o600, flag: "wx" }).catch((error: Error) => {
    throw new CommandError(`Cannot write a key to ${file}: ${error.message}`);
  });
}

export async function secretKey(path: string): Promise<SecretKey> {
  const key = readSecretKey(await textOf(path));
  if (key !== null) return key;
  throw new CommandError(
    `Cannot sign with ${path}: it holds no secret key; expected a file NAME.key of \`verify keygen\``,
  );
}

export async function publicKey(path: string): Promise<PublicKey> {
  const key = readPublicKey(await textOf(path));
  if (key !== null) return key;
  throw new CommandError(
    `Cannot check with ${path}: it holds no public key; expected a file NAME.pub of \`verify keygen\``,
  );
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: Error) => {
    throw new CommandError(`Cannot read the key ${path}: ${error.message}`);
  });
}
