/** The option `tokenFile` of feeds over HTTP. */
import { readFileSync } from "node:fs";
import { badSpec } from "./feed-kind.ts";

/** Null where no file is named. Throws for a file without a token. */
export function tokenOf(spec: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  let token = "";
  try {
    token = readFileSync(path, "utf8").trim();
  } catch {
    // As a file without one.
  }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw badSpec(spec, `there is no token in ${path}`, "a file with a bearer token, in one line");
  return token;
}
