/** The options `tokenFile` and `passwordFile`: secrets stand in files, for specs are recorded. */
import { readFileSync } from "node:fs";
import { badSpec } from "./feed-kind.ts";

/** Null where no file is named. Throws for a file without one. `what`: "password". */
export function tokenOf(spec: string, path: string | undefined, what = "token"): string | null {
  if (path === undefined) return null;
  let token = "";
  try {
    token = readFileSync(path, "utf8").trim();
  } catch {
    // As a file without one.
  }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw badSpec(spec, `there is no ${what} in ${path}`, `a file with a ${what}, in one line`);
  return token;
}
