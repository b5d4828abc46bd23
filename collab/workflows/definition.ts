/**
 * Workflow definitions as people write them: YAML.
 *
 *   file ─► YAML ─► schema ─► graph without circles ─► definition            each fault with file, line, column, and what was expected
 */
import * as v from "valibot";
import { expectedAmong } from "../../protocol/closest-name.ts";
import { ROLES } from "../../protocol/principal.ts";
import { checkEntry } from "../../protocol/room-document.ts";
import { body, label } from "../../protocol/room-fields.ts";
import { duration } from "../../protocol/text-values.ts";
import {
  automatic,
  CONDITION_NAMES,
  graphFault,
  type StepDefinition,
  stepDefinition,
  WORKFLOW_STEPS_MAX,
  type WorkflowDefinition,
  workflowId,
} from "../../protocol/workflow.ts";
import { YamlText } from "../../protocol/yaml-text.ts";

const timeout = duration(1_000);

const [UNTIL, ROWS] = automatic.options;

const step = v.strictObject({
  title: stepDefinition.entries.title,
  instructions: stepDefinition.entries.instructions,
  after: v.optional(v.union([workflowId, v.array(workflowId)], "the name of a step, or a list of names")),
  role: v.optional(v.picklist(ROLES)),
  until: v.optional(UNTIL.entries.until),
  rows: v.optional(ROWS.entries.rows),
  timeout: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => timeout.read(text) !== undefined, timeout.expected),
    ),
  ),
});

const file = v.strictObject({
  name: workflowId,
  title: v.pipe(label, v.nonEmpty("a title")),
  description: v.optional(body),
  feeds: v.optional(v.array(v.string())),
  steps: v.pipe(
    v.record(workflowId, step),
    v.check((steps) => Object.keys(steps).length > 0, "at least one step"),
    v.check(
      (steps) => Object.keys(steps).length <= WORKFLOW_STEPS_MAX,
      `at most ${WORKFLOW_STEPS_MAX} steps`,
    ),
  ),
});

type Step = v.InferOutput<typeof step>;

export interface Workflow {
  readonly name: string;
  readonly definition: WorkflowDefinition;
  /** What `workflow run` watches when it is told no feed. */
  readonly feeds: readonly string[];
}

/** `path` is named in errors: FILE:LINE:COLUMN. */
export function readWorkflow(text: string, path: string): Workflow {
  return new Reader(text, path).read();
}

class Reader {
  private readonly source: YamlText;

  constructor(text: string, path: string) {
    this.source = new YamlText(text, path, "read workflow");
  }

  read(): Workflow {
    const { name, title, description, feeds = [], steps } = this.checked(this.source.value());
    const defined = Object.fromEntries(
      Object.entries(steps).map(([id, each]) => [id, this.stepOf(id, each)]),
    );
    const broken = graphFault(defined);
    if (broken !== null) {
      const { step, after, problem } = broken;
      const among = Object.keys(defined).filter((id) => id !== step);
      throw this.source.faultAt(
        ["steps", step, "after"],
        problem === "unknown"
          ? `there is no step ${after}`
          : `${step} comes after ${after}, which comes after ${step}`,
        problem === "unknown" ? expectedAmong(after, among) : "steps in no circle",
      );
    }
    const definition = { title, ...(description === undefined ? {} : { description }), steps: defined };
    const issue = checkEntry("definitions", name, definition);
    if (issue !== null)
      throw this.source.faultAt(["steps"], "a definition that is too large", issue.expected);
    return { name, definition, feeds };
  }

  private checked(value: unknown): v.InferOutput<typeof file> {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw this.source.faultAt([], value === null ? "an empty file" : "no map", "name, title and steps");
    // To valibot a list is a record.
    if (Array.isArray((value as { readonly steps?: unknown }).steps))
      throw this.source.faultAt(["steps"], "steps is a list", "a map of steps by name");
    const result = v.safeParse(file, value, { abortEarly: true });
    if (result.success) return result.output;
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => String(key));
    const isOurs = issue.type === "check" || issue.type === "union" || issue.type === "non_empty";
    const where = path.join(".") || "the file";
    if (issue.type === "strict_object" && issue.expected === "never") {
      const known = path[0] === "steps" && path.length === 3 ? step.entries : file.entries;
      const key = path.at(-1)!;
      throw this.source.faultAt(path, `there is no key ${key}`, expectedAmong(key, Object.keys(known)));
    }
    if (issue.received === "undefined")
      throw this.source.faultAt(
        path,
        `there is no ${where}`,
        path.length === 3 ? "a title" : "name, title and steps",
      );
    throw this.source.faultAt(
      path,
      `${where} is ${issue.received}`,
      isOurs ? issue.message : (issue.expected ?? issue.message),
    );
  }

  private stepOf(
    id: string,
    { after, until, rows, timeout: limit, role, instructions, title }: Step,
  ): StepDefinition {
    const at = (key: string): readonly string[] => ["steps", id, key];
    if (until !== undefined && rows !== undefined)
      throw this.source.faultAt(
        at("rows"),
        "until and rows",
        "one of them: an automatic step does one thing",
      );
    const isAutomatic = until !== undefined || rows !== undefined;
    if (!isAutomatic && limit !== undefined)
      throw this.source.faultAt(
        at("timeout"),
        "a timeout of a step that people do",
        `until (${CONDITION_NAMES.join(", ")}) or rows with it`,
      );
    const afterAll = after === undefined ? [] : typeof after === "string" ? [after] : after;
    return {
      title,
      ...(instructions === undefined ? {} : { instructions }),
      ...(afterAll.length === 0 ? {} : { after: [...new Set(afterAll)] }),
      ...(role === undefined ? {} : { role }),
      ...(until === undefined ? {} : { automatic: { until } }),
      ...(rows === undefined ? {} : { automatic: { rows } }),
      ...(limit === undefined ? {} : { timeoutSeconds: timeout.read(limit)! / 1e6 }),
    };
  }
}
