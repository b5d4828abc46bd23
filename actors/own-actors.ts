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
import { isName } from "../protocol/fields.ts";
import { addSection } from "../protocol/settings.ts";
import { type ActorModule, actorKit, type OwnActor } from "./actor-kit.ts";
import type { ActorDefinition, Detector, DetectorContext, Signal } from "./ports/detector.ts";
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
  const { definition, section } = (make as ActorModule)(actorKit) ?? {};
  if (definition === undefined || section === undefined)
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
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION" && file.endsWith("ts"))
      throw refused(
        file,
        "this runtime does not read TypeScript",
        "Deno, Node 22.18 or later, or JavaScript (.mjs)",
      );
    throw refused(file, message, "a module that this runtime can import");
  }
}

function checkName(file: string, name: string): void {
  if (!/^[a-z]{2,32}$/.test(name))
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

/** The same definition; its detectors are refused when they are made if they could not be replayed, and fail where they signal what no event can say. */
function checked(file: string, definition: ActorDefinition): ActorDefinition {
  return {
    ...definition,
    createDetector(settings, group) {
      const detector = made(file, () => definition.createDetector(settings, group));
      for (const [name, method] of methodsOf(detector))
        if (method.constructor.name.startsWith("Async"))
          throw refused(file, `${name} is async`, "a synchronous function");
      if (typeof detector.fields !== "object")
        throw refused(file, "its detector has no fields", "fields: { name: typed array, … }");
      const update = detector.update?.bind(detector);
      if (update !== undefined)
        detector.update = (batch, context) => update(batch, withCheckedSignals(context));
      const addMeasures = detector.addMeasures?.bind(detector);
      if (addMeasures !== undefined)
        detector.addMeasures = (measures, state) => {
          const own: Record<string, number> = {};
          addMeasures(own, state);
          for (const [measure, value] of Object.entries(own))
            if (Number.isFinite(value) && isName(measure)) measures[measure] = value;
        };
      return detector;
    },
  };
}

function made(file: string, make: () => Detector): Detector {
  try {
    return make();
  } catch (error) {
    throw refused(file, `its detector cannot be made: ${errorText(error)}`, "create that returns a detector");
  }
}

/** The context, whose actor is restarted for a signal of which no event can be made: encoding that would halt the session. */
function withCheckedSignals<Context extends Pick<DetectorContext, "signal">>(context: Context): Context {
  const signal = (said: Signal): void => {
    for (const [name, value] of Object.entries(said)) {
      const isNumber = typeof value === "number";
      if (isNumber ? !Number.isFinite(value) : ["function", "bigint", "symbol"].includes(typeof value))
        throw new Error(`it signals ${name} ${String(value)}; expected a finite number, a text or a switch`);
    }
    if (typeof said.timeUs !== "number") throw new Error("it signals no timeUs; expected µs since the epoch");
    context.signal(said);
  };
  return Object.create(context, { signal: { value: signal } }) as Context;
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
