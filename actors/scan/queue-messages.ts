/** What coordinators and workers of scans on several nodes say to each other, as JSON: checked where it arrives. */
import * as v from "valibot";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { MAX_RULE_CHARACTERS } from "./rules/tokens.ts";

/** Items of one job: as many as a coordinator hands out at most. */
const ITEMS_MAX = 256;

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));
const item = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A batch of a scan. */
const job = v.object({
  batch: name,
  /** The subject that takes the answer. */
  answerTo: name,
  universe: name,
  /** Of the data that the coordinator has: those of the worker must be the same. */
  digest: name,
  rule: v.pipe(v.string(), v.maxLength(MAX_RULE_CHARACTERS)),
  parameters: v.record(v.string(), v.number()),
  items: v.pipe(v.array(item), v.minLength(1), v.maxLength(ITEMS_MAX)),
  itemSeconds: v.pipe(v.number(), v.gtValue(0)),
});

const evaluated = v.object({
  score: v.number(),
  signal: v.boolean(),
  values: v.record(v.string(), v.nullable(v.number())),
  featuresMs: v.number(),
  evaluateMs: v.number(),
});

/** In the order of the items of the job. */
const answer = v.object({
  batch: name,
  answers: v.pipe(
    v.array(
      v.union([
        v.object({ result: evaluated }),
        v.object({ error: v.object({ message: v.pipe(v.string(), v.maxLength(4_096)) }) }),
      ]),
    ),
    v.minLength(1),
    v.maxLength(ITEMS_MAX),
  ),
});

export type BatchJob = v.InferOutput<typeof job>;
export type BatchAnswer = v.InferOutput<typeof answer>;

/** Undefined for bytes that are none. */
export function readJob(bytes: Uint8Array): BatchJob | undefined {
  return read(job, bytes);
}

export function readAnswer(bytes: Uint8Array): BatchAnswer | undefined {
  return read(answer, bytes);
}

export function written(message: BatchJob | BatchAnswer): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
): v.InferOutput<Schema> | undefined {
  if (bytes.length > MAX_MESSAGE_BYTES) return undefined;
  try {
    const result = v.safeParse(schema, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
