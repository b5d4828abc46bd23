/**
 * How the commands of a cluster reach NATS: options for what a process list may show, and files or the environment for secrets, with the names
 * that the `nats` tool has.
 *
 *   --nats URL           NATS_URL          --nats-creds FILE        NATS_CREDS
 *   --nats-nkey FILE     NATS_NKEY         --nats-ca, -cert, -key   NATS_CA, NATS_CERT, NATS_KEY
 *                        NATS_TOKEN        NATS_USER, NATS_PASSWORD
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { read } from "../../actors/command-line/option-values.ts";
import {
  createNatsBus,
  type NatsBus,
  type NatsCredentials,
  type NatsTls,
  parseNatsUrl,
  systemClock,
} from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { wholeNumber } from "../../protocol/text-values.ts";

export interface NatsFlags {
  nats?: string | undefined;
  natsCreds?: string | undefined;
  natsNkey?: string | undefined;
  natsCa?: string | undefined;
  natsCert?: string | undefined;
  natsKey?: string | undefined;
  natsReplicas?: number | undefined;
}

const DEFAULT_URL = "nats://127.0.0.1:4222";

/** The paragraph about secrets in a command's help. */
export const NATS_HELP = `
NATS is reached with --nats, or with the variables of the nats tool: NATS_URL, NATS_CREDS, NATS_NKEY (files), NATS_TOKEN, NATS_USER and
NATS_PASSWORD, NATS_CA, NATS_CERT, NATS_KEY (files).`;

/**
 * Connects as the options and the environment say. `name`: what the servers list this process as. `takesData`: it may own partitions, so that
 * feeds send to it.
 */
export function connectBus(
  flags: NatsFlags,
  name: string,
  log: (message: string) => void,
  takesData = false,
): Promise<NatsBus> {
  const { servers, credentials, isTls } = parseNatsUrl(natsUrl(flags));
  const tls = tlsOf(flags) ?? (isTls ? {} : null);
  return createNatsBus({
    servers,
    name: `eigenwatch ${name}`,
    credentials: credentialsOf(flags) ?? credentials,
    tls,
    dataConnection: takesData,
    clock: systemClock,
    log,
    ...(flags.natsReplicas === undefined ? {} : { replicas: flags.natsReplicas }),
  });
}

export function natsUrl(flags: NatsFlags): string {
  return flags.nats ?? variable("NATS_URL") ?? DEFAULT_URL;
}

function credentialsOf(flags: NatsFlags): NatsCredentials | null {
  const creds = flags.natsCreds ?? variable("NATS_CREDS");
  if (creds !== undefined) return { kind: "creds", text: readSecret("--nats-creds", creds) };
  const nkey = flags.natsNkey ?? variable("NATS_NKEY");
  if (nkey !== undefined) return { kind: "nkey", seed: readSecret("--nats-nkey", nkey).trim() };
  const token = variable("NATS_TOKEN");
  if (token !== undefined) return { kind: "token", token };
  const user = variable("NATS_USER");
  if (user === undefined) return null;
  return { kind: "password", user, password: variable("NATS_PASSWORD") ?? "" };
}

function tlsOf(flags: NatsFlags): NatsTls | null {
  const files = {
    ca: flags.natsCa ?? variable("NATS_CA"),
    cert: flags.natsCert ?? variable("NATS_CERT"),
    key: flags.natsKey ?? variable("NATS_KEY"),
  };
  const given = Object.entries(files).filter(([, path]) => path !== undefined);
  if (given.length === 0) return null;
  return Object.fromEntries(given.map(([key, path]) => [key, readSecret(`--nats-${key}`, path!)]));
}

function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

function readSecret(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const value = (cause as Error).message;
    throw new EigenwatchError({ action: `read ${option} ${path}`, value, expected: "a readable file" });
  }
}

/** Options of every command that reaches NATS. */
export const NATS_OPTIONS: readonly (readonly [flags: string, description: string])[] = [
  ["--nats-creds <file>", "sign in with this creds file"],
  ["--nats-nkey <file>", "sign in with the NKey seed in this file"],
  ["--nats-ca <file>", "trust servers whose certificate this authority signed (PEM)"],
  ["--nats-cert <file>", "certificate to show the servers (PEM)"],
  ["--nats-key <file>", "key of that certificate (PEM)"],
];

/** Of the commands that make the log of a session. */
export function natsReplicas() {
  return new Option(
    "--nats-replicas <n>",
    "copies of the log, on as many servers, when it is made (default: 1)",
  ).argParser(read(wholeNumber(1, 5)));
}

/** Adds them to a command. */
export function withNatsOptions<C extends CommandUnknownOpts>(command: C): C {
  for (const [flags, description] of NATS_OPTIONS) command.option(flags, description);
  command.addHelpText("after", NATS_HELP);
  return command;
}
