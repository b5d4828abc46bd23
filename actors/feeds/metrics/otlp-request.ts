/**
 * What an OpenTelemetry exporter sends: an ExportMetricsServiceRequest, as protobuf or as JSON.
 *
 *   resourceMetrics ─► scopeMetrics ─► metrics ─► data points        both encodings have one shape here, that of the JSON
 *
 * Source: github.com/open-telemetry/opentelemetry-proto, metrics/v1/metrics.proto and collector/metrics/v1/metrics_service.proto, version 1.
 */
import { PbfReader } from "pbf";
import * as v from "valibot";
import { shorten } from "../../../protocol/check-body.ts";
import { EigenwatchError, errorText, show } from "../../../protocol/errors.ts";

/** 64-bit integers are texts in JSON, and exporters write numbers too. */
const integer = v.pipe(
  v.union([v.number(), v.string()]),
  v.transform(Number),
  v.check((value) => Number.isFinite(value), "an integer"),
);
/** NaN and the infinities are texts. */
const double = v.pipe(
  v.union([v.number(), v.picklist(["NaN", "Infinity", "-Infinity"])]),
  v.transform(Number),
);

const value = v.looseObject({
  stringValue: v.optional(v.string()),
  boolValue: v.optional(v.boolean()),
  intValue: v.optional(integer),
  doubleValue: v.optional(double),
});
const attributes = v.optional(v.array(v.looseObject({ key: v.string(), value: v.optional(value, {}) })), []);

const point = v.looseObject({
  attributes,
  startTimeUnixNano: v.optional(integer, 0),
  timeUnixNano: v.optional(integer, 0),
});
const numberPoint = v.looseObject({
  ...point.entries,
  asDouble: v.optional(double),
  asInt: v.optional(integer),
});
const histogramPoint = v.looseObject({
  ...point.entries,
  count: v.optional(integer, 0),
  bucketCounts: v.optional(v.array(integer), []),
  explicitBounds: v.optional(v.array(double), []),
});
const summaryPoint = v.looseObject({
  ...point.entries,
  count: v.optional(integer, 0),
  quantileValues: v.optional(
    v.array(v.looseObject({ quantile: v.optional(double, 0), value: v.optional(double, 0) })),
    [],
  ),
});

const ofPoints = <Point extends v.GenericSchema>(each: Point) =>
  v.looseObject({
    dataPoints: v.optional(v.array(each), []),
    aggregationTemporality: v.optional(v.union([v.number(), v.string()]), 0),
    isMonotonic: v.optional(v.boolean(), false),
  });

const metric = v.looseObject({
  name: v.optional(v.string(), ""),
  unit: v.optional(v.string(), ""),
  gauge: v.optional(ofPoints(numberPoint)),
  sum: v.optional(ofPoints(numberPoint)),
  histogram: v.optional(ofPoints(histogramPoint)),
  exponentialHistogram: v.optional(
    ofPoints(v.looseObject({ ...point.entries, count: v.optional(integer, 0) })),
  ),
  summary: v.optional(ofPoints(summaryPoint)),
});

const request = v.looseObject({
  resourceMetrics: v.optional(
    v.array(
      v.looseObject({
        resource: v.optional(v.looseObject({ attributes }), {}),
        scopeMetrics: v.optional(v.array(v.looseObject({ metrics: v.optional(v.array(metric), []) })), []),
      }),
    ),
    [],
  ),
});

export type OtlpRequest = v.InferOutput<typeof request>;
export type OtlpMetric = v.InferOutput<typeof metric>;
export type OtlpAttributes = v.InferOutput<typeof attributes>;
export type OtlpHistogramPoint = v.InferOutput<typeof histogramPoint>;

/** Points, attributes and all else that has fields: a batch of 8,192 points with six attributes has 110,000. More would keep all else waiting. */
const OBJECTS_MAX = 131_072;
/** Fields and numbers in JSON. */
const COMMAS_MAX = 524_288;

/** Throws an EigenwatchError that names the field; of kind "limit" for what is too much. */
export function readJson(text: string): OtlpRequest {
  checkCount("objects", countOf(text, "{"), OBJECTS_MAX);
  checkCount("fields and numbers", countOf(text, ","), COMMAS_MAX);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable((error as Error).message, "JSON");
  }
  // For the library of schemas an array is an object whose fields are all absent.
  if (Array.isArray(json)) throw unreadable("the whole is an array", "an object with resourceMetrics");
  const result = v.safeParse(request, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw unreadable(
    `${v.getDotPath(issue) ?? "the whole"} is ${shorten(issue.received)}`,
    issue.expected ?? issue.message,
  );
}

/** Throws an EigenwatchError for bytes that are no such message. */
export function readProtobuf(bytes: Uint8Array): OtlpRequest {
  objects = 0;
  try {
    return new PbfReader(bytes).readFields(readRequest, { resourceMetrics: [] });
  } catch (error) {
    if (error instanceof EigenwatchError) throw error;
    throw unreadable(errorText(error), "an ExportMetricsServiceRequest");
  }
}

function checkCount(what: string, count: number, most: number): void {
  if (count > most)
    throw new EigenwatchError({
      action: "read metrics of OTLP",
      value: `more than ${most} ${what}`,
      expected: "smaller batches",
      kind: "limit",
    });
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

function unreadable(found: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "read metrics of OTLP", value: found, expected, kind: "input" });
}

// ---- protobuf: numbers of fields as in metrics.proto -------------------------------------------------------------

/** Of the request that is being read: nothing else runs meanwhile. */
let objects = 0;

function nested<T>(pbf: PbfReader, read: (tag: number, into: T, pbf: PbfReader) => void, into: T): T {
  objects++;
  checkCount("objects", objects, OBJECTS_MAX);
  return pbf.readMessage(read, into);
}

type Resource = OtlpRequest["resourceMetrics"][number];
type Scope = Resource["scopeMetrics"][number];
type Points = { dataPoints: object[]; aggregationTemporality: number; isMonotonic: boolean };
type Attribute = { key: string; value: Record<string, unknown> };
/** What all points have. */
type Point = { attributes: Attribute[]; startTimeUnixNano: number; timeUnixNano: number };

function readRequest(tag: number, into: OtlpRequest, pbf: PbfReader): void {
  if (tag === 1)
    into.resourceMetrics.push(nested(pbf, readResource, { resource: { attributes: [] }, scopeMetrics: [] }));
}

function readResource(tag: number, into: Resource, pbf: PbfReader): void {
  if (tag === 1)
    into.resource = {
      attributes: nested(pbf, readAttributes(1), [] as Attribute[]) as OtlpAttributes,
    };
  else if (tag === 2) into.scopeMetrics.push(nested(pbf, readScope, { metrics: [] }));
}

function readScope(tag: number, into: Scope, pbf: PbfReader): void {
  if (tag === 2) into.metrics.push(nested(pbf, readMetric, { name: "", unit: "" }));
}

/** Numbers of the fields with points, and how a point of each is read. */
const KINDS: Readonly<Record<number, readonly [keyof OtlpMetric & string, () => object, Read]>> = {
  5: ["gauge", aPoint, readNumberPoint],
  7: ["sum", aPoint, readNumberPoint],
  9: [
    "histogram",
    () => ({ ...aPoint(), count: 0, bucketCounts: [], explicitBounds: [] }),
    readHistogramPoint,
  ],
  10: ["exponentialHistogram", () => ({ ...aPoint(), count: 0 }), readExponentialPoint],
  11: ["summary", () => ({ ...aPoint(), count: 0, quantileValues: [] }), readSummaryPoint],
};

type Read = (tag: number, into: never, pbf: PbfReader) => void;

function aPoint(): Point {
  return { attributes: [], startTimeUnixNano: 0, timeUnixNano: 0 };
}

function readMetric(tag: number, into: OtlpMetric, pbf: PbfReader): void {
  if (tag === 1) into.name = pbf.readString();
  else if (tag === 3) into.unit = pbf.readString();
  const kind = KINDS[tag];
  if (kind === undefined) return;
  const [name, made, readPoint] = kind;
  const points: Points = { dataPoints: [], aggregationTemporality: 0, isMonotonic: false };
  into[name] = nested(
    pbf,
    (inner, of) => {
      if (inner === 1) of.dataPoints.push(nested(pbf, readPoint as never, made()));
      else if (inner === 2) of.aggregationTemporality = pbf.readVarint();
      else if (inner === 3) of.isMonotonic = pbf.readBoolean();
    },
    points,
  );
}

/** What stands under the numbers 2 and 3 in points of all kinds. */
function readTimes(tag: number, into: Point, pbf: PbfReader): void {
  if (tag === 2) into.startTimeUnixNano = pbf.readFixed64();
  else if (tag === 3) into.timeUnixNano = pbf.readFixed64();
}

function readNumberPoint(
  tag: number,
  into: Point & { asDouble?: number; asInt?: number },
  pbf: PbfReader,
): void {
  readTimes(tag, into, pbf);
  if (tag === 4) into.asDouble = pbf.readDouble();
  else if (tag === 6) into.asInt = pbf.readSFixed64();
  else if (tag === 7) into.attributes.push(readAttribute(pbf));
}

function readHistogramPoint(tag: number, into: Point & OtlpHistogramPoint, pbf: PbfReader): void {
  readTimes(tag, into, pbf);
  if (tag === 4) into.count = pbf.readFixed64();
  else if (tag === 6) pbf.readPackedFixed64(into.bucketCounts);
  else if (tag === 7) pbf.readPackedDouble(into.explicitBounds);
  else if (tag === 9) (into as Point).attributes.push(readAttribute(pbf));
}

function readExponentialPoint(tag: number, into: Point & { count: number }, pbf: PbfReader): void {
  readTimes(tag, into, pbf);
  if (tag === 1) into.attributes.push(readAttribute(pbf));
  else if (tag === 4) into.count = pbf.readFixed64();
}

function readSummaryPoint(
  tag: number,
  into: Point & { count: number; quantileValues: { quantile: number; value: number }[] },
  pbf: PbfReader,
): void {
  readTimes(tag, into, pbf);
  if (tag === 4) into.count = pbf.readFixed64();
  else if (tag === 6)
    into.quantileValues.push(
      nested(
        pbf,
        (inner, of) => {
          if (inner === 1) of.quantile = pbf.readDouble();
          else if (inner === 2) of.value = pbf.readDouble();
        },
        { quantile: 0, value: 0 },
      ),
    );
  else if (tag === 7) into.attributes.push(readAttribute(pbf));
}

function readAttributes(of: number) {
  return (tag: number, into: Attribute[], pbf: PbfReader): void => {
    if (tag === of) into.push(readAttribute(pbf));
  };
}

function readAttribute(pbf: PbfReader): Attribute {
  return nested(
    pbf,
    (tag, into) => {
      if (tag === 1) into.key = pbf.readString();
      else if (tag === 2) into.value = nested(pbf, readValue, {});
    },
    { key: "", value: {} } as Attribute,
  );
}

function readValue(tag: number, into: Record<string, unknown>, pbf: PbfReader): void {
  if (tag === 1) into["stringValue"] = pbf.readString();
  else if (tag === 2) into["boolValue"] = pbf.readBoolean();
  else if (tag === 3) into["intValue"] = pbf.readVarint(true);
  else if (tag === 4) into["doubleValue"] = pbf.readDouble();
}

/** As a label has it; "" for what is no simple value. */
export function textOfValue(of: OtlpAttributes[number]["value"]): string {
  const { stringValue, boolValue, intValue, doubleValue } = of;
  const found = stringValue ?? boolValue ?? intValue ?? doubleValue;
  return found === undefined ? "" : typeof found === "string" ? found : show(found);
}
