/** JSON Schema of every kind of message in an MCAP file, made from the schemas that the program itself checks by. */
import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { bytes, json } from "../../../protocol/fields.ts";
import { frameBody } from "../../../protocol/frame-body.ts";
import { MESSAGES, type MessageName } from "../../../protocol/messages.ts";
import { blockRow, derivedRow } from "./layout.ts";

export interface MessageSchema {
  name: string;
  encoding: string;
  data: Uint8Array;
}

/** The schema of a kind of message; of a kind that is not known one that allows everything. */
export function schemaOf(kind: string): MessageSchema {
  const schema =
    SPECIAL[kind] ?? (Object.hasOwn(MESSAGES, kind) ? MESSAGES[kind as MessageName].schema : null);
  const text = schema === null ? {} : { ...toJsonSchema(schema, CONVERSION), ...describe(kind) };
  return {
    name: `eigenwatch.${kind}`,
    encoding: "jsonschema",
    data: new TextEncoder().encode(JSON.stringify(text)),
  };
}

/** Rows of an MCAP file that are no messages of the log as they stand there. */
const SPECIAL: Record<string, GenericSchema> = {
  frame: frameBody,
  block: blockRow,
  derived: derivedRow,
};

const DESCRIPTIONS: Record<string, string> = {
  frame:
    "Samples of one group by column, binary and little-endian: sample k has channel channel[k] (uint16, index into the group's " +
    "declaration on …/channels), value value[k] (float64) and time t0 + dt[k] (dt: uint32, µs since the epoch).",
  block: "Closes the inputs before it: what else the log's block holds, and the SHA-256 of the block.",
  derived: "Closes the events before it: the block that they were derived from.",
};

function describe(kind: string): { description?: string } {
  return Object.hasOwn(DESCRIPTIONS, kind) ? { description: DESCRIPTIONS[kind]! } : {};
}

const CONVERSION: ConversionConfig = {
  errorMode: "ignore",
  overrideSchema({ valibotSchema }) {
    // JSON has no binary: msgpack's bin stands where the schema says so.
    if (valibotSchema === bytes) return { type: "string", contentEncoding: "binary" };
    return valibotSchema === json ? {} : null;
  },
  overrideAction({ valibotAction, jsonSchema }) {
    if (valibotAction.type !== "check") return null;
    const { message } = valibotAction as unknown as { message: unknown };
    return typeof message === "string"
      ? { ...jsonSchema, description: message.replace("Expected ", "") }
      : jsonSchema;
  },
};
