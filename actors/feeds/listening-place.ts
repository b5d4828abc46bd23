/** Where a feed listens: `PORT`, or `HOST:PORT`. */
import { badSpec } from "./feed-kind.ts";

/** On loopback unless a host is given. Throws for what is no place; `usual`: a port that is named then. */
export function listeningPlace(spec: string, target: string, usual: number): { host: string; port: number } {
  const [, host = "127.0.0.1", digits = ""] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(target) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535)
    throw badSpec(spec, `${target} is no place`, `PORT or HOST:PORT, such as ${usual}`);
  return { host, port };
}
