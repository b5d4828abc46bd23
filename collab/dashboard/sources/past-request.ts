/** Asks the gateway for a stretch of the past of one partition (GET /api/history). */
import { decodeMessage } from "../../../protocol/codec.ts";
import type { DecodedMessage } from "../../../protocol/messages.ts";
import { unpackMessages } from "../../../protocol/packed-messages.ts";
import type { PastAnswer } from "./source.ts";

export interface PastQuery {
  /** Null: the first partition. */
  readonly partition: string | null;
  readonly fromUs: number;
  /** ∞: up to the last delivery. */
  readonly toUs: number;
  /** Intervals expected. */
  readonly columns: number;
  /** Channels that are in charts, as group/name: all others come in intervals COARSE_INTERVALS times as long. Empty: all are fine. */
  readonly fine?: readonly string[];
  /** Without samples. */
  readonly onlyMeasures?: true;
}

export type FetchedPast = PastAnswer & {
  /** Live samples after this input continue the answer. */
  readonly input: number;
  /** False: the gateway still reads the log, and will know more. */
  readonly complete: boolean;
};

/** Measures that no chart shows over time: half an answer, were they in it. The state of a moment has them. */
const WITHOUT =
  "purityCorrected,cohL1,cohRel,visibility,visibilityMax,phaseOfMax,surprise,kappa,updates,significantPairs,pairs,coherence,warm";

/** Rejects when the gateway does not answer with a past, and when `signal` says that nobody waits for it any more. */
export async function fetchPast(query: PastQuery, signal: AbortSignal): Promise<FetchedPast> {
  const { partition, fromUs, toUs, columns, fine = [], onlyMeasures } = query;
  const parameters = new URLSearchParams({ from: whole(fromUs), columns: String(columns), without: WITHOUT });
  if (toUs !== Number.POSITIVE_INFINITY) parameters.set("to", whole(toUs));
  if (partition !== null) parameters.set("partition", partition);
  for (const channel of fine) parameters.append("fine", channel);
  if (onlyMeasures) parameters.set("only", "measures");
  const response = await fetch(`api/history?${parameters}`, { signal });
  if (!response.ok) throw new Error(`Cannot read the past: status ${response.status}; expected 200`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const messages = unpackMessages(bytes).map((message) => decodeMessage(message));
  const of = <Type extends DecodedMessage["type"]>(type: Type) =>
    messages.filter((message) => message.type === type) as Extract<DecodedMessage, { type: Type }>[];
  const [head] = of("subscribed");
  return {
    input: head?.after ?? 0,
    complete: head?.complete ?? true,
    fromUs,
    toUs,
    decimated: of("decimated"),
    measures: of("measures"),
    states: of("state"),
  };
}

function whole(us: number): string {
  return String(Math.max(0, Math.floor(us)));
}
