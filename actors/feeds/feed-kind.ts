/**
 * What every kind of feed consists of: its target and options in a spec, and how a feed is made from them.
 *
 * A kind is one file that exports one `feedKind({…})`, and one row in kinds.ts. Parsing, help, unique names and merging by time follow
 * from the row.
 */

import { EigenwatchError } from "../../protocol/errors.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "../ports/feed.ts";
import type { Option, OptionValues } from "./options.ts";
import type { SynthWorlds } from "./synth-world.ts";

/** Every kind lets the user name its channel group. */
export type KindOptions = Readonly<Record<string, Option<unknown>>> & {
  readonly group: Option<string | undefined>;
};

export interface FeedKind<O extends KindOptions> {
  /** What a spec names after the colon ("PATH"), or null when nothing follows. */
  readonly target: string | null;
  /** One line for --help. */
  readonly help: string;
  readonly options: O;
  /** What sources and groups are called after a target; default: what follows its last slash. */
  named?(target: string): string;
  /** Speed of a recorded feed in multiples of recorded time; null for a live feed. */
  speed(options: OptionValues<O>): number | null;
  create(request: FeedRequest<OptionValues<O>>): Feed;
}

export interface FeedRequest<Values> {
  /** The whole spec, for errors. */
  readonly spec: string;
  /** What the spec names after the colon, or "". */
  readonly target: string;
  readonly source: string;
  readonly group: string;
  readonly options: Values;
  readonly context: FeedContext;
}

/** What a session provides to its feeds. */
export interface FeedContext {
  readonly clock: Clock;
  /** Seed of the session; a feed's own `seed` option comes first. */
  readonly seed: number;
  /** Name of the node of a cluster that runs them. */
  readonly node?: string;
  /** Only `stdin` needs it. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Only `synth` needs them. */
  readonly worlds?: SynthWorlds;
  /** Takes the true events of a synthetic feed that has `truth=1`. */
  readonly notice?: (notice: Omit<OperatorNotice, "type">) => void;
}

export function feedKind<const O extends KindOptions>(kind: FeedKind<O>): FeedKind<O> {
  return kind;
}

/** What parameters of an address are called that hold a secret: `token`, `api_key`, `X-Amz-Signature`. */
const SECRETS =
  "(?:[\\w-]*[-_])?(?:access|api|auth)?(?:token|key|secret|pass|passwd|password|pwd|sig|signature|auth|authorization|credentials?)";
export const SECRET_PARAMETER = new RegExp(`^${SECRETS}$`, "i");
const SECRET_GIVEN = new RegExp(`((?:[?&]|%3F)${SECRETS}(?:=|%3D))[^&?\\s]*`, "gi");

/** The error for a spec that cannot be used. It goes to logs, and so without the secrets of an address. */
export function badSpec(spec: string, value: string, expected: string): EigenwatchError {
  const [action, what] = [`use feed "${withoutSecrets(spec)}"`, withoutSecrets(value)];
  return new EigenwatchError({ action, value: what, expected });
}

function withoutSecrets(text: string): string {
  return withoutPassword(text).replace(SECRET_GIVEN, "$1***");
}

/** `//USER:PASSWORD@` and `KIND:USER:PASSWORD@`. A password that is not escaped may hold anything, so it goes to the last "@". */
function withoutPassword(text: string): string {
  return text.replace(/^((?:[\w-]+:)?(?:[a-z+]+:\/\/)?[^\s/:@?]*):.*@/s, "$1:***@");
}
