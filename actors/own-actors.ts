/**
 * Adds actors of the user's own, `--actor ./mine.ts`, to those of the program.
 *
 *   file ──bytes──► SHA-256 ─────────────────────────────┐
 *     └──import──► default export(kit) ──► definition ───┴──► SYSTEM, settings: a section of its own
 *
 * They are there before anything runs, in each process and thread of the program, and from then on they are actors like others: recordings name them
 * with file and hash (actors/core/actor-versions.ts). The code runs with the rights of the program.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { EigenwatchError, errorText } from "../protocol/errors.ts";
import { addSection } from "../protocol/settings.ts";
import { type ActorModule, actorKit, type OwnActor } from "./actor-kit.ts";
import { isField } from "./core/snapshot.ts";
import type { ActorDefinition, Detector } from "./ports/detector.ts";
import { addToSystem, SYSTEM } from "./system.ts";

/** Throws an EigenwatchError that names the file for one that cannot be read, imported or used. */
export async function addOwnActors(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const { definition, section } = await loadActor(file);
    addSection(definition.name, section);
    addToSystem(definition);
  }
}

async function loadActor(file: string): Promise<OwnActor> {
  const bytes = read(file);
  refuseRelativeImports(file, bytes.toString("utf8"));
  const make = await importDefault(file);
  if (typeof make !== "function")
    throw refused(
      file,
      `its default export is of type ${typeof make}`,
      "export default (kit) => kit.defineDetector({…})",
    );
  const own = made(file, "default export", "an actor", () => (make as ActorModule)(actorKit)) as
    | Partial<OwnActor>
    | undefined;
  const { definition, section } = own ?? {};
  if (typeof definition?.createDetector !== "function" || section?.kind !== "schema")
    throw refused(file, "its default export returned no actor", "what kit.defineDetector returned");
  checkName(file, definition.name);
  checkSection(file, section);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { definition: { ...checked(file, definition), file: { name: basename(file), sha256 } }, section };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw refused(file, errorText(error), "a readable file of JavaScript or TypeScript");
  }
}

/**
 * Imports of values, not of types alone, from a file beside it, as they are written by hand and by bundlers: `import"./x"`, `export*from"./x"`, `import("./x")`. No
 * parser: one with a comment between its words is not found, nor is a path that is computed.
 */
const RELATIVE_IMPORT =
  /(?:^|[;{})]|\*\/)\s*(?:import|export(?!\s+(?:default|const|let|var|function|class)\b))\b(?!\s+type\b)[^"'`;()=]*["'](\.{1,2}\/[^"']+)["']|\bimport\s*\(\s*["'`](\.{1,2}\/[^"'`]+)/m;

function refuseRelativeImports(file: string, text: string): void {
  const [, from, dynamic] = RELATIVE_IMPORT.exec(text) ?? [];
  const other = from ?? dynamic;
  if (other !== undefined)
    throw refused(file, `it imports ${other}, which its hash does not cover`, "one file, bundled if need be");
}

async function importDefault(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(resolve(file)).href)) as { default?: unknown }).default;
  } catch (error) {
    const { code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
    if (code === "ERR_UNKNOWN_FILE_EXTENSION" && file.endsWith("ts"))
      throw refused(
        file,
        "this runtime does not read TypeScript",
        "Deno, Node 22.18 or later, or JavaScript (.mjs)",
      );
    throw refused(file, errorText(error), "a module that this runtime can import");
  }
}

function checkName(file: string, name: string): void {
  if (typeof name !== "string" || !/^[a-z]{2,32}$/.test(name))
    throw refused(file, `its actor is called ${JSON.stringify(name)}`, "2 to 32 lower-case letters");
  if ([...SYSTEM.group, ...SYSTEM.session].some((each) => each.name === name))
    throw refused(file, `there is an actor ${name} already`, "another name");
}

/** Its settings have defaults, and are values that a command line can give. */
function checkSection(file: string, section: v.GenericSchema): void {
  const result = v.safeParse(section, {});
  if (!result.success) {
    const setting = v.getDotPath(result.issues[0]) ?? "?";
    throw refused(file, `its setting ${setting} has no default`, "v.optional(schema, default)");
  }
  for (const [name, value] of Object.entries(result.output as object))
    if (!["number", "string", "boolean"].includes(typeof value))
      throw refused(file, `its setting ${name} is ${JSON.stringify(value)}`, "a number, a text or a boolean");
}

/** The same definition; its detectors are refused when they are made if they could not be replayed. */
function checked(file: string, definition: ActorDefinition): ActorDefinition {
  const enabled = definition.enabled.bind(definition);
  return {
    ...definition,
    enabled(settings, group) {
      try {
        return enabled(settings, group);
      } catch {
        return true; // Its detector cannot be made then: its actor is stopped, and says why.
      }
    },
    createDetector(settings, group) {
      made(file, "appliesTo", EACH_GROUP, () => enabled(settings, group));
      const detector = made(file, "create", EACH_GROUP, () => definition.createDetector(settings, group));
      checkDetector(file, detector);
      return detector;
    },
  };
}

const EACH_GROUP = "for each group";

function made<Made>(file: string, method: string, what: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    throw refused(file, `its ${method} throws: ${errorText(error)}`, `${method} that returns ${what}`);
  }
}

/** One of these a detector has, or it would never be called. */
const CALLED = ["update", "addMeasures", "onInput", "onAnnouncement"] as const;
/** What only actors of the program have. */
const NOT_FOR_OWN = ["publish", "usual"] as const;

function checkDetector(file: string, detector: Detector): void {
  const whole = "{ fields: { name: typed array, … }, update(batch, context) { … } }";
  if (typeof detector !== "object" || detector === null)
    throw refused(file, `its create returns ${String(detector)}`, whole);
  if (typeof detector.fields !== "object" || detector.fields === null)
    throw refused(file, "its detector has no fields", whole);
  for (const [name, field] of Object.entries(detector.fields))
    if (!isField(field))
      throw refused(
        file,
        `its field ${name} is ${Object.prototype.toString.call(field).slice(8, -1)}`,
        "Float64Array, Int32Array, Uint32Array, Uint16Array or Uint8Array",
      );
  for (const name of CALLED)
    if (!["undefined", "function"].includes(typeof detector[name]))
      throw refused(file, `its ${name} is of type ${typeof detector[name]}`, "a function, or none");
  for (const name of NOT_FOR_OWN)
    if (detector[name] !== undefined)
      throw refused(file, `its detector has ${name}`, "fields, update and addMeasures");
  if (!CALLED.some((name) => detector[name] !== undefined))
    throw refused(file, "its detector has no update", whole);
  for (const [name, method] of methodsOf(detector))
    if (method.constructor.name.startsWith("Async"))
      throw refused(file, `${name} is async`, "a synchronous function");
}

/** Its own ones and those of its classes. */
function* methodsOf(detector: object): Generator<[string, CallableFunction]> {
  for (let each = detector; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each)))
      if (typeof value === "function") yield [name, value];
}

function refused(file: string, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `use the actor ${file}`, value, expected });
}
