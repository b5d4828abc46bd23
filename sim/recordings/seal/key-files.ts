/** Keys read from the files that `verify keygen` writes. */
import { readFile } from "node:fs/promises";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { type PublicKey, readPublicKey, readSecretKey, type SecretKey } from "./signing-keys.ts";

export async function secretKey(path: string): Promise<SecretKey> {
  const key = readSecretKey(await textOf(path));
  if (key !== null) return key;
  throw new EigenwatchError({
    action: `sign with ${path}`,
    value: "it holds no secret key",
    expected: "a file NAME.key of `verify keygen`",
    kind: "input",
  });
}

export async function publicKey(path: string): Promise<PublicKey> {
  const key = readPublicKey(await textOf(path));
  if (key !== null) return key;
  throw new EigenwatchError({
    action: `check with ${path}`,
    value: "it holds no public key",
    expected: "a file NAME.pub of `verify keygen`",
    kind: "input",
  });
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: Error) => {
    throw new EigenwatchError({ action: `read the key ${path}`, value: error.message });
  });
}
