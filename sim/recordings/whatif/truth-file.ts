/** A file of truths, one JSON object a line, as `feed --truth` writes it. */
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { CommandError } from "../../../actors/mod.ts";
import type { Truth } from "../../worlds/scenario.ts";

const truthSchema = v.object({
  kind: v.string(),
  detectors: v.array(v.picklist(["anomaly", "collapse"])),
  group: v.string(),
  channels: v.array(v.string()),
  onsetUs: v.pipe(v.number(), v.safeInteger()),
  endUs: v.pipe(v.number(), v.safeInteger()),
});

export async function readTruths(path: string): Promise<Truth[]> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new CommandError(`Cannot read --truth ${path}: ${error.message}`);
  });
  const lines = text.split("\n");
  return lines.flatMap((line, i) => (line.trim() === "" ? [] : [truthOf(line, `${path} line ${i + 1}`)]));
}

function truthOf(line: string, where: string): Truth {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new CommandError(
      `Cannot read ${where}: it is no JSON; expected one truth a line, as feed --truth writes it`,
    );
  }
  const result = v.safeParse(truthSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new CommandError(
    `Cannot read ${where}: ${v.getDotPath(issue) ?? "it"} is ${issue.received}; expected ${issue.expected}`,
  );
}
