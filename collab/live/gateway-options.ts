/** The options of the commands that open a gateway: `up`, and a node of a cluster. */
import type { Command, OptionValues } from "@commander-js/extra-typings";
import { port, read, texts } from "../../actors/command-line/option-values.ts";

/** Adds them to a command. What they are read into: `readConfig`. */
export function withGatewayOptions<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) {
  return command
    .option("--port <port>", "port of the gateway, 0 for any free port (default: 7420)", read(port))
    .option("--host <address>", "address to listen on; any but loopback needs a token (default: 127.0.0.1)")
    .option("--token-file <file>", "read the bearer token from this file instead of making one")
    .option(
      "--allow-host <name>",
      "answer to this Host name too (behind a proxy); may be given again",
      texts,
      [],
    )
    .option(
      "--allow-origin <origin>",
      "answer to pages of this origin (https://example.org) too, by token or ticket; may be given again",
      texts,
      [],
    )
    .option("--base-path <path>", "path under which a reverse proxy serves the gateway");
}
